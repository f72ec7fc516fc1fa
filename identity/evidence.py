"""Read from a signal what it shows of a person: strong keys, names, and the digest of the profile it belongs to."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from capture.contracts import Kind
from capture.models import Signal
from identity import keys
from identity.matching.people import Person
from leadhub.kernel import crypto

PERSONAL = frozenset({Kind.LEAD.value, Kind.MESSAGE.value, Kind.CALL.value, Kind.EDIT.value})


@dataclass(frozen=True)
class Shown:
    """What one signal shows of a person."""

    signal: Signal

    @cached_property
    def keys(self) -> tuple[tuple[str, bytes], ...]:
        """List (kind, keyed digest) of its strong keys, sorted."""
        found = {(kind, crypto.digest(kind, value)) for kind, value in keys.strong(self.signal.facts)}
        lead = self.signal.attributes.get("lead_id", "")
        if self.signal.kind == Kind.EDIT.value and lead:
            found.add((keys.LEAD, lead_key(UUID(lead))))
        return tuple(sorted(found))

    @cached_property
    def person(self) -> Person:
        """Give what can contradict. An edit corrects a name, so its name contradicts nobody."""
        if self.signal.kind == Kind.EDIT.value:
            return Person()
        return Person.of(
            {
                "first": self._sure("first_name"),
                "last": self._sure("last_name"),
                "suffix": self._sure("name_suffix"),
                "born": self._sure("birth_date"),
            }
        )

    @cached_property
    def profile(self) -> bytes:
        """Give the digest all signals share that show the same keys and the same person."""
        parts = [f"{kind}:{digest.hex()}" for kind, digest in self.keys] or [f"alone:{self.signal.tie}"]
        parts += [f"{name}={value}" for name, value in sorted(self.person.facts().items())]
        return crypto.digest("profile", "\n".join(parts))

    @property
    def personal(self) -> bool:
        """Tell whether signals of this kind belong to somebody's lead."""
        return self.signal.kind in PERSONAL

    @property
    def orphan(self) -> bool:
        """Tell whether only the call it is part of can say whose it is."""
        return self.personal and not self.keys and bool(self.signal.conversation)

    @property
    def order(self) -> str:
        """Give the text by which signals are ordered: event time, then a tie-break no redelivery changes."""
        return f"{stamp(self.signal.occurred_at)}|{self.signal.tie}"

    def touch(self) -> dict[str, str]:
        """Describe this signal as a first or last touch."""
        return {
            "at": stamp(self.signal.occurred_at),
            "tie": self.signal.tie,
            "signal": str(self.signal.pk),
            "channel": self.signal.channel,
            "source": self.signal.source.slug,
        }

    def _sure(self, field: str) -> str:
        fact: dict[str, Any] = self.signal.facts.get(field, {})
        return str(fact.get("value", "")) if float(fact.get("confidence", 0)) >= keys.CONFIDENT else ""


def stamp(moment: datetime) -> str:
    """Write a moment so that text order is time order."""
    # Not strftime: it writes the year 999 with three digits.
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def lead_key(lead_id: UUID) -> bytes:
    """Give the strong key by which an edit names its lead."""
    return crypto.digest(keys.LEAD, str(lead_id))
