"""Many workers at once: one record per lead, and one write per change."""

import threading
from collections.abc import Callable

import pytest
from django.db import close_old_connections, connections

from crm_sync import services
from crm_sync.models import Conflict, Connection
from leadhub.kernel.models import Work
from tests.crm_sync.conftest import MakeLead, Sandbox, due_now, want

WORKERS = 8

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(do: Callable[[], object]) -> None:
    """Run it in eight threads that start together, and re-raise what went wrong in any."""
    wrong: list[BaseException] = []
    gate = threading.Barrier(WORKERS)

    def one() -> None:
        try:
            gate.wait()
            close_old_connections()
            do()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test's own thread raises it
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if wrong:
        raise wrong[0]


def test_eight_workers_make_one_record_per_lead_with_one_write_each(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    want(hubspot, *[lead(email=f"p{n}@example.org") for n in range(200)])
    at_once(lambda: services.drain(connection=hubspot, size=7))
    assert len(sandbox.records) == 200
    assert {one["writes"] for one in sandbox.records} == {1}
    assert not Work.objects.exists()


def test_eight_workers_with_one_contested_address_leave_it_with_one_record(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    want(hubspot, *[lead(email="desk@example.org", first_name=f"N{n}") for n in range(8)])
    for _ in range(6):
        at_once(lambda: services.drain(connection=hubspot, size=1))
        due_now(hubspot)
    assert len(sandbox.records) == 8
    assert [one["properties"].get("email") for one in sandbox.records].count("desk@example.org") == 1
    assert Conflict.objects.filter(state="open").count() == 7
    assert not Work.objects.exists()


def test_lines_that_drop_under_eight_workers_double_nothing(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    want(hubspot, *[lead(email=f"p{n}@example.org") for n in range(60)])
    sandbox.fault(kind="drop", path="batch/upsert", count=4)
    for _ in range(6):
        at_once(lambda: services.drain(connection=hubspot, size=7))
        due_now(hubspot)
    assert {one["writes"] for one in sandbox.records} == {1}
    assert len({one["properties"]["leadhub_id"] for one in sandbox.records}) == len(sandbox.records) == 60
    assert not Work.objects.exists()
