"""What capture hands on, and what adapters speak (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


def nothing() -> Mapping[str, str]:
    """Give the empty mapping nobody can change."""
    return MappingProxyType({})


class Kind(StrEnum):
    """What a signal is. LEAD, MESSAGE, CALL and EDIT belong to a person's lead; CONSENT and STATUS make no lead."""

    LEAD = "lead"
    MESSAGE = "message"
    CALL = "call"
    CONSENT = "consent"
    STATUS = "status"
    EDIT = "edit"


class Consent(StrEnum):
    """What a person said about being contacted."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One request as the provider made it: nothing parsed, nothing believed.

    `url` is the public address the provider called, built from settings, never from the Host header.
    Header names are lower case.
    """

    method: str
    url: str
    query: str
    headers: Mapping[str, str]
    content_type: str
    body: bytes
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Door:
    """What an adapter may know of its source."""

    slug: str
    secrets: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=nothing)


@dataclass(frozen=True, kw_only=True)
class OptWord:
    """An exact STOP or START found at the door, so that it counts from the event's own commit."""

    state: Consent
    channel: str  # "sms"
    point: str  # E.164 as sent


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What a verified delivery is filed under.

    `canonical` is the content without attempt counters: the same key with another canonical form is a variant.
    `exact` keys belong to the client (`Idempotency-Key`): the same key with other content is refused with 422.
    """

    delivery_key: str
    canonical: bytes
    exact: bool = False
    opt: OptWord | None = None
    spam: str = ""  # why it looks like a bot; answered as if fine, held for a person


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the provider wants to hear."""

    status: int = 202
    content_type: str = "application/json"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=nothing)


@dataclass(frozen=True, kw_only=True)
class ConsentClaim:
    """One statement about one contact point, purpose and channel, as the adapter read it."""

    point_kind: str  # "phone" or "email"
    point: str
    channel: str  # "sms", "voice", "email"
    purpose: str  # "marketing" or "service"
    state: Consent
    basis: str  # "sms_keyword", "web_box", "provider_block", …
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class SignalDraft:
    """One person at one moment, in the provider's own words. `facts` are raw strings by canonical field name.

    Fields: phone email name first_name last_name company title city region country postal_code language website
    birth_date external_id ("namespace:value"). Empty means absent and is left out.
    """

    kind: Kind
    occurred_at: datetime | None
    facts: Mapping[str, str] = field(default_factory=nothing)
    text: str = ""
    conversation: str = ""  # "twilio:CA…": what ties the parts of one call together
    attributes: Mapping[str, str] = field(default_factory=nothing)
    consents: tuple[ConsentClaim, ...] = ()
    confidence: Mapping[str, float] = field(default_factory=dict)  # field -> the most this source's word is worth


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One normalised value, with its raw form. Confidence is 0..1; below 0.5 it never beats a confident value."""

    value: str
    raw: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class CleanSignal:
    """A draft after normalising, ready to be stored."""

    draft: SignalDraft
    facts: Mapping[str, Fact]
    quality: Mapping[str, str] = field(default_factory=dict)  # field or "signal" -> what is odd about it
