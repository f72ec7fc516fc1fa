"""Stop calling an outside service that fails, for all processes at once and over restarts.

Closed: calls flow. Blocked: it asked for quiet until a moment. Open: it failed several times in a row; after a pause,
which grows, one process makes one small call (the probe), and its outcome closes or opens again. Auth: like open, at
once, because the credentials were refused and only a person can mend that; the probe sees when it was mended.
"""

import logging
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import F, Q

from leadhub.kernel.models import Breaker

log = logging.getLogger(__name__)

OPENS_AFTER = 5  # failures in a row
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 120.0  # seconds
AUTH_PAUSE = timedelta(minutes=5)
PROBE_TAKES = timedelta(seconds=30)  # a probe whose process died frees the place after this
QUIET_WHEN_UNTOLD = 10.0  # seconds: the usual window of a rate limit


class Way(StrEnum):
    """What may be called now."""

    FREE = "free"
    PROBE = "probe"
    WAIT = "wait"


def allow(*, name: str, now: datetime) -> Way:
    """Say whether the service may be called; PROBE is given to one caller only."""
    row = Breaker.objects.filter(name=name).first()
    if row is None:
        return Way.FREE
    if row.blocked_until and row.blocked_until > now:
        return Way.WAIT
    if row.state == Breaker.State.CLOSED:
        return Way.FREE
    due = Breaker.objects.filter(Q(blocked_until=None) | Q(blocked_until__lte=now), name=name)
    mine = due.exclude(state=Breaker.State.CLOSED).update(blocked_until=now + PROBE_TAKES)
    return Way.PROBE if mine else Way.WAIT


def healthy(*, name: str) -> bool:
    """Tell whether the last call went well: a failure now is then about the record, not about the service."""
    return not Breaker.objects.filter(name=name).exclude(state=Breaker.State.CLOSED, failures=0).exists()


def succeeded(*, name: str, now: datetime) -> None:
    """Note an answered call: an open breaker closes. Costs one statement that changes nothing on a quiet day."""
    ailing = Breaker.objects.filter(name=name).exclude(state=Breaker.State.CLOSED, failures=0)
    if ailing.update(state=Breaker.State.CLOSED, failures=0, blocked_until=None, reason="", changed_at=now):
        log.info("breaker closed", extra={"service": name})


def failed(*, name: str, because: str, now: datetime) -> int:
    """Count a failure in a row and give the count; several, or a failed probe, open for a pause that grows."""
    row = _counted(name, now)
    was_open = row.state != Breaker.State.CLOSED
    if not was_open and row.failures < OPENS_AFTER:
        return row.failures
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** max(0, min(row.failures - OPENS_AFTER, 10)))
    until = now + timedelta(seconds=pause)
    _set(name, state=Breaker.State.OPEN, until=until, reason=because, now=now)
    return row.failures


def block(*, name: str, after: float | None, because: str, now: datetime) -> datetime:
    """Keep quiet as long as the service asked. Gives the moment calls may go on."""
    until = now + timedelta(seconds=QUIET_WHEN_UNTOLD if after is None else after)
    _ensure(name, now)
    longer = Breaker.objects.filter(Q(blocked_until=None) | Q(blocked_until__lt=until), name=name)
    longer.update(blocked_until=until, reason=because[:300])
    return until


def refuse(*, name: str, because: str, now: datetime) -> None:
    """Open at once: the credentials are refused, and more calls would only be refused too."""
    _ensure(name, now)
    _set(name, state=Breaker.State.AUTH, until=now + AUTH_PAUSE, reason=because, now=now)


def close(*, name: str, now: datetime) -> None:
    """Close by hand: a person has mended what was wrong."""
    Breaker.objects.filter(name=name).update(
        state=Breaker.State.CLOSED, failures=0, blocked_until=None, reason="", changed_at=now
    )


def _ensure(name: str, now: datetime) -> None:
    Breaker.objects.bulk_create([Breaker(name=name, changed_at=now)], ignore_conflicts=True)


def _counted(name: str, now: datetime) -> Breaker:
    _ensure(name, now)
    Breaker.objects.filter(name=name).update(failures=F("failures") + 1)
    return Breaker.objects.get(name=name)


def _set(name: str, *, state: Breaker.State, until: datetime, reason: str, now: datetime) -> None:
    Breaker.objects.filter(name=name).update(state=state, blocked_until=until, reason=reason[:300], changed_at=now)
    log.warning("breaker open", extra={"service": name, "state": state.value, "until": until, "because": reason})


def release(*, name: str, now: datetime) -> None:
    """Give an unused probe back: nothing was called, so the next one may ask."""
    Breaker.objects.filter(name=name).exclude(state=Breaker.State.CLOSED).update(blocked_until=now)
