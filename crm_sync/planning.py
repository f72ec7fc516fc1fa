"""Lay out what a batch is about: the leads as they are, what their records should hold and are believed to hold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from json import dumps
from uuid import UUID

from crm_sync.connectors.base import Connector
from crm_sync.contracts import OpResult, Outcome, Row, UpsertOp
from crm_sync.diff import Delta, delta
from crm_sync.mapping import desired
from crm_sync.models import Connection, FieldMapping, PushAttempt, RemoteLink
from identity import selectors as leads
from identity.contracts import LeadSnapshot
from leadhub.kernel.errors import Permanent
from leadhub.kernel.work import Batch, Job
from routing import selectors as desk


class End(StrEnum):
    """How a row of work ends this time."""

    DONE = "done"
    LATER = "later"
    ASIDE = "aside"  # quarantined


@dataclass(frozen=True, kw_only=True)
class Account:
    """One connection, ready to be used: its connector and the mapping in force."""

    connection: Connection
    connector: Connector
    version: int
    rows: tuple[Row, ...]

    @property
    def forms(self) -> Mapping[str, str]:
        """Tell how values of each property are compared."""
        return {row.remote: row.form for row in self.rows}

    @property
    def fields(self) -> frozenset[str]:
        """List the properties the mapping writes."""
        return frozenset(row.remote for row in self.rows)


@dataclass(kw_only=True)
class Item:
    """One lead of the batch, and what becomes of it."""

    job: Job
    lead: LeadSnapshot
    link: RemoteLink
    wanted: dict[str, str]
    reborn: bool = False  # its record was merged away and the merge undone: it needs a new one
    changed: bool = False  # the link must be written
    attempts: list[PushAttempt] = field(default_factory=list)
    end: End = End.DONE
    because: str = ""
    wait: timedelta = timedelta()
    bounced: bool = False
    again: bool = False  # its own work is wanted once more
    doubt: bool = False  # `base` is no longer to be believed
    freed: bool = False  # it let go of a unique value others may wait for
    unbarred: bool = False  # what another record owned is not wanted any more, or is ours now

    @property
    def lead_id(self) -> UUID:
        """Name the lead."""
        return self.lead.lead_id

    @property
    def key(self) -> str:
        """Name the lead as the CRM knows it."""
        return str(self.lead.lead_id)

    @property
    def going(self) -> bool:
        """Tell whether nothing has ended it yet."""
        return self.end is End.DONE

    @property
    def unsure(self) -> bool:
        """Tell whether the record must be read before it is written: somebody may have written it and not said so."""
        return self.link.doubtful or self.job.orphaned

    @property
    def to_push(self) -> bool:
        """Tell whether this lead belongs into the CRM as a record of its own."""
        known = self.link.state == RemoteLink.State.LINKED
        return self.lead.state == "active" and not self.lead.test and (self.lead.contactable or known)

    def delta(self, account: Account) -> Delta:
        """Say what the record lacks. Values another record owns are neither offered again nor cleared."""
        held = self.link.withheld
        offered = {name: value for name, value in self.wanted.items() if name not in held}
        base = {name: value for name, value in self.link.base.items() if name not in held}
        return delta(desired=offered, base=base, forms=account.forms)

    def unbar(self, names: Collection[str]) -> None:
        """Stop withholding these values."""
        if names:
            self.link.withheld = {name: value for name, value in self.link.withheld.items() if name not in names}
            self.unbarred = self.changed = True

    def later(self, because: str, *, wait: timedelta, bounced: bool = False) -> None:
        """Give the row back, to be tried again after `wait`."""
        self.end, self.because, self.wait, self.bounced = End.LATER, because, wait, bounced

    def aside(self, because: str) -> None:
        """Quarantine the row: a person must mend something."""
        self.end, self.because = End.ASIDE, because


def load(*, batch: Batch, account: Account, now: datetime) -> list[Item]:
    """Read all the batch needs: leads, owners and links, each in one go."""
    ids = batch.subjects
    found = leads.snapshots(lead_ids=ids)
    owners = desk.owners(lead_ids=ids)
    links = {link.lead_id: link for link in RemoteLink.objects.filter(connection=account.connection, lead_id__in=ids)}
    items = []
    for job in batch.jobs:
        lead = found.get(job.subject)
        if lead is not None:
            link = links.get(job.subject) or new_link(account.connection, job.subject, now)
            items.append(_item(job, lead, link, owners.get(job.subject, ""), account))
    return items


def new_link(connection: Connection, lead_id: UUID, now: datetime) -> RemoteLink:
    """Make the link of a lead nobody pushed yet; not saved."""
    return RemoteLink(connection=connection, lead_id=lead_id, updated_at=now)


def _item(job: Job, lead: LeadSnapshot, link: RemoteLink, owner: str, account: Account) -> Item:
    item = Item(job=job, lead=lead, link=link, wanted=desired(lead=lead, owner=owner, rows=account.rows))
    if lead.state == "active" and link.state == RemoteLink.State.MERGED:
        # The old record lives on inside another one: only a new one can be this lead's again.
        item.reborn, link.remote_id, link.base, link.withheld = True, "", {}, {}
    item.unbar([name for name, value in link.withheld.items() if item.wanted.get(name) != value])
    return item


def op_for(item: Item, account: Account, *, remote_id: str = "", without: Sequence[str] = ()) -> UpsertOp:
    """Make the op that brings the record up to date."""
    change = item.delta(account)
    values = {name: value for name, value in change.set.items() if name not in without}
    content = dumps([sorted(values.items()), sorted(change.clear)])
    digest = sha256(content.encode()).hexdigest()[:12]
    return UpsertOp(
        key=item.key,
        set=values,
        clear=change.clear - frozenset(without),
        trace_id=f"{item.key}:m{account.version}:{digest}",
        remote_id=remote_id,
    )


def attempt(
    item: Item,
    account: Account,
    *,
    operation: str,
    outcome: Outcome,
    now: datetime,
    op: UpsertOp | None = None,
    result: OpResult | None = None,
    detail: str = "",
) -> None:
    """Note what was tried for a lead; it is stored with the outcome."""
    said = result or OpResult(outcome=outcome)
    item.attempts.append(
        PushAttempt(
            connection=account.connection,
            lead_id=item.lead_id,
            operation=operation,
            trace_id=op.trace_id if op else f"{item.key}:{operation}",
            remote_id=said.remote_id or (op.remote_id if op else "") or item.link.remote_id,
            lead_version=item.lead.version,
            mapping_version=account.version,
            sent={**op.set, **dict.fromkeys(op.clear, "")} if op else {},
            seen=dict(said.values) if operation == "read" else {},
            outcome=outcome,
            status_code=said.status,
            correlation=said.correlation[:64],
            detail=(detail or said.detail)[:500],
            at=now,
        )
    )


def active_mapping(connection: Connection) -> tuple[int, tuple[Row, ...]]:
    """Read the mapping in force: its version and its rows."""
    found = FieldMapping.objects.filter(connection=connection, state=FieldMapping.State.ACTIVE).first()
    if found is None:
        raise Permanent(f"the connection {connection} has no active field mapping: activate one")
    return found.version, tuple(Row(**row) for row in found.rows)
