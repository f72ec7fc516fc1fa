"""A backlog of events until the CRM has acknowledged all, against a chain of four tasks each: `make bench-drain`.

Both run with `celery -c 2` on the same PostgreSQL, Redis and CRM simulator, one after the other.
"""

import json
import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta

import psycopg

from tests.rig import CRM_TOKEN, ROOT, Rig, until


def main() -> None:
    """Measure both shapes, then count statements."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=6000)
    parser.add_argument("--chains", type=int, default=600)
    chosen = parser.parse_args()
    with Rig() as rig:
        rig.django_here()
        rig.start_crm()
        chain = chain_of_four(rig, chosen.chains)
        sys.stderr.write(f"chain of four: {chain:.0f}/s\n")
        rig.connect_crm()
        fill(rig, chosen.signals, seed=1)
        drained, commits = drain(rig, chosen.signals)
        sys.stderr.write(f"drain: {drained:.0f}/s\n")
        queries = statements(rig, 2000)
    result = {
        "drain_per_s": round(drained, 1), "chain_of_four_per_s": round(chain, 1),
        "drain_ratio": round(drained / chain, 1), "commits_per_signal": round(commits, 3),
        "queries_per_signal": round(queries, 3), "signals": chosen.signals,
    }  # fmt: skip
    sys.stdout.write(json.dumps(result) + "\n")


def chain_of_four(rig: Rig, count: int) -> float:
    """Publish a backlog of chains, then start the worker and time it from its first to its last signal."""
    rig.env |= {"SHAPE_A_CRM_URL": rig.crm_url, "SHAPE_A_CRM_TOKEN": CRM_TOKEN}
    prepare_crm(rig)
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.shape_a.fill", str(count)], cwd=ROOT, env=rig.env, check=True
    )
    rig.start(
        "shape_a",
        [
            sys.executable, "-m", "celery", "-A", "tests.benchmarks.shape_a.app", "worker", "-Q", "shape_a", "-c", "2",
            "--loglevel", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat",
        ],
    )  # fmt: skip
    with psycopg.connect(rig.database_url, autocommit=True) as connection:

        def done(condition: str) -> int:
            row = connection.execute(f"SELECT count(*) FROM shape_a_signal WHERE {condition}").fetchone()
            return int(row[0]) if row else 0

        until(lambda: done("facts <> '{}'"), what="the first task", every=0.01)
        began = time.perf_counter()
        until(lambda: done("pushed") == count, what="all chains", seconds=300, every=0.05)
        took = time.perf_counter() - began
    rig.kill("shape_a")
    return count / took


def prepare_crm(rig: Rig) -> None:
    """Make the unique property both programs upsert by; LeadHub's preflight does it for its own connection."""
    import httpx2  # noqa: PLC0415 - only here

    httpx2.post(
        f"{rig.crm_url}/crm/v3/properties/contacts",
        headers={"Authorization": f"Bearer {CRM_TOKEN}"},
        json={
            "name": "leadhub_id", "label": "LeadHub ID", "groupName": "contactinformation", "type": "string",
            "fieldType": "text", "hasUniqueValue": True,
        },
        trust_env=False,
    ).raise_for_status()  # fmt: skip


def fill(rig: Rig, count: int, *, seed: int) -> None:
    """Append a backlog of deliveries, one in five by somebody known, as the door does."""
    from capture import doors, log  # noqa: PLC0415 - needs Django set up
    from capture.contracts import Delivery  # noqa: PLC0415 - needs Django set up
    from leadhub.kernel import clock  # noqa: PLC0415 - needs Django set up
    from tests.people import Doors, Somebody  # noqa: PLC0415 - needs Django set up

    opened = Doors.open(seed=seed, web_url=rig.web_url) if seed == 1 else None
    found = doors.find("api")
    assert found is not None
    people = int(count * 0.8)
    for number in range(count):
        who = Somebody(seed * 1_000_000 + number % people)
        body = json.dumps(
            {
                "first_name": who.first,
                "last_name": who.last,
                "email": who.email,
                "phone": who.phone,
                "city": f"C{number}",
            }
        ).encode()
        now = clock.now() + timedelta(0)
        delivery = Delivery(
            method="POST", url="", query="", headers={"idempotency-key": f"{seed}-{number}"},
            content_type="application/json", body=body, received_at=now,
        )  # fmt: skip
        receipt = found.adapter.receive(delivery, found.door)
        log.append(source_id=found.source_id, receipt=receipt, delivery=delivery, verdict="bench", now=now)
    del opened


def drain(rig: Rig, count: int) -> tuple[float, float]:
    """Start a worker and time it from its first claim until nothing is due. Gives signals/s, commits each."""
    from tests.faults import verdict  # noqa: PLC0415 - needs Django set up

    before = transactions(rig)
    rig.start_worker(processes=2)
    until(lambda: claimed_any(count), what="the first claim", every=0.01)
    began = time.perf_counter()
    until(verdict.quiet, what="the backlog", seconds=300, every=0.1)
    took = time.perf_counter() - began
    commits = (transactions(rig) - before) / count
    rig.kill("worker")
    check_all_arrived(rig, count)
    return count / took, commits


def claimed_any(count: int) -> bool:
    """Tell whether a worker has begun."""
    from leadhub.kernel.models import Work  # noqa: PLC0415 - needs Django set up

    return Work.objects.filter(stage="normalise", token=0).count() < count


def check_all_arrived(rig: Rig, count: int) -> None:
    """See that the CRM has every person, so that speed was not bought with loss."""
    expected = int(count * 0.8)
    writes = rig.crm_stats()["writes_per_lead"]
    assert isinstance(writes, dict)
    people = sum(1 for lead in writes if lead and not lead.startswith("a-"))
    if people != expected:
        raise SystemExit(f"the CRM has {people} people, expected {expected}")


def transactions(rig: Rig) -> int:
    """Give the number of the next writing transaction: the difference counts those between."""
    with psycopg.connect(rig.database_url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        return int(row[0]) if row else 0


def statements(rig: Rig, count: int) -> float:
    """Drain another backlog in this process and count every statement."""
    from django.db import connection  # noqa: PLC0415 - needs Django set up

    from leadhub import pipeline  # noqa: PLC0415 - needs Django set up
    from tests.faults import verdict  # noqa: PLC0415 - needs Django set up

    fill(rig, count, seed=2)
    seen = 0

    def counting(execute: Callable[..., object], sql: str, params: object, many: bool, context: object) -> object:
        nonlocal seen
        seen += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counting):
        pipeline.run_here()
    if not verdict.quiet():
        raise SystemExit("one pass of the pipeline left work behind")
    return seen / count


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
