"""Questions about what came in."""

from dataclasses import dataclass
from uuid import UUID

from capture import log
from capture.contracts import Delivery
from capture.models import InboundEvent, Signal, Source
from leadhub.kernel.errors import Permanent
from leadhub.kernel.models import Work


@dataclass(frozen=True, kw_only=True)
class EventTrail:
    """What became of one delivery: its signals, and the work that is left or set aside."""

    event: InboundEvent
    signals: tuple[Signal, ...]
    work: tuple[Work, ...]

    @property
    def outcome(self) -> str:
        """Say in a sentence where it stands."""
        waiting = [row for row in self.work if row.quarantined_at is None]
        aside = [row for row in self.work if row.quarantined_at is not None]
        if aside:
            return f"Set aside: {aside[0].reason}"
        if waiting:
            return f"Waits for {waiting[0].stage}."
        if self.signals:
            return f"Read into {len(self.signals)} signal(s)."
        return "Erased." if not self.event.wrapped_key else "Nothing in it was for a lead."


def event_trail(event_id: UUID) -> EventTrail | None:
    """Give an event with what became of it, in three queries; None when there is no such event."""
    event = InboundEvent.objects.select_related("source").filter(pk=event_id).first()
    if event is None:
        return None
    signals = tuple(event.signals.select_related("source").order_by("part"))
    subjects = [event.pk, *(signal.pk for signal in signals)]
    rows = Work.objects.filter(subject__in=subjects).order_by("stage", "subject")
    return EventTrail(event=event, signals=signals, work=tuple(rows))


def opened_body(event: InboundEvent) -> Delivery | str:
    """Open what was delivered, or say why it cannot be opened."""
    try:
        return log.open_body(event)
    except Permanent as closed:
        return str(closed)


def sources() -> list[Source]:
    """List all doors."""
    return list(Source.objects.order_by("slug"))
