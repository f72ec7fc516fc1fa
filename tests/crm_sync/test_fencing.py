"""A worker that was paused past its lease and goes on: what it still writes is noticed and put right."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest

from crm_sync import services
from crm_sync.contracts import OpResult, UpsertOp
from crm_sync.models import Connection
from identity.models import Lead
from leadhub.kernel import clock, work
from leadhub.kernel.models import Work
from tests.crm_sync.conftest import MakeLead, Sandbox, drain, due_now, link_of, push, want, write


def paused(connection: Connection, meanwhile: Callable[[], None]) -> None:
    """Claim, look at the lease, sleep past it while something else happens, and only then make the call."""
    batch = work.claim(stage=connection.stage, size=100)
    assert batch is not None
    account = services.account_of(connection=connection)
    send = account.connector.upsert

    def late(ops: Sequence[UpsertOp]) -> list[OpResult]:
        past = clock.now() - timedelta(seconds=5)
        Work.objects.filter(stage=connection.stage).update(lease_until=past, due_at=past)
        meanwhile()
        return send(ops)

    account.connector.upsert = late  # type: ignore[method-assign]
    work.work_through(batch, partial(services._push_now, account))


def settle(connection: Connection) -> None:
    for _ in range(3):
        due_now(connection)
        drain(connection)


def test_what_a_late_worker_overwrites_is_written_again(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada = lead(city="Rome", email="ada@example.org")
    want(hubspot, ada)

    def the_next_worker() -> None:
        write(ada, city="Oslo")
        push(hubspot, ada)
        assert sandbox.record(ada)["city"] == "Oslo"

    paused(hubspot, the_next_worker)
    settle(hubspot)
    assert sandbox.record(ada)["city"] == "Oslo"
    assert link_of(ada).base["city"] == "Oslo"
    assert not link_of(ada).doubtful
    assert not Work.objects.exists()


@pytest.mark.parametrize("others", [0, 3])
def test_a_late_worker_doubles_nothing(others: int, sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    leads: list[Lead] = [lead(email=f"p{n}@example.org") for n in range(others + 1)]
    want(hubspot, *leads)
    paused(hubspot, lambda: push(hubspot, *leads))
    settle(hubspot)
    assert len(sandbox.records) == others + 1
    assert not Work.objects.exists()
