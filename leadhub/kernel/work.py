"""The row is the job: put work, claim it under a lease, finish it in the commit that did it.

A claim is one short statement in a commit of its own. The work runs in another transaction, which ends with
`Batch.finish`: it deletes the claimed rows only if the token is still ours, so a worker that was paused past its
lease cannot overwrite its successor. Facts and traps behind the statements: docs/decisions/0001-the-row-is-the-job.md.
"""

import logging
import random
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from leadhub.kernel import clock, retry
from leadhub.kernel.errors import LeaseLost, Permanent, Retryable
from leadhub.kernel.models import Outlet, Work
from leadhub.kernel.sql import as_uuid, claim_sql, for_db, in_list, put_sql

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=settings.LEADHUB_LEASE)
ROWS_IN_A_PUT = 500
URGENT, LIVE, BACKFILL = Work.Lane.URGENT.value, Work.Lane.LIVE.value, Work.Lane.BACKFILL.value


@dataclass(frozen=True, kw_only=True)
class Job:
    """One claimed row. `orphaned`: its last claim ended without an outcome, so it may have been half done."""

    id: int
    subject: UUID
    lane: int
    attempts: int
    bounced: int
    orphaned: bool


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows claimed together under one token until `lease_until`."""

    stage: str
    token: int
    lease_until: datetime
    jobs: tuple[Job, ...]
    counted: bool = field(default=False, metadata={"why": "claimed alone, so the claim counted an attempt"})

    @property
    def subjects(self) -> list[UUID]:
        """List what this batch is about, in claim order."""
        return [job.subject for job in self.jobs]

    def only(self, jobs: Sequence[Job]) -> "Batch":
        """Narrow the batch to some of its jobs, under the same token and lease."""
        return replace(self, jobs=tuple(jobs))

    def halves(self) -> tuple["Batch", "Batch"]:
        """Split in two, to find the row that spoils the batch."""
        middle = len(self.jobs) // 2
        return self.only(self.jobs[:middle]), self.only(self.jobs[middle:])

    def finish(self, jobs: Sequence[Job] | None = None) -> None:
        """Delete the done work, or make it due again if more was wanted meanwhile.

        Call it last, inside the transaction that did the work. Raises LeaseLost (and so rolls the work back)
        when any row is no longer ours.
        """
        done = self.jobs if jobs is None else jobs
        if not done:
            return
        ids = [job.id for job in done]
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM kernel_work WHERE token = %s AND id IN {in_list(ids)} AND wanted = claimed",  # noqa: S608 - placeholders only
                [self.token, *ids],
            )
            left = len(ids) - cursor.rowcount
            if left:
                left -= self._wanted_again(ids)
        if left:
            raise LeaseLost(f"{left} of {len(ids)} rows of {self.stage} belong to another worker now")

    def _wanted_again(self, ids: list[int]) -> int:
        return Work.objects.filter(token=self.token, id__in=ids).update(
            due_at=clock.now(), lease_until=None, token=0, attempts=0, bounced=0, reason="", detail=""
        )

    def give_back(self, *, at: datetime, because: str = "", bounced: bool = False) -> None:
        """Return the rows untouched, due at `at`; the attempt is not counted."""
        Work.objects.filter(id__in=[job.id for job in self.jobs], token=self.token).update(
            due_at=at,
            lease_until=None,
            token=0,
            reason=because[:300],
            attempts=F("attempts") - (1 if self.counted else 0),
            bounced=F("bounced") + (1 if bounced else 0),
        )

    def quarantine(self, job: Job, *, reason: str, detail: str = "") -> None:
        """Set one row aside until a person acts; the others go on. Safe inside the transaction that finishes them."""
        moved = Work.objects.filter(pk=job.id, token=self.token).update(
            due_at=None,
            lease_until=None,
            token=0,
            quarantined_at=clock.now(),
            reason=_printable(reason)[:300],
            detail=_printable(detail),
        )
        if not moved:
            raise LeaseLost(f"{self.stage} {job.subject} belongs to another worker now")

    def fail(self, job: Job, error: BaseException) -> None:
        """Count a failure alone: try later, alone again, or quarantine after the last attempt."""
        attempts = job.attempts if self.counted else job.attempts + 1
        reason, detail = _explain(error), "".join(traceback.format_exception(error))
        if isinstance(error, Permanent) or attempts >= retry.MAX_ATTEMPTS:
            self.quarantine(job, reason=reason, detail=detail)
            return
        again = clock.now() + timedelta(seconds=retry.backoff(attempts, jitter=random.random()))  # noqa: S311 - not a secret
        # lease_until stays set, with no token: the row is claimed alone when it is due again.
        Work.objects.filter(pk=job.id, token=self.token).update(
            due_at=again, lease_until=again, token=0, attempts=attempts, reason=reason[:300], detail=detail
        )

    def check(self, *, needs: timedelta) -> None:
        """Raise LeaseLost unless the rows are still ours and `needs` fits in the lease. Ask before an outside call."""
        if clock.now() + needs > self.lease_until:
            raise LeaseLost(f"{self.stage}: the call may last longer than the lease")
        ids = [job.id for job in self.jobs]
        if Work.objects.filter(id__in=ids, token=self.token).count() != len(ids):
            raise LeaseLost(f"{self.stage}: another worker took over")

    def renew(self) -> "Batch":
        """Extend the lease of a long batch. Raises LeaseLost when a row was taken over."""
        until = clock.now() + LEASE
        ids = [job.id for job in self.jobs]
        if Work.objects.filter(id__in=ids, token=self.token).update(due_at=until, lease_until=until) != len(ids):
            raise LeaseLost(f"{self.stage}: another worker took over")
        return replace(self, lease_until=until)


Handle = Callable[[Batch], None]


def put(
    *,
    stage: str,
    subjects: Iterable[UUID],
    now: datetime,
    lane: int = LIVE,
    due_at: datetime | None = None,
) -> None:
    """Upsert one row of work per subject, in the caller's transaction; five requests leave one row.

    A row that is leased or backing off keeps its time; a quarantined one is due again.
    """
    ordered = sorted(set(subjects))  # one lock order for every writer
    with connection.cursor() as cursor:
        for start in range(0, len(ordered), ROWS_IN_A_PUT):
            chunk = ordered[start : start + ROWS_IN_A_PUT]
            params: list[Any] = []
            for subject in chunk:
                params += [stage, for_db(subject), lane, for_db(now), for_db(due_at or now)]
            cursor.execute(put_sql(rows=len(chunk)), params)


def fan_out(*, stage: str, subjects: Sequence[UUID], now: datetime, lane: int = LIVE) -> None:
    """Put the work once for every outlet of the stage, such as `push:hubspot`."""
    if not subjects:
        return
    for name in Outlet.objects.filter(stage=stage).order_by("name").values_list("name", flat=True):
        put(stage=f"{stage}:{name}", subjects=subjects, now=now, lane=lane)


def claim(*, stage: str, size: int, lease: timedelta = LEASE) -> Batch | None:
    """Claim up to `size` due rows, or one row alone if its last claim ended badly. None when nothing is due."""
    now = clock.now()
    until = now + lease
    token = random.getrandbits(62) | 1  # only has to differ from other claims; 0 means nobody
    at, end = for_db(now), for_db(until)
    with connection.cursor() as cursor:
        cursor.execute(claim_sql(connection.vendor), [stage, at, stage, at, size, token, end, end])
        rows = cursor.fetchall()
    if not rows:
        return None
    jobs = [
        Job(id=row[0], subject=as_uuid(row[1]), lane=row[2], attempts=row[3], bounced=row[4], orphaned=bool(row[5]))
        for row in rows
    ]
    jobs.sort(key=lambda job: (job.lane, job.id))
    return Batch(stage=stage, token=token, lease_until=until, jobs=tuple(jobs), counted=len(jobs) == 1)


Room = Callable[[], int]


def drain(*, stage: str, handle: Handle, size: int, seconds: float = 20.0, room: Room | None = None) -> bool:
    """Work until a claim comes back short or the time is up. Gives True when more may be due.

    `room` is asked before each claim how many rows may be taken now, for a stage whose service may close; 0 ends.
    """
    enough = clock.now() + timedelta(seconds=seconds)
    while clock.now() < enough:
        take = size if room is None else min(size, room())
        batch = claim(stage=stage, size=take) if take else None
        if batch is None:
            return False
        work_through(batch, handle)
        if len(batch.jobs) < take and not _was_alone(batch):
            return False
    return True


def _was_alone(batch: Batch) -> bool:
    job = batch.jobs[0]
    return len(batch.jobs) == 1 and (job.orphaned or job.attempts > 1)


def work_through(batch: Batch, handle: Handle) -> None:
    """Give the batch to the stage's service; on failure split it until the poison row stands alone."""
    if batch.counted and batch.jobs[0].attempts > retry.MAX_ATTEMPTS:
        batch.quarantine(
            batch.jobs[0],
            reason=f"The worker died {retry.MAX_ATTEMPTS} times while working on this {batch.stage} alone.",
        )
        return
    try:
        handle(batch)
    except LeaseLost as lost:
        log.warning("lease lost", extra={"stage": batch.stage, "because": str(lost)})
    except Retryable as later:
        _give_back_later(batch, later)
    except (OperationalError, InterfaceError) as away:
        _database_trouble(batch, away)
    except Exception as error:  # noqa: BLE001 - the last door: whatever a row does, the others go on
        _isolate(batch, handle, error)


