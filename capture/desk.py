"""Take a person's correction into the log, as the signal it is."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from capture import log
from capture.channels import registry
from capture.contracts import Delivery, Door
from capture.models import Source
from leadhub.kernel import ids

SLUG, ADAPTER, TRUST = "desk", "manual", 100


def record_edit(*, lead_id: UUID, changes: Mapping[str, str], by: str, now: datetime) -> UUID:
    """Append a correction and its work; give the event's id. The lead changes when the pipeline has worked it."""
    said = {"lead_id": str(lead_id), "changes": dict(changes), "by": by, "at": now.isoformat(), "nonce": str(ids.new())}
    source, _made = Source.objects.get_or_create(
        slug=SLUG, defaults={"adapter": ADAPTER, "name": "Desk: corrections by people", "trust": TRUST}
    )
    delivery = Delivery(
        method="POST", url="", query="", headers={}, content_type="application/json",
        body=json.dumps(said).encode(), received_at=now,
    )  # fmt: skip
    receipt = registry.adapter(ADAPTER).receive(delivery, Door(slug=SLUG, secrets=()))
    appended = log.append(source_id=source.pk, receipt=receipt, delivery=delivery, verdict="signed in", now=now)
    return appended.event_id
