"""What identity hands on to routing and crm_sync (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class FieldView:
    """One field of a lead: the winning value and where it came from."""

    value: str
    signal_id: UUID | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class LeadSnapshot:
    """A lead at one version, as later stages may see it.

    `opted_out` names the channels ("sms", "voice", "email") on which any of its contact points said stop.
    `merged_into` is the final survivor, already followed through all merges.
    """

    lead_id: UUID
    version: int
    state: str  # active, merged, erased
    merged_into: UUID | None
    fields: Mapping[str, FieldView]
    opted_out: frozenset[str]
    first_touch: Mapping[str, str]
    last_touch: Mapping[str, str]
    created_at: datetime
    test: bool = False

    def value(self, field: str) -> str:
        """Give a field's value, or an empty string."""
        view = self.fields.get(field)
        return view.value if view else ""

    @property
    def contactable(self) -> bool:
        """Tell whether there is any contact point at all."""
        return bool(self.value("phone") or self.value("email"))


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """One thing that happened to a lead. `ref` is the id of the row it was read from."""

    at: datetime
    kind: str  # message, call, lead, edit, consent, status, change, merge, unmerge
    title: str
    detail: Mapping[str, object]
    ref: str


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Where one value of a lead comes from: decision, signal, and the digest of the raw bytes."""

    field: str
    value: str
    raw: str
    rank: str
    survivors_over: tuple[Mapping[str, object], ...]
    signal: Mapping[str, object]
    resolution: Mapping[str, object]
    event: Mapping[str, object]
