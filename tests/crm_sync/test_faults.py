"""What the CRM does wrong costs neither a lead nor a record, and few calls."""

from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
import time_machine
from django.db import OperationalError

from crm_sync import connections, planning, services
from crm_sync.models import Connection, PushAttempt
from leadhub.kernel import clock, http, work
from leadhub.kernel.models import Breaker, Work
from tests.crm_sync.conftest import MakeLead, Sandbox, drain, due_now, link_of, push, want, write

UPSERT = "batch/upsert"


def later(connection: Connection, seconds: float) -> None:
    """Let time pass for this connection: what waits has waited."""
    Work.objects.filter(stage=connection.stage, due_at__isnull=False).update(due_at=clock.now())
    earlier = clock.now() - timedelta(seconds=1)
    for row in Breaker.objects.filter(blocked_until__lte=clock.now() + timedelta(seconds=seconds)):
        Breaker.objects.filter(pk=row.pk).update(blocked_until=earlier)


def test_committed_but_unanswered_gives_one_record_and_no_second_write(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(email="ada@example.org")
    sandbox.fault(kind="drop", count=1, path=UPSERT)
    push(hubspot, ada)
    assert link_of(ada).doubtful
    assert PushAttempt.objects.latest("id").outcome == "unknown"
    later(hubspot, 60)
    drain(hubspot)
    assert sandbox.called("batch/upsert") == 1
    assert sandbox.called("batch/read") == 1
    link = link_of(ada)
    assert not link.doubtful
    assert link.base["email"] == "ada@example.org"
    assert [one["writes"] for one in sandbox.records] == [1]


def test_unanswered_and_not_committed_is_sent_again(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada = lead(email="ada@example.org")
    sandbox.fault(kind="drop", count=1, path=UPSERT, committed=False)
    push(hubspot, ada)
    later(hubspot, 60)
    drain(hubspot)
    assert sandbox.record(ada)["email"] == "ada@example.org"


def test_an_unanswered_change_is_read_back_before_the_next_diff(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(city="Rome")
    push(hubspot, ada)
    sandbox.fault(kind="drop", count=1, path=UPSERT)
    write(ada, city="Oslo")
    push(hubspot, ada)
    write(ada, city="Rome")  # `base` would say: nothing to do
    later(hubspot, 60)
    push(hubspot, ada)
    assert sandbox.record(ada)["city"] == "Rome"


def test_a_worker_that_died_after_the_call_is_followed_by_a_look_not_a_write(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(email="ada@example.org")
    want(hubspot, ada)
    dead = work.claim(stage=hubspot.stage, size=100)
    assert dead is not None
    account = services.account_of(connection=hubspot)
    items = planning.load(batch=dead, account=account, now=clock.now())
    account.connector.upsert([planning.op_for(items[0], account)])
    past = clock.now() - timedelta(seconds=5)
    Work.objects.update(lease_until=past, due_at=past)  # the lease ran out
    drain(hubspot)
    assert [one["writes"] for one in sandbox.records] == [1]
    assert link_of(ada).base["email"] == "ada@example.org"


def test_an_outcome_that_could_not_be_stored_is_looked_up_before_the_next_diff(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = lead(city="Rome")
    push(hubspot, ada)
    write(ada, city="Oslo")
    want(hubspot, ada)
    with monkeypatch.context() as broken:
        broken.setattr(work.Batch, "finish", Mock(side_effect=OperationalError("database is locked")))
        services.drain(connection=hubspot, size=100)
    assert sandbox.record(ada)["city"] == "Oslo"
    write(ada, city="Rome")  # `base`, as it was stored, would say: nothing to do
    later(hubspot, 60)
    push(hubspot, ada)
    assert sandbox.record(ada)["city"] == "Rome"


def test_a_429_stops_the_whole_connection_until_retry_after(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    start = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    leads = [lead(email=f"p{n}@example.org") for n in range(300)]
    with time_machine.travel(start, tick=False) as clock_hand:
        sandbox.fault(kind="throttle", count=1, retry_after=7)
        push(hubspot, *leads)
        assert sandbox.calls == 1
        clock_hand.shift(timedelta(seconds=6.9))
        drain(hubspot)
        assert sandbox.calls == 1
        clock_hand.shift(timedelta(seconds=0.2))
        drain(hubspot)
        assert sandbox.calls == 4
    assert len(sandbox.records) == 300


def test_the_daily_limit_is_not_asked_again_for_an_hour(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    sandbox.fault(kind="throttle", count=1, policy="DAILY", retry_after=1)
    before = clock.now()
    push(hubspot, lead())
    blocked = Breaker.objects.get(name=hubspot.service).blocked_until
    assert blocked is not None
    assert blocked - before >= timedelta(minutes=59)


def test_401_for_ever_costs_one_call_and_tells_the_admin_what_to_do(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    sandbox.fault(kind="unauthorised")
    push(hubspot, *[lead(email=f"p{n}@example.org") for n in range(250)])
    drain(hubspot)
    assert sandbox.calls == 1
    breaker = Breaker.objects.get(name=hubspot.service)
    assert breaker.state == Breaker.State.AUTH
    assert "connection token" in breaker.reason
    assert Work.objects.filter(quarantined_at=None, attempts=0).count() == 250


def test_after_minutes_one_row_probes_refused_credentials(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    sandbox.fault(kind="unauthorised", count=2)
    push(hubspot, *[lead(email=f"p{n}@example.org") for n in range(50)])
    later(hubspot, 600)
    drain(hubspot)
    assert sandbox.calls == 2
    later(hubspot, 600)
    drain(hubspot)
    assert len(sandbox.records) == 50
    assert sandbox.calls == 4  # the probe with one row, then the other 49


def test_a_new_token_lets_calls_through_at_once(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    connections.set_token(connection=hubspot, token="pat-wrong", now=clock.now())
    ada = lead(email="ada@example.org")
    push(hubspot, ada)
    assert not sandbox.records
    connections.set_token(connection=hubspot, token="pat-sandbox", now=clock.now())
    due_now(hubspot)
    drain(hubspot)
    assert sandbox.record(ada)["email"] == "ada@example.org"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_outage_opens_the_breaker_and_loses_nothing(
    status: int, sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    sandbox.fault(kind="error", status=status)
    leads = [lead(email=f"p{n}@example.org") for n in range(120)]
    want(hubspot, *leads)
    for _ in range(12):
        due_now(hubspot)
        drain(hubspot)
    assert sandbox.calls <= 8
    assert Breaker.objects.get(name=hubspot.service).state == Breaker.State.OPEN
    sandbox.hubspot.faults.clear()
    later(hubspot, 600)
    drain(hubspot)
    assert len(sandbox.records) == 120
    assert not Work.objects.exists()


def test_a_crm_that_cannot_be_reached_opens_the_breaker(hubspot: Connection, lead: MakeLead) -> None:
    Connection.objects.filter(pk=hubspot.pk).update(base_url="http://127.0.0.1:9")
    hubspot.refresh_from_db()
    want(hubspot, lead())
    for _ in range(6):
        due_now(hubspot)
        drain(hubspot)
    breaker = Breaker.objects.get(name=hubspot.service)
    assert breaker.state == Breaker.State.OPEN
    assert "cannot be reached" in breaker.reason
    assert Work.objects.get().quarantined_at is None


@pytest.mark.parametrize("kind", ["error", "drop"])
def test_one_record_the_crm_cannot_stomach_is_found_and_the_others_go(
    kind: str, sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    sandbox.fault(kind=kind, body="Poison", committed=False)
    poison = lead(last_name="Poison")
    push(hubspot, poison, *[lead(email=f"p{n}@example.org") for n in range(40)])
    for n in range(14):
        later(hubspot, 600)
        push(hubspot, lead(email=f"q{n}@example.org"))
    row = Work.objects.get()
    assert len(sandbox.records) == 54
    assert row.subject == poison.pk
    assert row.quarantined_at is not None
    assert "this record alone" in row.reason


def test_half_a_second_of_slowness_is_just_waited_for(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    sandbox.fault(kind="slow", seconds=0.5, count=1)
    ada = lead(email="ada@example.org")
    push(hubspot, ada)
    assert link_of(ada).state == "linked"
    assert sandbox.calls == 1


def test_no_answer_within_the_time_out_is_unknown_and_then_looked_up(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ", 0.2)
    http.close_all()
    sandbox.fault(kind="slow", seconds=1.0, count=1, path=UPSERT)
    ada = lead(email="ada@example.org")
    push(hubspot, ada)
    assert link_of(ada).doubtful
    assert sandbox.settled()
    http.close_all()
    later(hubspot, 60)
    drain(hubspot)
    assert [one["writes"] for one in sandbox.records] == [1]
