"""The door against a plain Django view: `make bench-capture`. Same server, same database, same run, in turns."""

import hashlib
import hmac
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import count
from statistics import median
from typing import TYPE_CHECKING

import psycopg

from tests.benchmarks import load
from tests.rig import HOST, Rig, free_port, until

if TYPE_CHECKING:
    from tests.people import Doors

CONNECTIONS = 16
CALM_TRIES = 4
PLAIN_SECRET = b"plain-secret"
PLAIN_TABLE = """
CREATE TABLE plain_event (id bigserial PRIMARY KEY, source integer NOT NULL, delivery_key varchar(200) NOT NULL,
  digest bytea NOT NULL, received_at timestamptz NOT NULL, headers jsonb NOT NULL, body bytea NOT NULL,
  CONSTRAINT plain_once UNIQUE (source, delivery_key, digest))"""


def main() -> None:
    """Measure both in turns, then LeadHub's answer times at half of what it can take."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    chosen = parser.parse_args()
    with Rig() as rig:
        rig.django_here()
        rig.start_web()
        plain_port = start_plain(rig)
        from tests.people import Doors  # noqa: PLC0415 - needs Django set up

        doors = Doors.open(seed=1, web_url=rig.web_url)
        ours, plain = door_requests(doors), plain_requests(plain_port)
        both = [(rig.web_port, ours), (plain_port, plain)]
        for port, requests in both:
            load.run(port=port, requests=requests, connections=CONNECTIONS, seconds=1.5)
        rounds = [
            [
                load.run(port=port, requests=requests, connections=CONNECTIONS, seconds=chosen.seconds)
                for port, requests in both
            ]
            for _ in range(chosen.rounds)
        ]
        for door, view in rounds:
            sys.stderr.write(f"door {door.per_second:7.0f}/s   plain view {view.per_second:7.0f}/s\n")
            if set(door.statuses) != {200} or set(view.statuses) != {202}:
                raise SystemExit(f"unexpected answers: {door.statuses} {view.statuses}")
        door_rps = median(door.per_second for door, _view in rounds)
        view_rps = median(view.per_second for _door, view in rounds)
        ratio = median(door.per_second / view.per_second for door, view in rounds)
        pairs = [[at_half(port, requests) for port, requests in both] for _ in range(CALM_TRIES)]
        # A neighbour's burst on a shared machine outlasts a try and hits both programs alike: take each one's quietest.
        calm, calm_view = (min(runs, key=lambda run: run.percentile(99)) for runs in zip(*pairs, strict=True))
    result = {
        "capture_rps": round(door_rps), "plain_view_rps": round(view_rps), "capture_ratio": round(ratio, 3),
        "capture_p50_ms": round(calm.percentile(50), 2), "capture_p99_ms": round(calm.percentile(99), 2),
        "plain_view_p99_ms": round(calm_view.percentile(99), 2),
    }  # fmt: skip
    sys.stdout.write(json.dumps(result) + "\n")


def at_half(port: int, requests: Iterator[bytes]) -> load.Measured:
    """Find what the door can take just now, and measure answer times at half of that."""
    full = load.run(port=port, requests=requests, connections=CONNECTIONS, seconds=2.0)
    return load.run(port=port, requests=requests, connections=CONNECTIONS, seconds=5.0, rate=full.per_second / 2)


def start_plain(rig: Rig) -> int:
    """Start the comparison program with the same server settings and give its port."""
    with psycopg.connect(rig.database_url) as connection:
        connection.execute(PLAIN_TABLE)
    port = free_port()
    rig.start(
        "plain",
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "tests.benchmarks.plain.wsgi:application", "--host",
            HOST, "--port", str(port), "--workers", str(rig.web_workers), "--blocking-threads", "1", "--log-level",
            "warning",
        ],
    )  # fmt: skip
    probe = next(plain_requests(port))
    until(lambda: _connects(port, probe), what="the plain view")
    return port


def _connects(port: int, probe: bytes) -> bool:
    try:
        return load.run(port=port, requests=iter([probe]), connections=1, seconds=0.0) is not None
    except OSError:
        return False


def door_requests(doors: "Doors") -> Iterator[bytes]:
    """Give signed Twilio messages, each a new delivery, prepared in blocks so that signing is not measured."""
    for block in count():
        made = []
        for number in range(2000):
            parcel = doors.twilio.text(
                sender=f"+1415{2_000_000 + (block * 2000 + number) % 5_000_000:07d}", body="Hello there"
            )
            made.append(load.raw(url=parcel.url, body=parcel.body, headers=parcel.headers))
        yield from made


def plain_requests(port: int) -> Iterator[bytes]:
    """Give signed posts of the same size to the plain view."""
    for number in count():
        body = (b"MessageSid=SM%032x&Body=Hello+there&From=%%2B1415%07d&" % (number, number)).ljust(480, b"x")
        signature = hmac.new(PLAIN_SECRET, body, hashlib.sha256).hexdigest()
        yield load.raw(
            url=f"http://{HOST}:{port}/in/",
            body=body,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Signature": signature,
                "X-Key": f"k{number}",
            },
        )


if __name__ == "__main__":
    main()
