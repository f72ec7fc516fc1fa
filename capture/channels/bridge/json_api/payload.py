"""What a submission over the JSON API says, checked field by field (pure)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from capture.channels.base import Unreadable
from capture.channels.fields import CANONICAL, external_ids
from capture.contracts import Consent, ConsentClaim
from leadhub.kernel import strict_json

MOST = 100  # fields, consents or ids in one submission
KNOWN = CANONICAL | {"message", "occurred_at", "consent", "external_ids"}
STATES = {"granted": Consent.GRANTED, "withdrawn": Consent.WITHDRAWN}
POINTS = {"sms": "phone", "voice": "phone", "email": "email"}
PURPOSES = frozenset({"marketing", "service"})

Fields = Mapping[str, object]


def read(body: bytes) -> Fields:
    """Read the body as one JSON object. Raises Unreadable."""
    try:
        found = strict_json.loads(body)
    except strict_json.NotJson as wrong:
        raise Unreadable(wrong.code, wrong.message) from wrong
    if not isinstance(found, dict):
        raise Unreadable("not_an_object", "A submission is one JSON object, with fields such as name, email and phone.")
    return found


def text(fields: Fields, name: str) -> str:
    """Read one field as text. Raises Unreadable for lists, objects and truth values."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unreadable("not_text", f"The field {name!r} must be text.")
    return str(value).strip()


def facts(fields: Fields, *, slug: str) -> dict[str, str]:
    """Read the facts about the person; empty ones are absent. An id without a namespace is this source's own."""
    found = {name: text(fields, name) for name in CANONICAL - {"external_id"}}
    ids = _ids(fields)
    own = text(fields, "external_id")
    if own:
        namespace, colon, value = own.partition(":")
        ids |= {namespace: value} if colon and namespace and value else {slug: own}
    return {name: value for name, value in found.items() if value} | external_ids(ids)


def _ids(fields: Fields) -> dict[str, str]:
    named = fields.get("external_ids")
    if named is None:
        return {}
    if not isinstance(named, dict) or len(named) > MOST:
        raise Unreadable("not_an_object", 'external_ids must be an object such as {"shop": "4711"}.')
    return {namespace: value for namespace in named if (value := text(named, namespace))}


def occurred_at(fields: Fields) -> datetime | None:
    """Read the time of the submission. Raises Unreadable when it is there and makes no sense."""
    given = text(fields, "occurred_at")
    if not given:
        return None
    try:
        found = datetime.fromisoformat(given)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise Unreadable("bad_time", "occurred_at must be an ISO 8601 time such as 2026-03-01T09:30:00Z.") from wrong


def consents(fields: Fields) -> Iterator[ConsentClaim]:
    """Read what the person agreed to or withdrew. A point not named is the submission's phone or e-mail."""
    named = fields.get("consent") or []
    if not isinstance(named, list) or len(named) > MOST:
        raise Unreadable("bad_consent", "consent must be a list of {channel, state, purpose, text}.")
    for one in named:
        if not isinstance(one, dict):
            raise Unreadable("bad_consent", "Each consent must be an object {channel, state, purpose, text}.")
        claim = _consent(one, fields)
        if claim.point:
            yield claim
        elif claim.state is Consent.WITHDRAWN:  # a grant of nothing grants nothing; a withdrawal must not get lost
            raise Unreadable("bad_consent", f"A withdrawal needs the {claim.point_kind} it is about: name it in point.")


def _consent(one: Fields, fields: Fields) -> ConsentClaim:
    channel, state = text(one, "channel").lower(), STATES.get(text(one, "state").lower())
    purpose = text(one, "purpose").lower() or "marketing"
    if channel not in POINTS or purpose not in PURPOSES or state is None:
        raise Unreadable(
            "bad_consent",
            "A consent needs channel sms, voice or email; state granted or withdrawn; purpose marketing or service.",
        )
    return ConsentClaim(
        point_kind=POINTS[channel],
        point=text(one, "point") or text(fields, POINTS[channel]),
        channel=channel,
        purpose=purpose,
        state=state,
        basis=(text(one, "basis") or "api")[:30],
        text=text(one, "text"),
    )
