"""Outages with real processes: what LeadHub stands on freezes, dies and comes back, and nothing is lost or doubled."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from statistics import median
from time import perf_counter

import httpx2
import psutil
import psycopg
import pytest

from leadhub.sandbox.telephony.parcel import Parcel
from leadhub.sandbox.telephony.visitors import ApiClient
from leadhub.sandbox.telephony.wire import Answered, Wire
from tests import services
from tests.rig import CRM_TOKEN, Rig, until

LEASE = 20
MUCH_SLOWER = 15  # times; a door that waited for a frozen Redis would be hundreds of times slower
NOT_RESOLVED = """
    SELECT count(*) FROM capture_inboundevent e WHERE e.id::text = ANY(%s) AND NOT EXISTS
      (SELECT 1 FROM capture_signal s JOIN identity_resolution r ON r.signal_id = s.id WHERE s.event_id = e.id)
"""


@dataclass
class Scene:
    """A running system, who sends to it, and what was accepted."""

    rig: Rig
    api: ApiClient
    wire: Wire
    people: int = 0
    accepted: set[str] = field(default_factory=set)

    def parcel(self) -> Parcel:
        """Give the submission of somebody new."""
        self.people += 1
        number = f"+1415{3_000_000 + self.people:07d}"
        return self.api.submit({"phone": number, "email": f"p{self.people}@example.org", "first_name": "Ann"})

    def send(self, parcel: Parcel | None = None) -> Answered:
        answered = self.wire.send(parcel or self.parcel())
        if answered.accepted:
            self.accepted.add(answered.event_id)
        return answered

    def posts(self, count: int) -> list[float]:
        """Post several; all must be accepted. Gives how long each took."""
        took = []
        for _ in range(count):
            began = perf_counter()
            assert self.send().accepted
            took.append(perf_counter() - began)
        return took

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.rig.database_url, autocommit=True) as database:
            return database.execute(query.encode(), values or None).fetchall()

    def quiet(self) -> bool:
        return self.ask("SELECT count(*) FROM kernel_work") == [(0,)]

    def fault(self, **wanted: object) -> None:
        httpx2.post(f"{self.rig.crm_url}/__sandbox__/faults", json=wanted, trust_env=False)

    def all_is_well(self) -> None:
        """Wait for the end of all work, then count: nothing lost, nothing doubled, everything in the CRM."""
        until(self.quiet, what="the end of all work", every=0.1)
        ids = sorted(self.accepted)
        assert self.ask("SELECT count(*) FROM capture_inboundevent WHERE id::text = ANY(%s)", ids) == [(len(ids),)]
        assert self.ask(NOT_RESOLVED, ids) == [(0,)]
        leads = self.ask("SELECT phone, count(*) FROM identity_lead GROUP BY phone HAVING count(*) > 1")
        assert leads == []
        stats = self.rig.crm_stats()
        assert stats["duplicates"] == {}
        assert self.ask("SELECT count(*) FROM identity_lead") == [(stats["contacts"],)]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with Rig(durable=True, settings={"LEADHUB_LEASE": str(LEASE)}) as rig, Wire(repeats=0) as wire:
        rig.manage("migrate", "--verbosity", "0")
        rig.start_crm()
        rig.connect_crm()
        printed = rig.manage("source", "add", "json_api", "--slug", "api")
        key = next(word for word in printed.split() if word.startswith("lhk_"))
        rig.start_web()
        rig.start_worker("worker0")
        rig.start_worker("worker1")
        scene = Scene(rig, ApiClient(url=f"{rig.web_url}/in/api/", key=key, rng=Random(5)), wire)
        scene.posts(4)
        scene.all_is_well()
        yield scene


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """Stop processes in the middle of whatever they do, and let them go on afterwards."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def family(rig: Rig, name: str) -> list[int]:
    """Give the pids of a process and its children."""
    process = psutil.Process(rig.processes[name].pid)
    return [process.pid, *(child.pid for child in process.children(recursive=True))]


def test_the_door_does_not_wait_for_a_frozen_redis(scene: Scene) -> None:
    free = median(scene.posts(30))
    with frozen(services.process_of(scene.rig.redis_url).pid):
        stuck = median(scene.posts(60))
    assert stuck < MUCH_SLOWER * free
    scene.all_is_well()


