"""Look before writing: read back the records whose last write may have happened without our knowing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from crm_sync.contracts import OpResult, Outcome, Remote
from crm_sync.line import Line
from crm_sync.models import RemoteLink
from crm_sync.planning import Account, Item, attempt
from crm_sync.sending import forget, put_off
from leadhub.kernel.errors import OutcomeUnknown, Retryable


def read_back(*, items: Sequence[Item], line: Line, account: Account, now: datetime) -> None:
    """Set `base` from what the CRM holds, for every item in doubt."""
    unsure = [item for item in items if item.unsure]
    size = account.connector.capabilities.max_batch
    for start in range(0, len(unsure), size):
        _read(unsure[start : start + size], line, account, now)


def _read(items: Sequence[Item], line: Line, account: Account, now: datetime) -> None:
    keys = [item.key for item in items]
    try:
        found = line.call(lambda: account.connector.read(keys, fields=account.fields))
    except (Retryable, OutcomeUnknown) as error:
        put_off(items, error)
        return
    for item in items:
        _believe(item, found, account, now)


def _believe(item: Item, found: Mapping[str, Remote], account: Account, now: datetime) -> None:
    item.link.settled = item.link.doubts
    remote = found.get(item.key)
    if remote is None:
        nothing_known = item.link.state == RemoteLink.State.PENDING and not item.link.pk
        if not nothing_known and not item.reborn and item.lead.state == "active":
            forget(item)
        return
    believe(item, remote)
    seen = OpResult(outcome=Outcome.READ, remote_id=remote.id, values=item.link.base)
    attempt(item, account, operation="read", outcome=Outcome.READ, result=seen, now=now)


def believe(item: Item, remote: Remote) -> None:
    """Take the record as it is. Only what we hold or held is ours to know: the rest belongs to the CRM's people."""
    link = item.link
    ours = item.wanted.keys() | link.base.keys()
    link.base = {name: value for name, value in remote.values.items() if name in ours}
    link.remote_id, link.remote_version, link.state = remote.id, remote.version[:64], RemoteLink.State.LINKED
    item.changed = True
    item.unbar([name for name, value in link.withheld.items() if remote.values.get(name) == value])
