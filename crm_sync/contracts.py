"""What crm_sync and its connectors say to each other (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from leadhub.kernel.errors import LeadHubError


def nothing() -> Mapping[str, str]:
    """Give an empty mapping."""
    return {}


class Outcome(StrEnum):
    """What became of one record of a call."""

    CREATED = "created"
    UPDATED = "updated"
    OWNED = "owned"  # another record has a value that must be unique
    GONE = "gone"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    MERGED = "merged"
    READ = "read"
    ERASED = "erased"


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a CRM can do, as data: the core asks here and never for the CRM's name."""

    upsert_key: Literal["external_id", "unique_property", "alternate_key", "emulated"]
    reports_created: bool
    max_batch: int
    batch_atomicity: Literal["per_item", "all_or_nothing"]
    conditional_write: Literal["none", "etag", "version"]
    clear_with: str | None  # the value that empties a field
    unique_fields: tuple[str, ...]  # fields the CRM itself keeps unique, besides our key
    merges: bool
    merge_keeps_loser: bool
    erases: bool


@dataclass(frozen=True, kw_only=True)
class UpsertOp:
    """Make one record so: what is in neither `set` nor `clear` is left alone.

    `key` is the lead's id. With `remote_id` the record is named by the CRM's own id and gets our key (adoption).
    """

    key: str
    set: Mapping[str, str]
    clear: frozenset[str]
    trace_id: str
    remote_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.set or self.clear)


@dataclass(frozen=True, kw_only=True)
class OpResult:
    """What the CRM said about one op. `values` are the fields as the CRM holds them now."""

    outcome: Outcome
    remote_id: str = ""
    version: str = ""
    values: Mapping[str, str] = field(default_factory=nothing)
    field: str = ""  # the one that is OWNED or REJECTED
    owner: str = ""  # the record that has the value
    status: int = 0
    correlation: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """One record as the CRM holds it. `key` is empty when it is not one of ours."""

    id: str
    key: str
    version: str
    values: Mapping[str, str]
    spare_emails: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something a person must mend before a connection can work."""

    what: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a field mapping: where a value comes from, where it goes, and how two forms of it are compared."""

    path: str
    remote: str
    form: str = "text"  # text, email, phone, moment


class SendInParts(LeadHubError):
    """The CRM refused the whole batch for the sake of some record in it."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One time a value went to a CRM, or was seen there: the near end of a value's lineage."""

    connection: str
    property: str
    attempt_id: int
    operation: str
    mapping_version: int
    lead_version: int
    value: str
    outcome: str
    at: datetime