def test_a_redis_that_dies_and_comes_back_empty_loses_nothing(scene: Scene) -> None:
    scene.posts(10)
    services.process_of(scene.rig.redis_url).kill()
    scene.posts(10)
    for name in ("worker0", "worker1"):
        until(lambda name=name: "Cannot connect to redis" in scene.rig.log(name), what=f"{name} to notice")  # type: ignore[misc]
    services.revive(scene.rig.redis_url)
    scene.all_is_well()
    scene.posts(3)
    scene.all_is_well()
    assert [scene.rig.processes[name].poll() for name in ("worker0", "worker1")] == [None, None]


def test_a_database_that_dies_is_503_and_after_its_return_the_same_web_process_goes_on(scene: Scene) -> None:
    web = scene.rig.processes["web"].pid
    scene.posts(30)
    services.process_of(scene.rig.database_url).send_signal(signal.SIGQUIT)  # at once, as a crash
    until(lambda: scene.send().status == 503, what="the door to notice")
    parcel = scene.parcel()
    response = httpx2.post(parcel.url, content=parcel.body, headers=dict(parcel.headers), trust_env=False)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.headers["Content-Type"] == "application/problem+json"
    services.revive(scene.rig.database_url)
    scene.posts(8)
    assert scene.send(parcel).accepted
    assert scene.rig.processes["web"].pid == web
    assert scene.rig.processes["web"].poll() is None
    scene.all_is_well()


EXPIRE = """
    UPDATE kernel_work SET due_at = now(), lease_until = now()
    WHERE id IN (SELECT id FROM kernel_work WHERE token <> 0 FOR UPDATE SKIP LOCKED) RETURNING 1
"""
"""As if time had passed: what a worker holds is anybody's, unless it is committing just now."""


@pytest.mark.parametrize("count", [5, 20, 60])
def test_a_worker_that_sleeps_past_its_leases_doubles_nothing(scene: Scene, count: int) -> None:
    scene.posts(count)
    with frozen(*family(scene.rig, "worker0")):
        scene.ask(EXPIRE)
        scene.posts(3)
        with suppress(TimeoutError):  # the sleeper may be in a transaction others have to wait for
            until(scene.quiet, what="the other worker", seconds=3)
    scene.all_is_well()


def test_a_worker_that_sleeps_in_the_middle_of_a_call_doubles_nothing(scene: Scene) -> None:
    scene.rig.kill("worker1")
    scene.fault(kind="slow", seconds=2, count=1, path="batch/upsert")
    scene.posts(5)
    until(
        lambda: scene.ask("SELECT count(*) FROM kernel_work WHERE stage LIKE 'push%%' AND token <> 0") != [(0,)],
        what="a push",
        every=0.01,
    )
    with frozen(*family(scene.rig, "worker0")):
        scene.ask(EXPIRE)
        scene.rig.restart("worker1")
        until(scene.quiet, what="the other worker")
    scene.posts(1)
    scene.all_is_well()


def test_a_crm_that_refuses_our_token_is_asked_a_few_times_only_until_it_gets_a_good_one(scene: Scene) -> None:
    scene.rig.manage("connection", "token", "hubspot", "--token", "pat-wrong")
    before = _calls(scene)
    scene.posts(20)
    until(lambda: scene.ask("SELECT state FROM kernel_breaker") == [("auth",)], what="the breaker to open")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="connection token"):
            scene.rig.manage("drain")
    assert _calls(scene) - before <= 4
    scene.rig.manage("connection", "token", "hubspot", "--token", CRM_TOKEN)
    scene.all_is_well()
    assert scene.ask("SELECT state FROM kernel_breaker") == [("closed",)]


def _calls(scene: Scene) -> int:
    calls = scene.rig.crm_stats()["calls"]
    assert isinstance(calls, dict)
    return sum(calls.values())


def test_a_crm_that_does_the_work_and_drops_the_line_again_and_again_gets_no_record_twice(scene: Scene) -> None:
    scene.fault(kind="drop", count=4, path="batch/upsert", committed=True)
    parcels = [scene.parcel() for _ in range(30)]
    for parcel in [*parcels, *parcels[:10]]:
        assert scene.send(parcel).accepted
    scene.fault(kind="drop", count=2, path="batch/read")
    scene.all_is_well()
    per_lead = scene.rig.crm_stats()["writes_per_lead"]
    assert isinstance(per_lead, dict)
    assert max(per_lead.values()) <= 2
