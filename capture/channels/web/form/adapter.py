"""A form on anybody's web site: unsigned, so it is judged by honeypot, time token and content (pure).

What looks like a bot is answered exactly as if it were fine and held for a person, who can release it.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from capture.channels import form_fields
from capture.channels.base import FORM, MULTIPART, Refused, Secret, Unreadable
from capture.channels.fields import CANONICAL, field_of
from capture.channels.web.form import multipart, token
from capture.contracts import Answer, Consent, ConsentClaim, Delivery, Door, Kind, Receipt, SignalDraft

HONEYPOT, TOKEN, NEXT = "website_url", "leadhub_token", "next"
FIELDS = CANONICAL - {"external_id"}  # an id is a strong key: a stranger's word is not enough for it
CONSENT = re.compile(r"consent_(sms|voice|email)(?:_(marketing|service))?")
POINTS = {"sms": "phone", "voice": "phone", "email": "email"}
TICKED = frozenset({"on", "yes", "true", "1"})
LINK = re.compile(r"https?://|\[url|<a\s", re.IGNORECASE)
MOST_LINKS, MOST_ANSWERS, LONGEST_ANSWER = 2, 40, 500
SECRETIVE = re.compile(r"passw|secret|card|cvv|cvc|\bssn\b|iban", re.IGNORECASE)


class WebForm:
    """The language of HTML forms."""

    channel = "web"
    provider = "form"
    content_types = frozenset({FORM, MULTIPART})
    signed = False
    secret = Secret.SIGNING
    headers = ("origin", "referer", "accept")

    def verify(self, delivery: Delivery, door: Door) -> str:
        """Refuse posts from pages of other sites, where the source lists its own."""
        origin, allowed = delivery.headers.get("origin", ""), _origins(door)
        if allowed and origin and origin not in allowed:
            raise Refused("origin_wrong", "This form does not take posts from that site.", status=403)
        return "open"

    def receive(self, delivery: Delivery, door: Door) -> Receipt:
        """File under the token's nonce, else under the content and the day. Raises Unreadable."""
        pairs = _pairs(delivery)
        found = _fields(pairs)
        content = form_fields.canonical(pairs)
        reading = token.read(found.get(TOKEN, ""), secrets=door.secrets, slug=door.slug, now=delivery.received_at)
        day = f"day:{delivery.received_at.date().isoformat()}:{hashlib.sha256(content).hexdigest()}"
        return Receipt(
            delivery_key=f"form:{reading.nonce}" if reading.nonce else day,
            canonical=content,
            spam=_oddness(found, reading, door),
        )

    def parse(self, delivery: Delivery, door: Door) -> tuple[SignalDraft, ...]:
        """Read one filled-in form."""
        found = _fields(_pairs(delivery))
        named = {field_of(label): value for label, value in found.items()}
        facts = {name: named[name] for name in FIELDS & named.keys()}
        return (
            SignalDraft(
                kind=Kind.LEAD,
                occurred_at=delivery.received_at,  # we are the clock: the browser's may be wrong
                facts=facts,
                text=named.get("message", ""),
                attributes=_attributes(found, delivery),
                consents=tuple(_consents(found, facts)),
            ),
        )

    def answer(self, *, event_id: UUID, duplicate: bool, delivery: Delivery, door: Door) -> Answer:
        """Send a browser on to the next page, and a script its JSON."""
        cors = self.allow(origin=delivery.headers.get("origin", ""), door=door)
        if "application/json" in delivery.headers.get("accept", ""):
            return Answer(body=json.dumps({"id": str(event_id)}).encode(), headers=cors)
        target = _next(_fields(_pairs(delivery)).get(NEXT, ""), door)
        if not target:
            return Answer(content_type="text/html; charset=utf-8", body=THANKS, headers=cors)
        return Answer(status=303, body=b"", headers={**cors, "Location": target})

    def token(self, *, door: Door, now: datetime, nonce: str) -> str:
        """Make a token for one post."""
        return token.make(secret=door.secrets[0], slug=door.slug, now=now, nonce=nonce)

    def allow(self, *, origin: str, door: Door) -> Mapping[str, str]:
        """Let the source's own sites read the answer; any site, where it lists none."""
        allowed = _origins(door)
        if not allowed:
            return MappingProxyType({"Access-Control-Allow-Origin": "*"})
        if origin in allowed:
            return MappingProxyType({"Access-Control-Allow-Origin": origin, "Vary": "Origin"})
        return MappingProxyType({"Vary": "Origin"})


THANKS = (
    b"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    b"<title>Thank you</title><p>Thank you. We have received your message.</p></html>"
)


def _origins(door: Door) -> frozenset[str]:
    return frozenset(door.options.get("origins", "").split())


def _next(asked: str, door: Door) -> str:
    """Choose where to send the browser: what the form asks for, if it is on one of the source's own sites."""
    # Compared as text, up to the slash: a parser may see another host in it than the browser does.
    if asked.isprintable() and "\\" not in asked and any(f"{asked}/".startswith(f"{own}/") for own in _origins(door)):
        return asked
    return door.options.get("next", "")


def _pairs(delivery: Delivery) -> form_fields.Pairs:
    if delivery.content_type == FORM:
        return form_fields.pairs(delivery.body)
    return multipart.pairs(delivery.headers.get("content-type", ""), delivery.body)


def _fields(pairs: form_fields.Pairs) -> Mapping[str, str]:
    found = form_fields.text_fields(pairs)
    if any("\0" in name or "\0" in value for name, value in found.items()):
        raise Unreadable("nul", "A field holds a NUL character.")
    if not found:
        raise Unreadable("empty", "The form is empty.")
    return found


def _oddness(found: Mapping[str, str], reading: token.Reading, door: Door) -> str:
    """Say why it looks like a bot, or nothing."""
    if found.get(HONEYPOT):
        return "a field that people cannot see was filled in"
    if reading.odd and not (door.options.get("token") == "optional" and not found.get(TOKEN)):
        return reading.odd
    if sum(len(LINK.findall(value)) for label, value in found.items() if label != NEXT) > MOST_LINKS:
        return "its text is full of links"
    return ""


def _attributes(found: Mapping[str, str], delivery: Delivery) -> dict[str, str]:
    """Keep the form's other answers, but nothing that looks like a password or a card number."""
    ours = FIELDS | {"message", HONEYPOT, TOKEN, NEXT}
    others = [
        (label, value)
        for label, value in found.items()
        if field_of(label) not in ours and not CONSENT.fullmatch(label) and not SECRETIVE.search(label)
    ]
    kept = {f"form:{label[:60]}": value[:LONGEST_ANSWER] for label, value in others[:MOST_ANSWERS]}
    if delivery.headers.get("referer"):
        kept["page"] = delivery.headers["referer"][:LONGEST_ANSWER].partition("?")[0]
    return kept


def _consents(found: Mapping[str, str], facts: Mapping[str, str]) -> Iterator[ConsentClaim]:
    """Read ticked boxes. An unticked or missing box says nothing: it is not a withdrawal."""
    for label, value in found.items():
        box = CONSENT.fullmatch(label)
        point = facts.get(POINTS[box[1]], "") if box else ""
        if box and point and value.lower() in TICKED:
            yield ConsentClaim(
                point_kind=POINTS[box[1]],
                point=point,
                channel=box[1],
                purpose=box[2] or "marketing",
                state=Consent.GRANTED,
                basis="web_box",
                text=found.get("consent_text", ""),
            )
