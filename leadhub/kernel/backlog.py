"""What is left to do, in numbers: the same for the status page, the metrics and `manage.py status`."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from leadhub.kernel.models import Work


@dataclass(frozen=True, kw_only=True)
class StageBacklog:
    """One stage: due now, claimed, waiting for its time, set aside; and the age of the oldest unfinished."""

    stage: str
    due: int
    in_flight: int
    waiting: int
    quarantined: int
    oldest_seconds: float


def due(now: datetime) -> Q:
    """Say which work may be claimed now."""
    return Q(due_at__lte=now)


def in_flight(now: datetime) -> Q:
    """Say which work a worker holds."""
    return Q(lease_until__gt=now) & ~Q(token=0)


def quarantined() -> Q:
    """Say which work was set aside until a person acts."""
    return Q(quarantined_at__isnull=False)


def waiting(now: datetime) -> Q:
    """Say which work waits for its time: a retry, or something planned."""
    return Q(due_at__gt=now) & (Q(token=0) | Q(lease_until=None))


def stages(*, now: datetime) -> list[StageBacklog]:
    """Count the work of every stage that has any, in one query."""
    rows = (
        Work.objects.values("stage")
        .annotate(
            n_due=Count("id", filter=due(now)),
            n_in_flight=Count("id", filter=in_flight(now)),
            n_waiting=Count("id", filter=waiting(now)),
            n_quarantined=Count("id", filter=quarantined()),
            oldest=Min("since", filter=due(now) | in_flight(now)),
        )
        .order_by("stage")
    )
    return [
        StageBacklog(
            stage=row["stage"],
            due=row["n_due"],
            in_flight=row["n_in_flight"],
            waiting=row["n_waiting"],
            quarantined=row["n_quarantined"],
            oldest_seconds=max(0.0, (now - row["oldest"]).total_seconds()) if row["oldest"] else 0.0,
        )
        for row in rows
    ]
