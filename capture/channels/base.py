"""What an adapter is: one provider's language, read without side effects (pure).

The door calls `verify`, `receive` and `answer` on the request; a worker calls `parse` on the stored delivery.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable
from uuid import UUID

from capture.contracts import Answer, Delivery, Door, Receipt, SignalDraft
from leadhub.kernel.errors import LeadHubError, Permanent

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"


class Secret(StrEnum):
    """Where a door's secret comes from."""

    PASTED = "pasted"  # the provider made it; we keep it sealed
    SIGNING = "signing"  # we made it and sign with it; kept sealed, never shown
    KEY = "key"  # we made it for the client; shown once, kept as a keyed digest


class Refused(LeadHubError):
    """The delivery does not prove where it comes from, or breaks the door's rules. `reason` is counted."""

    def __init__(self, reason: str, because: str, *, status: int = 401) -> None:
        super().__init__(because)
        self.reason, self.status = reason, status


class Unreadable(Permanent):
    """The content makes no sense. Signed doors keep it for a person; unsigned doors answer 400."""

    def __init__(self, reason: str, because: str) -> None:
        super().__init__(because)
        self.reason = reason


class Adapter(Protocol):
    """One provider's language. `signed` says whether a delivery proves its sender; `headers` are those it reads."""

    channel: str
    provider: str
    content_types: frozenset[str]
    signed: bool
    secret: Secret
    headers: tuple[str, ...]

    def verify(self, delivery: Delivery, door: Door) -> str:
        """Tell how the delivery proved itself, in a word. Raises Refused, or Unreadable before anything is proved."""
        ...

    def receive(self, delivery: Delivery, door: Door) -> Receipt:
        """File the delivery. A signed adapter never raises here; an unsigned one raises Unreadable."""
        ...

    def parse(self, delivery: Delivery, door: Door) -> tuple[SignalDraft, ...]:
        """Read what it says. Raises Unreadable with a sentence for the person who looks into the quarantine."""
        ...

    def answer(self, *, event_id: UUID, duplicate: bool, delivery: Delivery, door: Door) -> Answer:
        """Say what the provider wants to hear; the same for a duplicate as for the first."""
        ...


@runtime_checkable
class GivesTokens(Protocol):
    """An adapter whose pages fetch something fresh before they post."""

    def token(self, *, door: Door, now: datetime, nonce: str) -> str:
        """Make a token that is good for one post."""
        ...

    def allow(self, *, origin: str, door: Door) -> Mapping[str, str]:
        """Give the CORS headers for a page of this origin."""
        ...
