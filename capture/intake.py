"""From a stored event to signals: opened, read by its adapter, normalised. No database, one event at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from capture import doors, log, normalise
from capture.channels import registry
from capture.contracts import CleanSignal, ConsentClaim, Fact
from capture.models import InboundEvent, Signal
from capture.normalise.email import match_form
from leadhub.kernel import crypto

AHEAD = timedelta(minutes=5)  # a provider's clock may be this much ahead of ours
NONE = timedelta(0)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before that it is what programs write for "no time": year 1, 1900, 1970
POINT_FIELDS = ("phone", "email")


def held(event: InboundEvent, *, released: bool) -> str:
    """Say why a person should look before this becomes a lead, or nothing."""
    if released:
        return ""
    if event.spam:
        return f"Looks like a bot: {event.spam}. If it is a person, release it on the event's page."
    if event.variant_of and not registry.adapter(event.source.adapter).signed:
        return "Its form token was used before with other content. If it is a person, release it on the event's page."
    return ""


def signals_of(event: InboundEvent, *, now: datetime) -> list[Signal]:
    """Read an event. Raises Permanent, with a sentence for the quarantine, when it cannot be opened or understood."""
    adapter = registry.adapter(event.source.adapter)
    drafts = adapter.parse(log.open_body(event), doors.door_of(event.source))
    return [
        _signal(event, part, adapter.channel, normalise.clean(draft, region=event.source.region), now)
        for part, draft in enumerate(drafts)
    ]


def _signal(event: InboundEvent, part: int, channel: str, clean: CleanSignal, now: datetime) -> Signal:
    draft = clean.draft
    # Consent gets no leeway: dated ahead of its arrival, it would outlast a STOP that comes in between.
    moment, doubtful = _moment(draft.occurred_at, event.received_at, ahead=NONE if draft.consents else AHEAD)
    return Signal(
        id=signal_id(event.id, part),
        event=event,
        source=event.source,
        part=part,
        channel=channel,
        kind=draft.kind.value,
        occurred_at=moment,
        time_doubtful=doubtful,
        facts={field: asdict(fact) for field, fact in clean.facts.items()},
        text=draft.text,
        conversation=draft.conversation,
        attributes=dict(draft.attributes),
        consents=[_claim(claim, event) for claim in draft.consents],
        contact_digests=sorted(_digests(clean.facts, draft.consents)),
        quality=dict(clean.quality),
        trust=event.source.trust,
        tie=tie(event, part),
        normaliser=normalise.VERSION,
        created_at=now,
    )


def signal_id(event_id: UUID, part: int) -> UUID:
    """Give the id a part's signal has, however often its event is read."""
    return uuid5(event_id, str(part))


def tie(event: InboundEvent, part: int) -> str:
    """Make what decides between equals: from what was delivered, never from when it came or which id it got."""
    told = f"{event.source.slug}\0{event.delivery_key}\0{part}\0".encode() + bytes(event.digest)
    return crypto.digest("tie", told).hex()


def _moment(told: datetime | None, received: datetime, *, ahead: timedelta) -> tuple[datetime, bool]:
    if told is None or not EARLIEST <= told <= received + ahead:
        return received, True
    return told, False


def _claim(claim: ConsentClaim, event: InboundEvent) -> dict[str, str]:
    return asdict(claim) | {
        "state": claim.state.value,
        "digest": point_digest(claim.point_kind, claim.point),
        "text_version": event.source.consent_text_version,
    }


def point_digest(kind: str, value: str) -> str:
    """Give the hex digest of a normalised contact point; all spellings of one mailbox share it."""
    return crypto.digest(kind, match_form(value) if kind == "email" else value).hex()


def _digests(facts: Mapping[str, Fact], claims: tuple[ConsentClaim, ...]) -> Iterator[str]:
    points = {(field, facts[field].value) for field in POINT_FIELDS if field in facts}
    points |= {(claim.point_kind, claim.point) for claim in claims}
    yield from {point_digest(kind, value) for kind, value in points}
