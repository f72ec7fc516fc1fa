"""The breaker stops calls for everybody, lets one probe through, and grows its pauses."""

from datetime import UTC, datetime, timedelta

import pytest

from leadhub.kernel import breaker
from leadhub.kernel.breaker import Way
from leadhub.kernel.models import Breaker

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def fail(times: int, *, at: datetime = NOW) -> int:
    return [breaker.failed(name="crm", because="it answered 500", now=at) for _ in range(times)][-1]


def way(seconds: float = 0) -> Way:
    return breaker.allow(name="crm", now=NOW + timedelta(seconds=seconds))


def test_a_service_nobody_had_trouble_with_is_free() -> None:
    assert way() is Way.FREE
    assert breaker.healthy(name="crm")


def test_a_few_failures_are_borne() -> None:
    assert fail(breaker.OPENS_AFTER - 1) == breaker.OPENS_AFTER - 1
    assert way() is Way.FREE
    assert not breaker.healthy(name="crm")


def test_failures_with_a_success_between_do_not_add_up() -> None:
    fail(breaker.OPENS_AFTER - 1)
    breaker.succeeded(name="crm", now=NOW)
    assert fail(1) == 1
    assert way() is Way.FREE


def test_several_in_a_row_open_it_and_one_caller_gets_the_probe() -> None:
    fail(breaker.OPENS_AFTER)
    assert way(1) is Way.WAIT
    assert [way(3), way(3)] == [Way.PROBE, Way.WAIT]


def test_a_probe_that_died_frees_its_place() -> None:
    fail(breaker.OPENS_AFTER)
    assert way(3) is Way.PROBE
    assert way(3 + breaker.PROBE_TAKES.total_seconds() + 1) is Way.PROBE


def test_an_unused_probe_can_be_given_back() -> None:
    fail(breaker.OPENS_AFTER)
    assert way(3) is Way.PROBE
    breaker.release(name="crm", now=NOW + timedelta(seconds=3))
    assert way(3) is Way.PROBE


def test_each_failed_probe_doubles_the_pause_up_to_a_limit() -> None:
    pauses: list[float] = []
    for _ in range(12):
        fail(breaker.OPENS_AFTER if not pauses else 1)
        until = Breaker.objects.get().blocked_until
        assert until is not None
        pauses.append((until - NOW).total_seconds())
    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0]
    assert pauses[-1] == breaker.LONGEST_PAUSE


def test_a_good_probe_closes_it() -> None:
    fail(breaker.OPENS_AFTER)
    assert way(3) is Way.PROBE
    breaker.succeeded(name="crm", now=NOW)
    assert way(3) is Way.FREE
    assert Breaker.objects.get().reason == ""


def test_refused_credentials_open_it_at_once() -> None:
    breaker.refuse(name="crm", because="the token is not valid", now=NOW)
    row = Breaker.objects.get()
    assert (row.state, row.reason) == (Breaker.State.AUTH, "the token is not valid")
    assert way(60) is Way.WAIT
    assert way(301) is Way.PROBE


def test_a_request_for_quiet_is_kept_to_the_second_and_never_shortened() -> None:
    breaker.block(name="crm", after=30, because="slow down", now=NOW)
    breaker.block(name="crm", after=5, because="slow down", now=NOW)
    assert way(29.9) is Way.WAIT
    assert way(30) is Way.FREE


def test_a_person_may_close_it() -> None:
    breaker.refuse(name="crm", because="the token is not valid", now=NOW)
    breaker.close(name="crm", now=NOW)
    assert way() is Way.FREE
