"""The row is the job: claims, leases, fencing, splitting, quarantine."""

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine

from leadhub.kernel import clock, ids, retry, work
from leadhub.kernel.errors import LeaseLost, Permanent, Retryable
from leadhub.kernel.models import Outlet, Work

pytestmark = pytest.mark.django_db

STAGE = "test"


def put(count: int, *, lane: int = work.LIVE) -> list[UUID]:
    subjects = [ids.new() for _ in range(count)]
    work.put(stage=STAGE, subjects=subjects, now=clock.now(), lane=lane)
    return subjects


def claim(size: int = 50) -> work.Batch:
    batch = work.claim(stage=STAGE, size=size)
    assert batch is not None
    return batch


def drain(handle: work.Handle, size: int = 50) -> bool:
    return work.drain(stage=STAGE, handle=handle, size=size)


def done(batch: work.Batch) -> None:
    batch.finish()


def later(seconds: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(seconds=seconds), tick=True)


def test_five_requests_leave_one_row() -> None:
    (subject,) = put(1)
    for _ in range(4):
        work.put(stage=STAGE, subjects=[subject], now=clock.now())
    assert Work.objects.get().wanted == 5


def test_a_claim_takes_no_more_rows_than_it_asks_for() -> None:
    put(120)
    assert len(claim(50).jobs) == 50
    assert Work.objects.filter(token=0).count() == 70


def test_rows_of_another_stage_are_left_alone() -> None:
    put(3)
    assert work.claim(stage="other", size=10) is None


def test_urgent_work_is_claimed_first() -> None:
    put(5)
    (urgent,) = put(1, lane=work.URGENT)
    assert claim(1).subjects == [urgent]


def test_claimed_rows_are_not_claimed_again_until_the_lease_ends() -> None:
    put(2)
    claim()
    assert work.claim(stage=STAGE, size=10) is None
    with later(91):
        assert claim().jobs[0].orphaned


def test_a_row_whose_claim_ended_without_an_outcome_is_claimed_alone() -> None:
    put(3)
    claim()
    put(2)
    with later(91):
        first = claim()
    assert len(first.jobs) == 1
    assert first.jobs[0].orphaned


def test_finished_work_is_gone() -> None:
    put(3)
    claim().finish()
    assert not Work.objects.exists()


def test_work_wanted_again_during_the_claim_is_due_again() -> None:
    (subject,) = put(1)
    batch = claim()
    work.put(stage=STAGE, subjects=[subject], now=clock.now())
    batch.finish()
    row = Work.objects.get()
    assert row.lease_until is None
    assert row.due_at is not None
    assert row.due_at <= clock.now()


def test_a_worker_that_slept_past_its_lease_cannot_finish() -> None:
    put(1)
    sleeper = claim()
    with later(91):
        claim()
        with pytest.raises(LeaseLost):
            sleeper.finish()
    assert Work.objects.count() == 1


def test_a_poison_row_stands_alone_and_the_others_go_through() -> None:
    subjects = put(9)
    seen: list[UUID] = []

    def handle(batch: work.Batch) -> None:
        if subjects[4] in batch.subjects:
            raise ValueError("poison")
        seen.extend(batch.subjects)
        batch.finish()

    drain(handle)
    assert sorted(seen) == sorted(set(subjects) - {subjects[4]})
    row = Work.objects.get()
    assert (row.subject, row.attempts) == (subjects[4], 1)
    assert row.due_at is not None
    assert row.due_at > clock.now()


def test_what_can_never_be_done_is_quarantined_with_its_reason() -> None:
    put(1)

    def handle(batch: work.Batch) -> None:
        raise Permanent("This body is not UTF-8.")

    drain(handle)
    row = Work.objects.get()
    assert (row.reason, row.due_at) == ("This body is not UTF-8.", None)
    assert row.quarantined_at


def test_a_row_that_keeps_failing_is_quarantined_after_the_last_attempt() -> None:
    put(1)

    def handle(batch: work.Batch) -> None:
        raise ValueError("still broken")

    for hour in range(retry.MAX_ATTEMPTS):
        with later(hour * 3600):
            drain(handle)
    row = Work.objects.get()
    assert row.quarantined_at
    assert "still broken" in row.reason
    assert row.attempts == retry.MAX_ATTEMPTS - 1 or row.attempts == retry.MAX_ATTEMPTS


def test_a_row_that_kills_its_worker_runs_out_of_attempts() -> None:
    put(1)
    for hour in range(retry.MAX_ATTEMPTS):
        with later(hour * 3600):
            claim()
    with later(retry.MAX_ATTEMPTS * 3600):
        batch = claim()
    assert batch.jobs[0].attempts == retry.MAX_ATTEMPTS + 1
    with later((retry.MAX_ATTEMPTS + 1) * 3600):
        drain(done)
    assert "died" in Work.objects.get().reason


def test_later_gives_the_attempt_back() -> None:
    put(1)

    def handle(batch: work.Batch) -> None:
        raise Retryable("come back", after=30)

    drain(handle)
    row = Work.objects.get()
    assert (row.attempts, row.reason) == (0, "come back")
    assert row.due_at is not None
    assert clock.now() + timedelta(seconds=25) < row.due_at < clock.now() + timedelta(seconds=35)


def test_a_new_request_does_not_shorten_a_back_off_but_frees_the_quarantined() -> None:
    (subject,) = put(1)
    claim().give_back(at=clock.now() + timedelta(minutes=5), because="429")
    work.put(stage=STAGE, subjects=[subject], now=clock.now())
    row = Work.objects.get()
    assert row.due_at is not None
    assert row.due_at > clock.now() + timedelta(minutes=4)
    with later(600):
        batch = claim()
        batch.quarantine(batch.jobs[0], reason="bad")
        work.put(stage=STAGE, subjects=[subject], now=clock.now())
        row = Work.objects.get()
    assert (row.quarantined_at, row.reason) == (None, "")
    assert row.due_at


def test_checking_refuses_a_call_longer_than_the_lease() -> None:
    put(1)
    batch = claim()
    batch.check(needs=timedelta(seconds=10))
    with pytest.raises(LeaseLost):
        batch.check(needs=timedelta(minutes=10))


def test_renewing_keeps_others_out() -> None:
    put(1)
    batch = claim()
    with later(80):
        batch = batch.renew()
    with later(120):
        assert work.claim(stage=STAGE, size=1) is None
        batch.check(needs=timedelta(seconds=1))


def test_fan_out_serves_every_outlet() -> None:
    Outlet.objects.bulk_create([Outlet(stage="push", name="a"), Outlet(stage="push", name="b")])
    work.fan_out(stage="push", subjects=[ids.new()], now=clock.now())
    assert sorted(Work.objects.values_list("stage", flat=True)) == ["push:a", "push:b"]


def test_nul_in_an_error_does_not_stop_its_quarantine() -> None:
    put(1)

    def handle(batch: work.Batch) -> None:
        raise Permanent("bad \0 byte")

    drain(handle)
    assert "\\0" in Work.objects.get().reason