def _isolate(batch: Batch, handle: Handle, error: Exception) -> None:
    if len(batch.jobs) == 1:
        log.warning("work failed", extra={"stage": batch.stage, "subject": str(batch.jobs[0].subject)}, exc_info=error)
        batch.fail(batch.jobs[0], error)
        return
    for half in batch.halves():
        work_through(half, handle)


def _give_back_later(batch: Batch, later: Retryable) -> None:
    wait = later.after if later.after is not None else retry.backoff(1, jitter=random.random())  # noqa: S311
    batch.give_back(at=clock.now() + timedelta(seconds=wait), because=str(later))


def _database_trouble(batch: Batch, error: Exception) -> None:
    # A deadlock or a lock time-out says nothing about the row. With the database away the give-back fails too:
    # then the lease runs out and the rows come back by themselves.
    log.warning("database trouble", extra={"stage": batch.stage}, exc_info=error)
    with transaction.atomic():
        batch.give_back(at=clock.now() + timedelta(seconds=random.uniform(0.05, 0.5)), because="The database was busy.")  # noqa: S311


def _explain(error: BaseException) -> str:
    said = str(error).strip()
    return _printable(said if isinstance(error, Permanent) and said else f"{type(error).__name__}: {said}")


def _printable(text: str) -> str:
    return text.replace("\0", "\\0")
