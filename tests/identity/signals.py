"""Make signals as capture stores them, without going through a provider's language."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from capture.models import InboundEvent, Signal, Source
from identity import services
from identity.models import Lead, Profile, Resolution
from leadhub.kernel import clock, crypto, work

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """What a signal says; two equal ones are two deliveries of different events with the same content."""

    facts: Mapping[str, str]
    minute: int = 0
    name: str = ""
    kind: str = "lead"
    conversation: str = ""
    trust: int = 50
    attributes: Mapping[str, str] = field(default_factory=dict)
    confidence: float = 0.9

    @property
    def label(self) -> str:
        """Name it the same in whatever order it is stored."""
        content = repr((sorted(self.facts.items()), self.minute, self.kind, self.trust))
        return self.name or hashlib.sha256(content.encode()).hexdigest()


def source(slug: str = "test") -> Source:
    """Give a source."""
    return Source.objects.get_or_create(slug=slug, defaults={"adapter": "json_api"})[0]


def store(said: Said) -> Signal:
    """Store one signal and its work, as normalise does; storing it again changes nothing."""
    now = clock.now()
    event_id = uuid5(UUID(int=7), said.label)
    door = source()
    sealed = crypto.ring().seal(said.label.encode(), bound_to=event_id.bytes)
    InboundEvent.objects.bulk_create(
        [
            InboundEvent(
                id=event_id, source=door, delivery_key=said.label, digest=crypto.digest("event", said.label),
                received_at=now, size=1, key_id=sealed.key_id, wrapped_key=sealed.wrapped,
                sealed_body=sealed.ciphertext, body_mac=sealed.mac, verdict="test",
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    signal = Signal(
        id=uuid5(event_id, "0"), event_id=event_id, source=door, part=0, channel="api", kind=said.kind,
        occurred_at=START + timedelta(minutes=said.minute),
        facts={k: {"value": v, "raw": v, "confidence": said.confidence} for k, v in said.facts.items()},
        conversation=said.conversation, trust=said.trust, tie=crypto.digest("tie", said.label).hex(),
        normaliser=1, created_at=now, attributes=dict(said.attributes),
    )  # fmt: skip
    Signal.objects.bulk_create([signal], ignore_conflicts=True)
    work.put(stage="resolve", subjects=[signal.pk], now=now)
    return signal


def resolve(*, size: int = 200) -> None:
    """Drain what waits to be resolved."""
    work.drain(stage="resolve", handle=lambda batch: services.resolve(batch=batch, now=clock.now()), size=size)


def tell(*said: Said, size: int = 200) -> list[Signal]:
    """Store and resolve signals, in this order, in batches of `size`."""
    signals = []
    for start in range(0, len(said), size):
        signals += [store(one) for one in said[start : start + size]]
        resolve(size=size)
    return signals


def lead_of(signal: Signal) -> Lead:
    """Give the lead a signal belongs to today."""
    resolution = Resolution.objects.select_related("profile__root").get(signal=signal.pk)
    assert resolution.profile is not None
    return resolution.profile.root


def picture() -> dict[str, object]:
    """Describe all leads without their ids: who belongs together, which values survive and from which signal."""
    rows = Resolution.objects.select_related("signal", "profile").exclude(profile=None)
    together: dict[UUID, list[str]] = {}
    for row in rows:
        assert row.profile is not None
        together.setdefault(row.profile.root_id, []).append(row.signal.tie)
    leads = {lead.pk: lead for lead in Lead.objects.filter(pk__in=together)}
    return {
        "|".join(sorted(ties)): (
            {name: getattr(leads[root], name) for name in Lead.FIELDS},
            leads[root].provenance,
            leads[root].first_touch,
            leads[root].last_touch,
        )
        for root, ties in together.items()
    }


def invariants() -> Iterable[str]:
    """Give what must never be: a profile whose root disagrees with the merges, a merged root, a lead without anchor."""
    for profile in Profile.objects.select_related("home", "root"):
        at = profile.home
        while at.merged_into_id:
            at = Lead.objects.get(pk=at.merged_into_id)
        if at.pk != profile.root_id:
            yield f"profile {profile.pk} says {profile.root_id}, its merges say {at.pk}"
    for lead in Lead.objects.exclude(own_profiles__anchor=True):
        yield f"lead {lead.pk} has no anchor"
