"""Absorbed and erased leads: merge their record into the survivor's, or erase it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from crm_sync.contracts import OpResult, Outcome, Remote
from crm_sync.line import Line
from crm_sync.models import RemoteLink
from crm_sync.planning import Account, Item, attempt
from crm_sync.sending import put_off
from leadhub.kernel.errors import OutcomeUnknown, Permanent, Retryable

LONGEST_WAIT = timedelta(minutes=5)


def merge(
    *, items: Sequence[Item], others: Sequence[Item], line: Line, account: Account, now: datetime
) -> dict[UUID, str]:
    """Merge the records of absorbed leads. Gives the survivors' present record ids, by lead."""
    waiting = [item for item in items if item.link.state == RemoteLink.State.LINKED and item.lead.merged_into]
    if not waiting:
        return {}
    winners = _winners(waiting, others, account)
    touched: dict[UUID, str] = {}
    for item in waiting:
        survivor = item.lead.merged_into
        assert survivor is not None  # noqa: S101 - picked so above
        winner = touched.get(survivor) or winners.get(survivor, "")
        if not winner:
            wait = min(LONGEST_WAIT, timedelta(seconds=1) * 2 ** min(item.job.bounced, 10))
            item.later("the surviving lead has no record yet", wait=wait, bounced=True)
            continue
        result = _merge_one(item, winner, line, account, now)
        if result:
            touched[survivor] = result
    return touched


def _winners(waiting: Sequence[Item], others: Sequence[Item], account: Account) -> dict[UUID, str]:
    survivors = [item.lead.merged_into for item in waiting if item.lead.merged_into]
    found = RemoteLink.objects.filter(
        connection=account.connection, lead_id__in=survivors, state=RemoteLink.State.LINKED
    ).values_list("lead_id", "remote_id")
    fresh = {item.lead_id: item.link.remote_id for item in others if item.link.state == RemoteLink.State.LINKED}
    return dict(found) | fresh


def _merge_one(item: Item, winner: str, line: Line, account: Account, now: datetime) -> str:
    loser = item.link.remote_id
    try:
        merged = line.call(lambda: account.connector.merge(winner=winner, loser=loser))
        # None: one of the two is not there. A merge that was done before, unanswered, looks just so.
        found = merged or line.call(lambda: account.connector.locate(loser))
    except OutcomeUnknown as unknown:
        attempt(item, account, operation="merge", outcome=Outcome.UNKNOWN, detail=str(unknown), now=now)
        item.later(str(unknown), wait=timedelta(seconds=1), bounced=True)
        return ""
    except Retryable as later:
        put_off([item], later)
        return ""
    return _merged(item, found, bool(merged), account, now)


def _merged(item: Item, found: Remote | None, done: bool, account: Account, now: datetime) -> str:
    if found and not done and found.key == item.key:
        item.later("the surviving record was not there to merge into", wait=timedelta(seconds=2), bounced=True)
        return ""
    item.link.state = RemoteLink.State.MERGED
    item.link.base, item.link.withheld, item.changed, item.freed = {}, {}, True, True
    result = OpResult(outcome=Outcome.MERGED, remote_id=found.id if found else item.link.remote_id)
    detail = f"{item.link.remote_id} into {found.id}" if found else "the record was gone already"
    attempt(item, account, operation="merge", outcome=Outcome.MERGED, result=result, detail=detail, now=now)
    return found.id if found else ""


def doubt_survivors(touched: Mapping[UUID, str], account: Account) -> None:
    """Have the survivors' records read back: the merge moved values, and perhaps the id."""
    for lead_id, remote_id in touched.items():
        links = RemoteLink.objects.filter(connection=account.connection, lead_id=lead_id)
        links.update(remote_id=remote_id, doubts=F("doubts") + 1)


def erase(*, items: Sequence[Item], line: Line, account: Account, now: datetime) -> None:
    """Erase the records of erased leads; repeating it is harmless."""
    for item in items:
        if item.link.state != RemoteLink.State.LINKED:
            continue
        record = item.link.remote_id
        try:
            line.call(lambda record=record: account.connector.erase(remote_id=record))  # type: ignore[misc]
        except OutcomeUnknown as unknown:
            item.later(str(unknown), wait=timedelta(seconds=1), bounced=True)
        except Retryable as later:
            put_off([item], later)
        except Permanent as refused:
            item.aside(str(refused))
        else:
            item.link.state, item.link.base, item.link.withheld = RemoteLink.State.GONE, {}, {}
            item.changed = item.freed = True
            attempt(item, account, operation="erase", outcome=Outcome.ERASED, now=now)
