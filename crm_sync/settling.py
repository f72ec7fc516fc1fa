"""Commit what became of a batch: attempts, links, conflicts, what is wanted again; the work rows last."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from crm_sync.merging import doubt_survivors
from crm_sync.models import Conflict, PushAttempt, RemoteLink
from crm_sync.planning import Account, End, Item, new_link
from leadhub.kernel import work
from leadhub.kernel.work import Batch

# Not `doubts`: that is only ever counted up, by whoever has a doubt.
_KEPT = (
    "remote_id", "remote_version", "base", "withheld", "lead_version", "mapping_version", "state", "settled",
    "updated_at",
)  # fmt: skip


def commit(
    *,
    batch: Batch,
    items: Sequence[Item],
    account: Account,
    conflicts: Sequence[Conflict],
    merged: Mapping[UUID, str],
    now: datetime,
) -> None:
    """Store the outcome in one transaction, in an order in which a lost lease takes everything back."""
    with transaction.atomic():
        PushAttempt.objects.bulk_create([one for item in items for one in item.attempts])
        _keep_links(items, account, now)
        doubt_survivors(merged, account)
        _keep_conflicts(items, account, conflicts, now)
        again = {item.lead_id for item in items if item.again and item.going} | merged.keys()
        if again:
            work.put(stage=batch.stage, subjects=again, now=now)
        _end(batch, items, now)


def remember_doubt(items: Sequence[Item], account: Account, now: datetime) -> None:
    """Note that calls were made whose outcome could not be stored, and have the records read back."""
    with transaction.atomic():
        work.put(stage=account.connection.stage, subjects=[item.lead_id for item in items], now=now)
        RemoteLink.objects.bulk_create(
            [new_link(account.connection, item.lead_id, now) for item in items],
            ignore_conflicts=True,
        )
        _doubt([item.lead_id for item in items], account)


def _doubt(lead_ids: Sequence[UUID], account: Account) -> None:
    links = RemoteLink.objects.filter(connection=account.connection, lead_id__in=lead_ids)
    links.update(doubts=F("doubts") + 1)


def _keep_links(items: Sequence[Item], account: Account, now: datetime) -> None:
    changed = [item for item in items if item.changed]
    for item in changed:
        item.link.updated_at = now
        if item.going:
            item.link.lead_version, item.link.mapping_version = item.lead.version, account.version
    if changed:
        RemoteLink.objects.bulk_create(
            [_copy(item.link) for item in changed],
            update_conflicts=True,
            unique_fields=["connection", "lead"],
            update_fields=list(_KEPT),
        )
    doubted = [item.lead_id for item in items if item.doubt]
    if doubted:
        _doubt(doubted, account)


def _copy(link: RemoteLink) -> RemoteLink:
    # An upsert by (connection, lead) must not bring a primary key along: it would be a second conflict target.
    fields = {field.attname: getattr(link, field.attname) for field in RemoteLink._meta.concrete_fields}
    return RemoteLink(**{**fields, "id": None})


def _keep_conflicts(items: Sequence[Item], account: Account, conflicts: Sequence[Conflict], now: datetime) -> None:
    over = [item.lead_id for item in items if item.unbarred] + [one.lead_id for one in conflicts]
    if over:
        mine = Conflict.objects.filter(connection=account.connection, lead_id__in=over, state=Conflict.State.OPEN)
        mine.update(state=Conflict.State.MOOT, closed_at=now)
    if conflicts:
        Conflict.objects.bulk_create(conflicts)
    freed = [item.lead_id for item in items if item.freed]
    if freed:
        _let_others_try(freed, account, now)


def _let_others_try(freed: Sequence[UUID], account: Account, now: datetime) -> None:
    waiting = Conflict.objects.filter(connection=account.connection, holder__in=freed, state=Conflict.State.OPEN)
    lead_ids = list(waiting.values_list("lead_id", flat=True))
    if lead_ids:
        waiting.update(state=Conflict.State.MOOT, closed_at=now)
        RemoteLink.objects.filter(connection=account.connection, lead_id__in=lead_ids).update(withheld={})
        work.put(stage=account.connection.stage, subjects=lead_ids, now=now)


def _end(batch: Batch, items: Sequence[Item], now: datetime) -> None:
    groups: dict[tuple[timedelta, str, bool], list[Item]] = defaultdict(list)
    ended = {item.job.id for item in items if not item.going}
    for item in items:
        if item.end is End.LATER:
            groups[item.wait, item.because, item.bounced].append(item)
        elif item.end is End.ASIDE:
            batch.quarantine(item.job, reason=item.because)
    for (wait, because, bounced), late in groups.items():
        batch.only([item.job for item in late]).give_back(at=now + wait, because=because, bounced=bounced)
    batch.finish([job for job in batch.jobs if job.id not in ended])
