"""A person's correction at the desk. It is written by `capture.desk`; nothing comes in through its door."""

import json
from datetime import datetime
from uuid import UUID

from capture.channels.base import JSON, Refused, Secret, Unreadable
from capture.contracts import Answer, Delivery, Door, Kind, Receipt, SignalDraft


class Manual:
    """The language of LeadHub's own desk."""

    channel = "manual"
    provider = "manual"
    content_types = frozenset({JSON})
    signed = True
    secret = Secret.SIGNING
    headers: tuple[str, ...] = ()

    def verify(self, delivery: Delivery, door: Door) -> str:
        """Refuse: corrections are made by people who are signed in, not through a webhook."""
        raise Refused("desk_only", "Corrections are made in the admin or through the API, not here.")

    def receive(self, delivery: Delivery, door: Door) -> Receipt:
        """File each correction by its own nonce: the same change made twice is two decisions."""
        said = json.loads(delivery.body)
        return Receipt(delivery_key=f"edit:{said['nonce']}", canonical=delivery.body)

    def parse(self, delivery: Delivery, door: Door) -> tuple[SignalDraft, ...]:
        """Read the correction."""
        try:
            said = json.loads(delivery.body)
            return (
                SignalDraft(
                    kind=Kind.EDIT,
                    occurred_at=datetime.fromisoformat(said["at"]),
                    facts={str(k): str(v) for k, v in said["changes"].items()},
                    attributes={"lead_id": str(UUID(said["lead_id"])), "by": str(said["by"])},
                ),
            )
        except (ValueError, KeyError, TypeError) as broken:
            raise Unreadable("edit_unreadable", "This correction is not in the form the desk writes.") from broken

    def answer(self, *, event_id: UUID, duplicate: bool, delivery: Delivery, door: Door) -> Answer:
        """Give the event's id."""
        return Answer(body=json.dumps({"id": str(event_id)}).encode())
