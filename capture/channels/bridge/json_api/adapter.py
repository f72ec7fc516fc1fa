"""LeadHub's own JSON API: a bearer key, an optional Idempotency-Key, one submission in canonical field names."""

import hashlib
import hmac
import json
from uuid import UUID

from capture.channels.base import JSON, Refused, Secret
from capture.channels.bridge.json_api import payload
from capture.contracts import Answer, Delivery, Door, Kind, Receipt, SignalDraft
from leadhub.kernel import crypto

DIGEST = "api key"


class JsonApi:
    """The language of programs that speak to LeadHub directly."""

    channel = "api"
    provider = "json_api"
    content_types = frozenset({JSON})
    signed = True
    secret = Secret.KEY
    headers = ("authorization", "idempotency-key")

    def verify(self, delivery: Delivery, door: Door) -> str:
        """Compare the bearer key's digest with every live one, in constant time."""
        scheme, _, key = delivery.headers.get("authorization", "").partition(" ")
        # Digest and compare even without a key: the answer takes as long, so it tells nothing.
        given = digest(key.strip() if scheme.lower() == "bearer" else "")
        matches = [hmac.compare_digest(given, known) for known in door.secrets or ("",)]
        if not any(matches) or not key.strip():
            raise Refused("key_wrong", "Send this source's key as `Authorization: Bearer …`.")
        return "bearer"

    def receive(self, delivery: Delivery, door: Door) -> Receipt:
        """File under the client's own key, else under the content and the day."""
        own = delivery.headers.get("idempotency-key", "").strip().strip('"')
        if own:
            return Receipt(delivery_key=f"key:{own}", canonical=delivery.body, exact=True)
        day = delivery.received_at.date().isoformat()
        found = hashlib.sha256(delivery.body).hexdigest()
        return Receipt(delivery_key=f"day:{day}:{found}", canonical=delivery.body)

    def parse(self, delivery: Delivery, door: Door) -> tuple[SignalDraft, ...]:
        """Read one submission; unknown fields are ignored and counted."""
        fields = payload.read(delivery.body)
        unknown = len(fields.keys() - payload.KNOWN)
        return (
            SignalDraft(
                kind=Kind.LEAD,
                occurred_at=payload.occurred_at(fields),
                facts=payload.facts(fields, slug=door.slug),
                text=payload.text(fields, "message"),
                attributes={"unknown_fields": str(unknown)} if unknown else {},
                consents=tuple(payload.consents(fields)),
            ),
        )

    def answer(self, *, event_id: UUID, duplicate: bool, delivery: Delivery, door: Door) -> Answer:
        """Give the event's id; a repeat hears the same."""
        return Answer(body=json.dumps({"id": str(event_id)}).encode())


def digest(key: str) -> str:
    """Make what is kept of a key."""
    return crypto.digest(DIGEST, key).hex()
