"""Set connections up, switch them on and off, and do what an admin asks of them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from crm_sync.connectors import registry
from crm_sync.contracts import Problem, Row
from crm_sync.credentials import seal
from crm_sync.mapping import unknown_paths
from crm_sync.models import Conflict, Connection, FieldMapping, RemoteLink
from crm_sync.services import account_of
from identity.models import Lead
from leadhub.kernel import breaker, work
from leadhub.kernel.errors import LeadHubError, OutcomeUnknown, Permanent, Retryable
from leadhub.kernel.models import Outlet, Work

LEADS_AT_ONCE = 5000


def add(*, kind: str, slug: str, base_url: str, token: str, now: datetime, check: bool = True) -> Connection:
    """Make a connection with its default mapping, check the account, and switch it on.

    Raises Permanent, with what to mend, when the check finds problems: the connection is then kept, switched off.
    """
    connector = registry.kind(kind)
    if not token:
        raise Permanent("an empty access token opens nothing: give the token of the CRM's private app")
    if Connection.objects.filter(slug=slug).exists():
        raise Permanent(f"there is a connection {slug} already")
    with transaction.atomic():
        connection = Connection.objects.create(
            slug=slug, kind=kind, base_url=base_url.rstrip("/"), credentials=seal(token, slug=slug)
        )
        activate(mapping=draft(connection=connection, rows=connector.mapping))
    problems = preflight(connection=connection) if check else []
    if problems:
        raise Permanent(f"{slug} is kept but switched off. " + " ".join(in_words(problem) for problem in problems))
    enable(connection=connection, now=now)
    return connection


def preflight(*, connection: Connection) -> list[Problem]:
    """Check that the account can be worked with; properties of our own that are missing are made."""
    try:
        account = account_of(connection=connection)
        return account.connector.preflight(fields=account.fields)
    except (Retryable, OutcomeUnknown, Permanent) as trouble:
        return [Problem(what=str(trouble), hint="Mend that, then run `manage.py connection check` again.")]


def in_words(problem: Problem) -> str:
    """Say a problem and its remedy."""
    return f"{problem.what.rstrip('.')}. {problem.hint}"


def enable(*, connection: Connection, now: datetime) -> None:
    """Switch on: from now on every changed lead is pushed, and every lead there is gets checked in the background.

    Harmless to repeat; a lead whose record is up to date costs no call.
    """
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(enabled=True)
        Outlet.objects.get_or_create(stage="push", name=connection.slug)
    connection.enabled = True
    known = iter(Lead.objects.order_by("id").values_list("id", flat=True).iterator(chunk_size=LEADS_AT_ONCE))
    for chunk in _chunks(known):
        with transaction.atomic():
            work.put(stage=connection.stage, subjects=chunk, now=now, lane=work.BACKFILL)


def _chunks(ids: Iterator[UUID]) -> Iterator[list[UUID]]:
    while chunk := list(islice(ids, LEADS_AT_ONCE)):
        yield chunk


def disable(*, connection: Connection) -> None:
    """Switch off: nothing is sent and nothing waits. Switching on again brings everything up to date."""
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(enabled=False)
        Outlet.objects.filter(stage="push", name=connection.slug).delete()
        Work.objects.filter(stage=connection.stage, lease_until=None, due_at__isnull=False).delete()
    connection.enabled = False


def set_token(*, connection: Connection, token: str, now: datetime) -> None:
    """Replace the access token, and let the next call show whether it is good."""
    if not token:
        raise Permanent("an empty access token opens nothing")
    connection.credentials = seal(token, slug=connection.slug)
    connection.save(update_fields=["credentials"])
    breaker.close(name=connection.service, now=now)


def close_breaker(*, connection: Connection, now: datetime) -> None:
    """Let calls through again: a person has mended what was wrong."""
    breaker.close(name=connection.service, now=now)


def draft(*, connection: Connection, rows: Sequence[Row]) -> FieldMapping:
    """Write a new version of the mapping down; nothing is sent by it yet."""
    wrong = unknown_paths(rows)
    if wrong:
        raise Permanent(f"the mapping names what a lead does not have: {', '.join(wrong)}")
    newest = FieldMapping.objects.filter(connection=connection).aggregate(newest=Max("version"))["newest"] or 0
    return FieldMapping.objects.create(connection=connection, version=newest + 1, rows=[asdict(row) for row in rows])


def activate(*, mapping: FieldMapping) -> None:
    """Put a version of the mapping in force; the one before is retired."""
    with transaction.atomic():
        same = FieldMapping.objects.filter(connection_id=mapping.connection_id)
        same.filter(state=FieldMapping.State.ACTIVE).update(state=FieldMapping.State.RETIRED)
        same.filter(pk=mapping.pk).update(state=FieldMapping.State.ACTIVE)
    mapping.state = FieldMapping.State.ACTIVE


def push_again(*, connection: Connection, lead_ids: Sequence[UUID], now: datetime) -> None:
    """Push leads again, quarantined ones too. What is up to date costs no call."""
    if not connection.enabled:
        raise LeadHubError(f"the connection {connection} is switched off: switch it on first")
    with transaction.atomic():
        work.put(stage=connection.stage, subjects=lead_ids, now=now)


def retry_quarantined(*, connection: Connection, now: datetime) -> None:
    """Try again what was set aside for this connection."""
    aside = Work.objects.filter(stage=connection.stage, quarantined_at__isnull=False)
    push_again(connection=connection, lead_ids=list(aside.values_list("subject", flat=True)), now=now)


def close_conflict(*, conflict: Conflict, by: str, now: datetime) -> None:
    """Settle a conflict: the person has freed the value in the CRM, so it is offered once more."""
    with transaction.atomic():
        open_one = Conflict.objects.filter(pk=conflict.pk, state=Conflict.State.OPEN)
        if not open_one.update(state=Conflict.State.CLOSED, closed_at=now, closed_by=by[:100]):
            return
        RemoteLink.objects.filter(connection=conflict.connection, lead_id=conflict.lead_id).update(withheld={})
        work.put(stage=conflict.connection.stage, subjects=[conflict.lead_id], now=now)
