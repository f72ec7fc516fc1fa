"""What can be done with leads: resolve signals, and what people decide."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import uniform
from uuid import UUID

from django.db import transaction
from django.db.models import F

from capture.models import Signal
from identity import consent, conversations, resolver
from identity.editing import edit
from identity.evidence import Shown
from identity.merging import Refused, cannot_link, merge, settle_review, unmerge
from identity.models import Resolution
from identity.rounds import Round
from identity.settling import MOST_EVIDENCE
from leadhub.kernel import locks, work
from leadhub.kernel.work import Batch, Job

__all__ = ["Refused", "cannot_link", "edit", "merge", "resolve", "settle_review", "unmerge"]

PATIENCE = 3
"""Times a signal is given back because somebody holds its keys, before it waits for them."""


def resolve(*, batch: Batch, now: datetime) -> None:
    """Decide whose signals these are, in one transaction; those whose keys are locked are given back at once."""
    with transaction.atomic():
        shown = _load(batch)
        ours, others = _lock(batch, shown)
        if others:
            pause = timedelta(seconds=uniform(0.005, 0.05))  # noqa: S311 - not a secret
            batch.only(others).give_back(at=now + pause, because="Its keys were locked.", bounced=True)
        mine = [shown[job.subject] for job in ours if job.subject in shown]
        _resolve(mine, lane=min((job.lane for job in ours), default=work.LIVE), now=now)
        batch.only(ours).finish()


def _load(batch: Batch) -> dict[UUID, Shown]:
    """Load the signals that are still to be decided; a replayed one was decided before."""
    rows = (
        Signal.objects.filter(pk__in=batch.subjects)
        .exclude(resolution__outcome__in=[o for o in Resolution.Outcome.values if o != Resolution.Outcome.HELD])
        .select_related("source")
        .annotate(trace=F("event__traceparent"))
    )
    return {signal.pk: Shown(signal) for signal in rows}


def _lock(batch: Batch, shown: Mapping[UUID, Shown]) -> tuple[list[Job], list[Job]]:
    """Take the locks on all keys that are free; wait only for signals that were given back too often."""
    needs = {job.id: lock_digests(shown=shown[job.subject]) if job.subject in shown else set() for job in batch.jobs}
    patient = {d for job in batch.jobs if job.bounced >= PATIENCE for d in needs[job.id]}
    if patient:
        locks.wait_for(patient)
    wanted = sorted({d for digests in needs.values() for d in digests})
    held = patient | locks.try_all(d for d in wanted[: locks.MOST] if d not in patient)
    ours = [job for job in batch.jobs if needs[job.id] <= held]
    return ours, [job for job in batch.jobs if not needs[job.id] <= held]


def lock_digests(*, shown: Shown) -> set[bytes]:
    """Give what must be locked before a signal's people are looked up."""
    digests = {digest for _kind, digest in shown.keys} if shown.personal else set()
    # Or a withdrawal could miss the lead that is being made of the same number right now, and no CRM would hear of it.
    digests |= consent.points_in(shown)
    if shown.signal.conversation:
        digests.add(conversations.key(shown.signal.conversation))
    return digests


def _resolve(shown: Sequence[Shown], *, lane: int, now: datetime) -> None:
    # Withdrawals first: whatever happens to the rest of the batch, they are one commit.
    withdrawn = consent.record(shown, now=now)
    personal = [one for one in shown if one.personal and not one.orphan]
    done = resolver.resolve(personal, now=now) if personal else Round(now=now)
    rows = [_resolution(one, done, now=now) for one in personal]
    rows += [_no_lead(one, now=now) for one in shown if not one.personal]
    rows += conversations.follow(shown, done, now=now)
    _store(rows)
    work.put(stage="decide", subjects=done.changed - withdrawn, now=now, lane=lane)
    work.put(stage="decide", subjects=withdrawn, now=now, lane=work.URGENT)


def _resolution(one: Shown, done: Round, *, now: datetime) -> Resolution:
    item = done.touched[one.profile]
    lead_id = item.profile.root_id
    outcome = Resolution.Outcome.ATTACHED
    if lead_id in done.settled.founded and min(item.shown, key=lambda s: s.order) is one:
        outcome = Resolution.Outcome.CREATED
    elif item.fresh and any(m.survivor_id == lead_id for m in done.settled.merged):
        outcome = Resolution.Outcome.MERGED
    because = _evidence(one, done)
    return Resolution(
        signal=one.signal, profile=item.profile, lead_id=lead_id, outcome=outcome, because=because, decided_at=now
    )


def _evidence(one: Shown, done: Round) -> list[dict[str, object]]:
    """Say why a signal went where it went: the keys it shows, and the links that joined its profile to others."""
    if not one.keys:
        return [{"note": "nothing to recognise it by"}]
    shows: dict[str, object] = {"keys": [kind for kind, _digest in one.keys]}
    if not done.touched[one.profile].fresh or done.parted is None:
        return [{**shows, "note": "shows what earlier signals of this lead showed"}]
    return [shows, *done.parted.joining({one.profile})[:MOST_EVIDENCE]]


def _no_lead(one: Shown, *, now: datetime) -> Resolution:
    note = f"a {one.signal.kind} signal makes no lead by itself"
    return Resolution(signal=one.signal, outcome=Resolution.Outcome.NO_LEAD, because=[{"note": note}], decided_at=now)


def _store(rows: Sequence[Resolution]) -> None:
    Resolution.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["signal"],
        update_fields=["profile", "lead", "outcome", "because", "decided_at"],
    )
