"""Say whether two sets of identifying facts can be one person (pure).

A contradiction stops a link however strong the shared key is: families share phones, desks share addresses.
Silence contradicts nothing.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from rapidfuzz.distance import JaroWinkler

ALIKE = 0.93  # Jaro-Winkler; "jon"/"john" 0.933 is alike, "maria"/"mario" 0.920 and "john"/"jane" 0.700 are not
PREFIX = 3  # letters a short form must share: "alex" and "alexander"


class Agreement(Enum):
    """How two people's facts stand to each other."""

    AGREE = "agree"
    SILENT = "silent"
    CONTRADICT = "contradict"


@dataclass(frozen=True, kw_only=True)
class Person:
    """What can contradict: folded names, generation suffix, birth date. Empty means not known."""

    first: str = ""
    last: str = ""
    suffix: str = ""
    born: str = ""

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> "Person":
        """Fold the facts of a signal or a stored profile."""
        return cls(
            first=fold(facts.get("first", "")),
            last=fold(facts.get("last", "")),
            suffix=fold(facts.get("suffix", "")).replace(".", ""),
            born=facts.get("born", ""),
        )

    def facts(self) -> dict[str, str]:
        """Give the facts as stored with a profile."""
        return {"first": self.first, "last": self.last, "suffix": self.suffix, "born": self.born}

    @property
    def named(self) -> bool:
        """Tell whether any name is known."""
        return bool(self.first or self.last)


@lru_cache(maxsize=50_000)
def fold(name: str) -> str:
    """Reduce a name to what is compared: no case, accents or punctuation, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())


@lru_cache(maxsize=50_000)
def compare(one: Person, other: Person) -> Agreement:
    """Compare two people; the order of the arguments does not matter."""
    if _differ(one.born, other.born) or _differ(one.suffix, other.suffix):
        return Agreement.CONTRADICT
    if not one.named or not other.named:
        return Agreement.SILENT
    straight = _names(one.first, other.first), _names(one.last, other.last)
    if Agreement.CONTRADICT not in straight:
        return Agreement.AGREE if Agreement.AGREE in straight else Agreement.SILENT
    crossed = _names(one.first, other.last), _names(one.last, other.first)
    if crossed == (Agreement.AGREE, Agreement.AGREE):
        return Agreement.AGREE
    return Agreement.CONTRADICT


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def _names(one: str, other: str) -> Agreement:
    if not one or not other:
        return Agreement.SILENT
    short, long = sorted((one, other), key=lambda name: (len(name), name))
    same = (
        one == other
        or (len(short) == 1 and long.startswith(short))
        or (len(short) >= PREFIX and long.startswith(short))
        or bool(set(one.split()) & set(other.split()))
        or JaroWinkler.similarity(one, other) >= ALIKE
    )
    return Agreement.AGREE if same else Agreement.CONTRADICT
