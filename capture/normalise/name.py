"""People's names: order, titles, suffixes, case (pure). What looks like a company is no person's name."""

import re
from dataclasses import dataclass

from capture.contracts import Fact
from capture.normalise import text

LONGEST = 120
GIVEN, SPLIT, GUESSED = 0.9, 0.8, 0.6
PREFIXES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "professor",
        "sir",
        "dame",
        "rev",
        "herr",
        "frau",
        "hr",
        "fr",
        "mme",
        "mlle",
        "m.",
        "sr.",
        "sra",
        "señor",
    ]
)
SUFFIXES = {
    "jr": "Jr", "junior": "Jr", "sr": "Sr", "senior": "Sr", "ii": "II", "iii": "III", "iv": "IV", "phd": "PhD",
    "md": "MD", "esq": "Esq", "mba": "MBA", "cpa": "CPA",
}  # fmt: skip
PARTICLES = frozenset(
    [
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "das",
        "du",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ibn",
        "ter",
        "ten",
        "zu",
        "zur",
    ]
)
COMPANY = re.compile(
    r"\b(inc|llc|llp|ltd|limited|corp|corporation|gmbh|ag|plc|s\.?a\.?|bv|company|co|holdings?|services|solutions"
    r"|plumbing|group)\b\.?$|\s&\s.*\b(sons|partners|associates|co)\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A name in its parts."""

    prefix: str = ""
    first: str = ""
    last: str = ""
    suffix: str = ""


def facts(given: dict[str, str]) -> tuple[dict[str, Fact], dict[str, str]]:
    """Read `name`, `first_name` and `last_name` together: the parts win over the whole."""
    found: dict[str, Fact] = {}
    quality = {field: odd for field, raw in given.items() if (odd := text.oddness(raw))}
    whole = text.line(given.get("name", ""), longest=2 * LONGEST)
    if whole:
        found["name"] = Fact(value=repair_case(whole), raw=given["name"], confidence=SPLIT)
        if looks_like_company(whole):
            quality["name"] = "looks like a company's name"
        elif _DIGITS.search(whole):
            quality["name"] = "a name with digits in it"
        else:
            found |= _as_facts(split(whole), given["name"], SPLIT)
    return found | _given_parts(given), quality


def _given_parts(given: dict[str, str]) -> dict[str, Fact]:
    found: dict[str, Fact] = {}
    for field in ("first_name", "last_name"):
        raw = given.get(field, "")
        shown = text.line(raw, longest=LONGEST)
        if not shown:
            continue
        body, suffix = _take_suffix(shown.split(" ")) if field == "last_name" else (shown.split(" "), "")
        found[field] = Fact(value=repair_case(" ".join(body)), raw=raw, confidence=GIVEN)
        if suffix:
            found["name_suffix"] = Fact(value=suffix, raw=raw, confidence=GIVEN)
    return found


def _as_facts(parts: Parts, raw: str, confidence: float) -> dict[str, Fact]:
    named = {
        "name_prefix": parts.prefix,
        "first_name": parts.first,
        "last_name": parts.last,
        "name_suffix": parts.suffix,
    }
    # One word alone may be either name.
    confidence = confidence if parts.first and parts.last else GUESSED
    return {
        field: Fact(value=text.cut(value, LONGEST), raw=raw, confidence=confidence)
        for field, value in named.items()
        if value
    }


def split(whole: str) -> Parts:
    """Split a full name: "Last, First" is turned round, titles and suffixes are kept apart."""
    whole = repair_case(whole)
    before, comma, after = (part.strip() for part in whole.partition(","))
    words = (before or after).split()
    if comma and before and after:
        rest, suffix = _take_suffix(after.replace(",", " ").split())
        if rest:
            prefix, given = _take_prefix(rest)
            family, own = _take_suffix(words)
            return Parts(prefix=prefix, first=" ".join(given), last=" ".join(family), suffix=suffix or own)
        words = [*words, suffix]
    prefix, words = _take_prefix(words)
    words, suffix = _take_suffix(words)
    first, last = _divide(words)
    return Parts(prefix=prefix, first=first, last=last, suffix=suffix)


def _divide(words: list[str]) -> tuple[str, str]:
    if len(words) < 2:
        return " ".join(words), ""
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in PARTICLES:
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def _take_prefix(words: list[str]) -> tuple[str, list[str]]:
    taken: list[str] = []
    while len(words) > 1 and (words[0].lower() in PREFIXES or words[0].lower().rstrip(".") in PREFIXES):
        taken, words = [*taken, words[0]], words[1:]
    return " ".join(taken), words


def _take_suffix(words: list[str]) -> tuple[list[str], str]:
    if words and (suffix := SUFFIXES.get(words[-1].lower().strip(".,"))) and (len(words) > 1 or suffix in ("Jr", "Sr")):
        return [word.rstrip(",") for word in words[:-1]] or words[:-1], suffix
    return words, ""


def looks_like_company(whole: str) -> bool:
    """Tell whether the name is more likely a firm's."""
    return COMPANY.search(whole) is not None


def repair_case(name: str) -> str:
    """Set capitals where somebody typed all in upper or all in lower case; mixed case is left as typed."""
    letters = [sign for sign in name if sign.isalpha()]
    if len(letters) < 3 or not (name.isupper() or name.islower()):
        return name
    words = name.split(" ")
    return " ".join(_set_case(word, first=n == 0) for n, word in enumerate(words))


def _set_case(word: str, *, first: bool) -> str:
    lower = word.lower()
    if not first and lower in PARTICLES:
        return lower
    if suffix := SUFFIXES.get(lower.strip(".")):
        return suffix if not first else lower.capitalize()
    return _WORD.sub(_capital, lower)


def _capital(found: "re.Match[str]") -> str:
    word = found.group()
    if len(word) > 3 and word.startswith("mc"):
        return "Mc" + word[2:].capitalize()
    return word.capitalize()
