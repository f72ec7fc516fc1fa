"""Keep the CRMs true: push what changed, and nothing else."""

from datetime import datetime
from functools import partial

from django.db import DatabaseError

from crm_sync import contesting, merging, recovering, sending, settling
from crm_sync.connectors import registry
from crm_sync.credentials import unseal
from crm_sync.line import Line
from crm_sync.models import Connection
from crm_sync.planning import Account, Item, active_mapping, load
from leadhub.kernel import breaker, clock, work
from leadhub.kernel.errors import LeaseLost, Permanent
from leadhub.kernel.models import Work
from leadhub.kernel.work import Batch


def account_of(*, connection: Connection) -> Account:
    """Make a connection ready for use. Raises Permanent in words when it cannot be."""
    version, rows = active_mapping(connection)
    token = unseal(connection.credentials, slug=connection.slug)
    connector = registry.connect(name=connection.kind, base_url=connection.base_url, token=token)
    return Account(connection=connection, connector=connector, version=version, rows=rows)


def drain(*, connection: Connection, size: int) -> bool:
    """Push what is due for one connection while its breaker lets calls through. Gives True when more may be due."""
    try:
        account = account_of(connection=connection)
    except Permanent as broken:
        breaker.refuse(name=connection.service, because=str(broken), now=clock.now())
        return False
    return work.drain(
        stage=connection.stage,
        handle=partial(_push_now, account),
        size=size,
        room=partial(_room, connection, size),
    )


def _push_now(account: Account, batch: Batch) -> None:
    push(batch=batch, account=account, now=clock.now())


def _room(connection: Connection, size: int) -> int:
    now = clock.now()
    way = breaker.allow(name=connection.service, now=now)
    if way is breaker.Way.PROBE and not Work.objects.filter(stage=connection.stage, due_at__lte=now).exists():
        breaker.release(name=connection.service, now=now)
        return 0
    return {breaker.Way.FREE: size, breaker.Way.PROBE: 1, breaker.Way.WAIT: 0}[way]


def push(*, batch: Batch, account: Account, now: datetime) -> None:
    """Bring the records of a batch of leads up to date, and commit what became of each.

    Look before writing where the last write is in doubt; then one upsert for all that changed; then what stood in the
    way; then merges, whose survivors must have their records first.
    """
    items = load(batch=batch, account=account, now=now)
    line = Line(service=account.connection.service, batch=batch)
    try:
        _bring_up_to_date(batch, items, line, account, now)
    except (DatabaseError, LeaseLost):
        # Or a worker that slept past its lease in the middle of a call would overwrite its successor unnoticed.
        if line.used:
            _remember_doubt(items, account, now)
        raise


def _bring_up_to_date(batch: Batch, items: list[Item], line: Line, account: Account, now: datetime) -> None:
    recovering.read_back(items=_known_or_pushed(items), line=line, account=account, now=now)
    fresh = [item for item in items if item.to_push and item.going]
    contested = sending.upsert(items=fresh, line=line, account=account, now=now)
    conflicts = contesting.settle(contested=contested, line=line, account=account, now=now)
    absorbed = [item for item in items if item.lead.state == "merged" and item.going]
    merged = merging.merge(items=absorbed, others=fresh, line=line, account=account, now=now)
    erased = [item for item in items if item.lead.state == "erased" and item.going]
    merging.erase(items=erased, line=line, account=account, now=now)
    if not line.used and len(batch.jobs) == 1:  # it may have been claimed as a probe
        breaker.release(name=account.connection.service, now=now)
    settling.commit(batch=batch, items=items, account=account, conflicts=conflicts, merged=merged, now=now)


def _remember_doubt(items: list[Item], account: Account, now: datetime) -> None:
    try:
        settling.remember_doubt(items, account, now)
    except DatabaseError as away:
        # Leave the rows leased: whoever claims them when the lease has run out reads the records back.
        raise LeaseLost("what the CRM answered could not be stored") from away


def _known_or_pushed(items: list[Item]) -> list[Item]:
    return [item for item in items if item.to_push or item.link.pk or item.job.orphaned]
