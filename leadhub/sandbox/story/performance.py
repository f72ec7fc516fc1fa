"""Perform the script: send every line through the real doors, act by act, and wait until all of it is worked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from time import monotonic, sleep

from leadhub.kernel import clock
from leadhub.kernel.models import Work
from leadhub.sandbox.story.crew import Broken
from leadhub.sandbox.story.script import ACCEPTED, ACTS, Line, Script
from leadhub.sandbox.telephony.wire import Answered, Wire

CALLERS = 4  # threads
STUCK_AFTER = 90.0  # seconds without any row done
LOOK_EVERY = 0.05

Progress = Callable[[str, int, int], None]
Alive = Callable[[], None]


@dataclass(kw_only=True)
class Sent:
    """What the doors answered."""

    answers: list[tuple[Line, Answered]] = field(default_factory=list)

    @property
    def events(self) -> set[str]:
        """List the ids of the events that were stored."""
        return {answered.event_id for _, answered in self.answers if answered.accepted and answered.event_id}

    @property
    def accepted(self) -> int:
        """Count the deliveries the doors took."""
        return sum(answered.accepted for _, answered in self.answers)

    @property
    def repeats(self) -> int:
        """Count the deliveries that were recognised as had before."""
        return self.accepted - len(self.events)

    def unexpected(self) -> list[str]:
        """Describe the answers that were not as the script says."""
        return [
            f"{line.parcel.url} answered {answered.status}, not {line.status or '2xx'}: {answered.text}"
            for line, answered in self.answers
            if (not answered.accepted if line.status == ACCEPTED else answered.status != line.status)
        ]


def perform(script: Script, *, wire: Wire, progress: Progress, alive: Alive) -> Sent:
    """Send all acts. After each, wait until nothing is left to do: the next one builds on it."""
    sent = Sent()
    for number, title in ACTS.items():
        _send(script.act(number), title, sent, wire, progress)
        wait_until_done(alive=alive)
    return sent


def _send(lines: list[Line], title: str, sent: Sent, wire: Wire, progress: Progress) -> None:
    with ThreadPoolExecutor(CALLERS) as callers:
        waiting = {callers.submit(wire.send, line.parcel): line for line in lines}
        for count, done in enumerate(as_completed(waiting), start=1):
            sent.answers.append((waiting[done], done.result()))
            progress(title, count, len(lines))


def wait_until_done(*, alive: Alive) -> None:
    """Wait until no work is left but what is set aside. Raises Broken when nothing moves any more."""
    seen, since = -1, monotonic()
    while left := Work.objects.filter(due_at__isnull=False).count():
        alive()
        if left != seen:
            seen, since = left, monotonic()
        if monotonic() - since > STUCK_AFTER:
            raise Broken(f"{left} pieces of work do not move: {_stuck()}")
        sleep(LOOK_EVERY)


def _stuck() -> str:
    rows = Work.objects.filter(due_at__isnull=False).order_by("since")[:3]
    now = clock.now()
    return "; ".join(
        f"{row.stage} for {(now - row.since).total_seconds():.0f} s ({row.reason or 'no reason'})" for row in rows
    )
