"""What every Twilio callback has in common: form fields, one spelling, TwiML as the answer (pure)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from capture.channels import form_fields
from capture.channels.base import FORM, JSON, Unreadable
from capture.contracts import Answer, Delivery
from leadhub.kernel import strict_json

CONTENT_TYPES = frozenset({FORM, JSON})
HEADERS = ("x-twilio-signature", "i-twilio-idempotency-token")
TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
EARLIEST = 1990  # an event before that is a broken clock


def fields(delivery: Delivery) -> Mapping[str, str]:
    """Read the fields. A JSON object's texts and numbers count as fields too. Raises Unreadable."""
    if delivery.content_type == FORM:
        return form_fields.text_fields(form_fields.pairs(delivery.body))
    try:
        found = strict_json.loads(delivery.body)
    except strict_json.NotJson as wrong:
        raise Unreadable(wrong.code, wrong.message) from wrong
    if not isinstance(found, dict):
        return {"payload": json.dumps(found)[:500]}  # Event Streams sends lists; nothing in them is for a lead
    return {name: str(value) for name, value in found.items() if value not in ("", None)}


def canonical(delivery: Delivery) -> bytes:
    """Give one spelling of the content; Twilio's repeats differ in no field."""
    return form_fields.canonical(form_fields.pairs(delivery.body)) if delivery.content_type == FORM else delivery.body


def key_of_unreadable(delivery: Delivery) -> str:
    """File what cannot be read under its own digest."""
    return "raw:" + hashlib.sha256(delivery.body).hexdigest()


def answer(twiml: str = "") -> Answer:
    """Answer with TwiML; by default with nothing to say."""
    return Answer(status=200, content_type="text/xml; charset=utf-8", body=twiml.encode() or TWIML)


def moment(text: str) -> datetime | None:
    """Read a time in RFC 2822 or ISO 8601; None when there is none to be read."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year >= EARLIEST else None


def attributes(found: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Pick what is worth keeping beside the facts, under our names."""
    return {ours: found[theirs] for theirs, ours in names.items() if theirs in found}


def places(found: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Keep Twilio's place fields as attributes: they describe the number's exchange, not where the person is."""
    return {
        f"number_{part.lower()}": found[prefix + part]
        for part in ("City", "State", "Zip", "Country")
        if prefix + part in found
    }


NO_NUMBERS = frozenset({"anonymous", "restricted", "unknown", "unavailable", "blocked", "private"})
# What the words above spell on a keypad; Twilio sends them as if they were numbers.
KEYPAD_WORDS = frozenset({"+266696687", "+7378742883", "+86282452253", "+2562533", "+8656696"})


def number(raw: str, prefixes: Iterable[str] = ("whatsapp:", "rcs:")) -> str:
    """Give the phone number in an address, or nothing for withheld numbers, clients, SIP and user ids."""
    value = raw.strip()
    for prefix in prefixes:
        value = value.removeprefix(prefix)
    if value.lower() in NO_NUMBERS or value in KEYPAD_WORDS or ":" in value or "@" in value:
        return ""
    return value if any(sign.isdigit() for sign in value) and not any(sign.isalpha() for sign in value) else ""
