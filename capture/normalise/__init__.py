"""From what a provider sent to facts that can be compared. Pure; the same draft always gives the same facts."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from capture.contracts import CleanSignal, ConsentClaim, Fact, SignalDraft
from capture.normalise import email, name, phone, place, text

VERSION = 1
"""Rises whenever the same draft may give other facts."""

RAW_LONGEST = 1000
NAMES = ("name", "first_name", "last_name")
FIELDS: Mapping[str, Callable[..., tuple[Fact | None, str]]] = {
    "phone": phone.clean,
    "email": email.clean,
    "country": place.country,
    "website": place.website,
    "language": place.language,
    "birth_date": place.birth_date,
}
POINTS: Mapping[str, Callable[..., str]] = {"phone": phone.point, "email": email.point}


def clean(draft: SignalDraft, *, region: str) -> CleanSignal:
    """Normalise every fact of a draft. Never raises on what a stranger sent: what is odd is said in `quality`."""
    given = {field: text.storable(raw)[:RAW_LONGEST] for field, raw in draft.facts.items()}
    facts, quality = name.facts({field: given[field] for field in NAMES if given.get(field)})
    for field, raw in given.items():
        if field in NAMES or not raw:
            continue
        read = FIELDS.get(field)
        fact, odd = read(raw, region=region) if read else place.plain(field, raw)
        if fact is not None:
            facts[field] = fact
        if odd:
            quality[field] = odd
    for field, raw in draft.facts.items():
        if "\0" in raw:
            quality.setdefault(field, "control characters were taken out")
    if oddness := text.oddness(draft.text.replace("\r", "\n").replace("\n", " ").replace("\t", " ")):
        quality["text"] = oddness
    return CleanSignal(draft=_storable(draft, region), facts=_capped(facts, draft.confidence), quality=quality)


def point(kind: str, raw: str, *, region: str) -> str:
    """Give the form under which a contact point's consent is filed, the same for every spelling of it."""
    return POINTS[kind](raw, region=region)


def _capped(facts: Mapping[str, Fact], most: Mapping[str, float]) -> dict[str, Fact]:
    whole = most.get("name", 1.0)
    return {
        field: replace(fact, confidence=min(fact.confidence, most.get(field, whole if _named(field) else 1.0)))
        for field, fact in facts.items()
    }


def _named(field: str) -> bool:
    return field in ("name", "first_name", "last_name", "name_prefix", "name_suffix")


def _storable(draft: SignalDraft, region: str) -> SignalDraft:
    return replace(
        draft,
        text=text.clean(draft.text),
        conversation=text.line(draft.conversation, longest=100),
        attributes={text.storable(key): text.storable(value) for key, value in draft.attributes.items()},
        consents=tuple(_storable_claim(claim, region) for claim in draft.consents),
    )


def _storable_claim(claim: ConsentClaim, region: str) -> ConsentClaim:
    return replace(claim, point=point(claim.point_kind, claim.point, region=region), text=text.clean(claim.text))
