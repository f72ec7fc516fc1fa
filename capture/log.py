"""The log of deliveries: each is sealed under its own key and appended once, with its work, in one commit."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from capture import doors
from capture.contracts import Consent, Delivery, Receipt
from capture.models import InboundEvent
from leadhub.kernel import crypto, ids, sql, work

TABLE = "capture_inboundevent"
STAGE = "normalise"
LONGEST_KEY = 190
LONGEST_HEADER = 500
OPT = {Consent.WITHDRAWN: "out", Consent.GRANTED: "in"}
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_FIRST_WITH_KEY = (
    "SELECT e.id FROM capture_inboundevent e WHERE e.source_id = %s AND e.delivery_key = %s ORDER BY e.id LIMIT 1"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Appended:
    """Where a delivery stands in the log. `conflict`: the client used one Idempotency-Key for two contents."""

    event_id: UUID
    is_new: bool
    conflict: bool = False


def append(
    *, source_id: int, receipt: Receipt, delivery: Delivery, verdict: str, now: datetime, traceparent: str = ""
) -> Appended:
    """Append the delivery and its work in one commit, or find it if it is there already."""
    event_id = ids.new()
    key = _storable_key(receipt.delivery_key)
    digest = crypto.digest("event", receipt.canonical)
    row = _row(event_id, source_id, key, digest, receipt, delivery) | {
        "verdict": verdict,
        "traceparent": traceparent if _TRACEPARENT.fullmatch(traceparent) else _new_trace(),
    }
    lane = work.URGENT if receipt.opt else work.LIVE
    if _insert(row, lane=lane, now=now):
        return Appended(event_id=event_id, is_new=True)
    return _found(source_id, key, digest)


def _insert(row: Mapping[str, object], *, lane: int, now: datetime) -> bool:
    # A health check before each request costs a round trip. The statement itself shows whether the connection is
    # alive, and repeating it is safe: the unique constraints know a delivery that got through.
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return sql.append_once(table=TABLE, row=row, stage=STAGE, lane=lane, now=now)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return sql.append_once(table=TABLE, row=row, stage=STAGE, lane=lane, now=now)


def _row(
    event_id: UUID, source_id: int, key: str, digest: bytes, receipt: Receipt, delivery: Delivery
) -> dict[str, object]:
    sealed = crypto.ring().seal(envelope(delivery), bound_to=event_id.bytes)
    opt = receipt.opt
    return {
        "id": event_id,
        "source_id": source_id,
        "delivery_key": key,
        "digest": digest,
        "exact": receipt.exact,
        "variant_of": sql.Asked(sql=_FIRST_WITH_KEY, params=(source_id, key)),
        "received_at": delivery.received_at,
        "content_type": delivery.content_type[:200],
        "headers": _kept(delivery.headers),
        "size": len(delivery.body),
        "key_id": sealed.key_id,
        "wrapped_key": sealed.wrapped,
        "sealed_body": sealed.ciphertext,
        "body_mac": sealed.mac,
        "opt": OPT[opt.state] if opt else "",
        "opt_channel": opt.channel if opt else "",
        "opt_point": crypto.digest("phone", opt.point) if opt else None,
        "spam": receipt.spam[:100],
    }


def _kept(headers: Mapping[str, str]) -> str:
    return json.dumps({name: _plain(value) for name, value in headers.items() if value and name not in doors.NOT_KEPT})


def _plain(value: str) -> str:
    return value[:LONGEST_HEADER] if value.isascii() and value.isprintable() else ascii(value)[1 : LONGEST_HEADER - 1]


def _storable_key(key: str) -> str:
    """Keep a key as it is if a column can, else its digest: still the same for the same key."""
    if len(key) <= LONGEST_KEY and key.isascii() and key.isprintable():
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _new_trace() -> str:
    made = os.urandom(24).hex()
    return f"00-{made[:32]}-{made[32:]}-01"


def _found(source_id: int, key: str, digest: bytes) -> Appended:
    known = (
        InboundEvent.objects.filter(source_id=source_id, delivery_key=key).order_by("id").values_list("id", "digest")
    )
    first: UUID | None = None
    for event_id, there in known:
        if bytes(there) == digest:
            return Appended(event_id=event_id, is_new=False)
        first = first or event_id
    if first is None:  # the event went away between two statements; only a rolled-back rival can do that
        raise OperationalError("the delivery was being stored by a transaction that was rolled back")
    return Appended(event_id=first, is_new=False, conflict=True)


def envelope(delivery: Delivery) -> bytes:
    """Put the query and the raw body into what is sealed; a query holds no line end."""
    return delivery.query.encode("latin-1", "replace") + b"\n" + delivery.body


def open_body(event: InboundEvent) -> Delivery:
    """Open what was delivered. Raises Permanent when it was erased, or the key ring lost its key."""
    opened = crypto.ring().open(
        crypto.Sealed(
            key_id=event.key_id,
            wrapped=bytes(event.wrapped_key),
            ciphertext=bytes(event.sealed_body),
            mac=bytes(event.body_mac),
        ),
        bound_to=event.id.bytes,
    )
    query, _, body = opened.partition(b"\n")
    url = doors.url_of(event.source.slug)
    asked = query.decode("latin-1")
    return Delivery(
        method="POST",
        url=f"{url}?{asked}" if asked else url,
        query=asked,
        headers=event.headers,
        content_type=event.content_type,
        body=body,
        received_at=event.received_at,
    )
