"""Another record of the CRM has a value that must be unique, such as the e-mail address.

Nobody's record is adopted: it becomes this lead's. A record that only kept the address from a merge since undone lets
it go. A record of another lead keeps it: the lead is pushed without, and a person decides. Nothing is ever stolen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_sync.contracts import OpResult, Remote
from crm_sync.line import Line
from crm_sync.mapping import desired
from crm_sync.models import Conflict, RemoteLink
from crm_sync.planning import Account, Item, op_for
from crm_sync.sending import put_off, send
from identity import selectors as leads
from identity.contracts import LeadSnapshot
from leadhub.kernel.errors import OutcomeUnknown, Retryable

Contest = tuple[Item, OpResult]
MOVED = "the record that owns the value was just changed: looked at again in a moment"


@dataclass(frozen=True, kw_only=True)
class Holders:
    """Who has the contested values: the records, and which leads they belong to."""

    records: Mapping[str, Remote]
    leads: Mapping[str, UUID]  # by record
    snapshots: Mapping[UUID, LeadSnapshot]

    def lead_of(self, record: Remote) -> UUID | None:
        """Name the lead a record belongs to, by its own word or by our links."""
        return _uuid(record.key) or self.leads.get(record.id)

    def merged_into(self, record: Remote) -> UUID | None:
        """Name the lead that absorbed the record's lead, if one did."""
        holder = self.lead_of(record)
        snapshot = self.snapshots.get(holder) if holder else None
        return snapshot.merged_into if snapshot else None


def settle(*, contested: Sequence[Contest], line: Line, account: Account, now: datetime) -> list[Conflict]:
    """Find a lawful way for each contested item. Gives the conflicts to open."""
    if not contested:
        return []
    try:
        holders = _look(contested, line, account)
    except (Retryable, OutcomeUnknown) as error:
        put_off([item for item, _result in contested], error)
        return []
    adopt: dict[str, Item] = {}
    again: list[tuple[Item, str]] = []
    conflicts: list[Conflict] = []
    for item, result in contested:
        record = holders.records.get(result.owner)
        if record is None and result.owner:
            item.later(MOVED, wait=timedelta(seconds=1), bounced=True)
        elif record and _may_adopt(item, record, holders):
            _adopt_once(adopt, item, record)
        elif record and _let_go(item, record, result, holders, line, account):
            again.append((item, ""))
        else:
            again.append((item, result.field))
            if (
                not record or holders.merged_into(record) != item.lead_id
            ):  # else the merge, on its way, brings the value
                conflicts.append(_conflict(item, result, holders, account, now))
    _write(adopt, again, line, account, now)
    return conflicts


def _look(contested: Sequence[Contest], line: Line, account: Account) -> Holders:
    ids = sorted({result.owner for _item, result in contested if result.owner})
    records = line.call(lambda: account.connector.find(ids, fields=account.fields)) if ids else {}
    links = RemoteLink.objects.filter(
        connection=account.connection, remote_id__in=ids, state=RemoteLink.State.LINKED
    ).values_list("remote_id", "lead_id")
    by_record = dict(links)
    named = {_uuid(record.key) for record in records.values()} | set(by_record.values())
    known = leads.snapshots(lead_ids=[lead for lead in named if lead])
    return Holders(records=records, leads=by_record, snapshots=known)


def _may_adopt(item: Item, record: Remote, holders: Holders) -> bool:
    # A lead that has a record already cannot have two, and two records of a CRM are joined by a person only.
    return holders.lead_of(record) in (None, item.lead_id) and item.link.state != RemoteLink.State.LINKED


def _adopt_once(adopt: dict[str, Item], item: Item, record: Remote) -> None:
    if record.id in adopt:
        item.later(MOVED, wait=timedelta(seconds=1), bounced=True)
    else:
        adopt[record.id] = item


def _let_go(item: Item, record: Remote, result: OpResult, holders: Holders, line: Line, account: Account) -> bool:
    """Free the value if only an undone merge left it there: the holder's lead does not have it, this one does."""
    value = item.wanted.get(result.field, "")
    holder = holders.lead_of(record)
    snapshot = holders.snapshots.get(holder) if holder else None
    claims_it = snapshot is None or desired(lead=snapshot, owner="", rows=account.rows).get(result.field) == value
    if not item.reborn or claims_it or value not in record.spare_emails:
        return False
    try:
        line.call(lambda: account.connector.release(remote_id=record.id, value=value))
    except (Retryable, OutcomeUnknown):
        return False
    return True


def _write(
    adopt: Mapping[str, Item], again: Sequence[tuple[Item, str]], line: Line, account: Account, now: datetime
) -> None:
    ours = [(item, op_for(item, account, remote_id=record)) for record, item in adopt.items()]
    rest = [(item, op_for(item, account, without=[name] if name else [])) for item, name in again]
    rest = [(item, op) for item, op in rest if op]
    for item, name in again:
        if name:
            item.link.withheld = {**item.link.withheld, name: item.wanted[name]}
            item.changed = True
    left = send(ours, account.connector.adopt, line=line, account=account, now=now, operation="adopt")
    left += send(rest, account.connector.upsert, line=line, account=account, now=now)
    for item, result in left:
        item.later(result.detail, wait=timedelta(seconds=2), bounced=True)


def _conflict(item: Item, result: OpResult, holders: Holders, account: Account, now: datetime) -> Conflict:
    record = holders.records.get(result.owner)
    holder = holders.lead_of(record) if record else None
    whose = f"of lead {holder}" if holder else "that LeadHub does not know"
    return Conflict(
        connection=account.connection,
        lead_id=item.lead_id,
        field=result.field,
        ours=item.wanted.get(result.field, ""),
        theirs=result.owner,
        holder=holder,
        reason=f"In {account.connection} the record {result.owner} {whose} has this {result.field} already.",
        opened_at=now,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
