"""Kill everything, many times, while signals flow: `make chaos`. Ends in one JSON line; exit code 1 if a promise broke.

Every 202 must reach a terminal state with a reason, and no lead or CRM record may be doubled.
"""

import json
import os
import random
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
import redis

from tests.rig import Rig, until, whole

if TYPE_CHECKING:
    from leadhub.sandbox.telephony.parcel import Parcel
    from leadhub.sandbox.telephony.wire import Answered
    from tests.people import Doors, Somebody

TARGETS = ("web", "worker0", "worker1", "crm")
SENDERS = 4
PACE = 1.5  # seconds a kill and the restart after it take, about
WIPE = "broker wiped"
REPEATS = 400  # a provider in this drill does not give up
LEASE = 25  # seconds; short, so that the drill does not wait long for the leases of the dead


@dataclass
class Score:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    accepted: set[str] = field(default_factory=set)
    refused: int = 0


def main() -> int:
    """Run the drill."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    chosen = parser.parse_args()
    say(f"seed {chosen.seed}")
    with whole(workers=2, processes=2, settings={"LEADHUB_LEASE": str(LEASE)}) as rig:
        result = drill(rig, signals=chosen.signals, kills=chosen.kills, seed=chosen.seed)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if not (result["lost"] or result["doubled"] or result["stuck"]) else 1


def say(what: str) -> None:
    """Tell the person who watches."""
    sys.stderr.write(what + "\n")


def drill(rig: Rig, *, signals: int, kills: int, seed: int) -> dict[str, object]:
    """Send while killing, wait for quiet, count."""
    from tests.faults import verdict  # noqa: PLC0415 - needs Django set up
    from tests.people import Doors, Somebody  # noqa: PLC0415 - needs Django set up

    score = Score()
    people = [Somebody(number) for number in range(-(-signals // 6))]
    doors = Doors.open(seed=seed, web_url=rig.web_url)
    flowing = threading.Event()
    flowing.set()
    killer = threading.Thread(target=kill_at_random, args=(rig, score, kills, seed, flowing))
    killer.start()
    send_everything(doors, people, score, seed=seed, signals=signals, seconds=kills * PACE)
    say(f"sent; {sum(score.kills.values())} kills so far")
    killer.join()
    flowing.clear()
    ended = time.monotonic()
    try:
        until(verdict.quiet, what="every row to be done", seconds=8 * LEASE + 120, every=0.5)
        stuck = 0
    except TimeoutError:
        stuck = verdict.due()
    found = verdict.reach(rig, accepted=score.accepted, people=[p.phone for p in people])
    return {
        "kills": sum(score.kills.values()) - score.kills[WIPE], "killed": dict(score.kills),
        "accepted": len(score.accepted), "refused": score.refused, **found, "stuck": stuck,
        "settled_s": round(time.monotonic() - ended, 1), "seed": seed,
    }  # fmt: skip


def send_everything(
    doors: "Doors", people: "list[Somebody]", score: Score, *, seed: int, signals: int, seconds: float
) -> None:
    """Send every person's signals in a shuffled order, one in twenty twice, until each is answered.

    They are spread at random over the time the kills take, so that every kill meets signals on their way.
    """
    from leadhub.sandbox.telephony.wire import Wire  # noqa: PLC0415 - needs Django set up

    rng = random.Random(seed)
    parcels = [parcel for person in people for parcel in doors.everything(person, rounds=6)][:signals]
    parcels += rng.sample(parcels, k=len(parcels) // 20)
    rng.shuffle(parcels)
    began = time.monotonic()
    moments = sorted(rng.uniform(0, seconds) for _ in parcels)

    def send(moment: float, parcel: "Parcel") -> "Answered":
        time.sleep(max(0.0, began + moment - time.monotonic()))
        return wire.send(parcel)

    with Wire(repeats=REPEATS) as wire, ThreadPoolExecutor(SENDERS) as pool:
        for answered in pool.map(send, moments, parcels):
            if answered.accepted and answered.event_id:
                score.accepted.add(answered.event_id)
            else:
                score.refused += 1


def kill_at_random(rig: Rig, score: Score, kills: int, seed: int, flowing: threading.Event) -> None:
    """Kill whole processes and children of pools, and wipe the broker once, until the count is reached."""
    rng = random.Random(seed + 1)
    for number in range(kills):
        time.sleep(rng.uniform(0.4, 1.8))
        if number == kills // 2:
            redis.Redis.from_url(rig.redis_url).flushall()
            score.kills[WIPE] += 1
        target = rng.choice(TARGETS)
        if target.startswith("worker") and rng.random() < 0.6:
            what = kill_child(rig, target, rng)
        else:
            rig.kill(target)
            rig.restart(target)
            what = target
        score.kills[what] += 1
        if number % 10 == 9:
            say(f"{number + 1} kills, {len(score.accepted)} accepted")


def kill_child(rig: Rig, target: str, rng: random.Random) -> str:
    """Kill one process of a worker's pool; Celery starts another."""
    children = psutil.Process(rig.processes[target].pid).children()
    if not children:  # it was killed a moment ago and has no pool yet: kill it whole, once more
        rig.kill(target)
        rig.restart(target)
        return target
    os.kill(rng.choice(children).pid, signal.SIGKILL)
    return f"child of {target}"


if __name__ == "__main__":
    sys.exit(main())
