"""Which value of a field survives: a fold that is associative, commutative and idempotent (pure).

A value is kept by its rank, compared as text: a person's correction before what was heard, confident before
doubtful, then the event's time, the source's trust, the confidence, the value's digest, the signal's tie. Nothing of
it depends on arrival.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

CORRECTION, CONFIDENT, DOUBTFUL = "2", "1", "0"
ENOUGH = 0.5
CONTACT = frozenset({"phone", "email"})
"""Fields that are contact points: a doubtful one is kept with its signal but never becomes the lead's."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A value with its rank and where it came from."""

    value: str
    raw: str
    rank: str
    signal: str
    at: str

    def as_json(self) -> dict[str, str]:
        """Give the form kept with a lead."""
        return {"value": self.value, "raw": self.raw, "rank": self.rank, "signal": self.signal, "at": self.at}


Provenance = Mapping[str, Mapping[str, str]]


def rank(*, correction: bool, confidence: float, at: str, trust: int, value: str, tie: str) -> str:
    """Write a rank whose text order is the order of survival. `at` is an ISO time of fixed width, in UTC."""
    tier = CORRECTION if correction else CONFIDENT if confidence >= ENOUGH else DOUBTFUL
    return f"{tier}|{at}|{min(trust, 999):03d}|{round(confidence * 1000):04d}|{short_digest(value).hex()}|{tie[:16]}"


def short_digest(value: str) -> bytes:
    """Give 8 bytes that stand for a value among the values of one field."""
    return hashlib.blake2b(value.encode(), digest_size=8).digest()


def projects(field: str, confidence: float) -> bool:
    """Tell whether a value may become the lead's at all."""
    return field not in CONTACT or confidence >= ENOUGH


def fold(into: Provenance, values: Iterable[tuple[str, Held]]) -> dict[str, dict[str, str]]:
    """Fold values into a provenance: per field the highest rank stays."""
    result = {field: dict(held) for field, held in into.items()}
    for field, held in values:
        known = result.get(field)
        if known is None or held.rank > known["rank"]:
            result[field] = held.as_json()
    return result


def unite(provenances: Iterable[Provenance]) -> dict[str, dict[str, str]]:
    """Fold several provenances into one, for leads that turn out to be one person."""
    result: dict[str, dict[str, str]] = {}
    for provenance in provenances:
        for field, held in provenance.items():
            known = result.get(field)
            if known is None or held["rank"] > known["rank"]:
                result[field] = dict(held)
    return result


def earliest(touches: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the first touch by event time; ties fall to the tie-break."""
    known = [dict(t) for t in touches if t]
    return min(known, key=_moment, default={})


def latest(touches: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the last touch by event time."""
    known = [dict(t) for t in touches if t]
    return max(known, key=_moment, default={})


def _moment(touch: Mapping[str, Any]) -> tuple[str, str]:
    return touch["at"], touch["tie"]
