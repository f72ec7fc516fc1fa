"""The door as a process: a real server, real sockets, many senders at once, on PostgreSQL."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx2
import psycopg
import pytest

from tests.capture.senders import fields, payload
from tests.rig import HOST, Rig

SENDERS = 10


class Door:
    """A JSON API door in a running LeadHub."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        said = rig.manage("source", "add", "json_api", "--slug", "shop")
        self.key = next(line.split()[1] for line in said.splitlines() if line.startswith("secret:"))
        self.headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self.http = httpx2.Client(base_url=rig.web_url, headers=self.headers, timeout=20, trust_env=False)

    def post(self, what: object, **headers: str) -> httpx2.Response:
        return self.http.post("/in/shop/", content=json.dumps(what), headers=headers)

    def count(self, key: str) -> int:
        query = "SELECT count(*) FROM capture_inboundevent WHERE delivery_key = %s"
        with psycopg.connect(self.rig.database_url) as database:
            row = database.execute(query, [f"key:{key}"]).fetchone()
        return int(row[0]) if row else 0

    def raw(self, text: bytes) -> bytes:
        """Send bytes as they are and give what comes back."""
        with closing(self.socket(text)) as line:
            return line.recv(65_536)

    def socket(self, text: bytes) -> socket.socket:
        line = socket.create_connection((HOST, self.rig.web_port), timeout=20)
        line.sendall(text)
        return line

    def head(self, *more: str) -> bytes:
        lines = ["POST /in/shop/ HTTP/1.1", f"Host: {HOST}:{self.rig.web_port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, *more, "", ""]).encode()


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with Rig(durable=False) as rig:
        rig.manage("migrate", "--verbosity", "0")
        opened = Door(rig)
        rig.start_web()
        yield opened
        opened.http.close()


def test_fifty_identical_deliveries_at_once_are_one_event(door: Door) -> None:
    body = json.loads(payload("bridge/json_api/lead.json"))
    with ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(lambda _n: door.post(body, **{"Idempotency-Key": "at-once"}), range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert door.count("at-once") == 1


def test_one_key_for_two_contents_at_once_stores_one_of_them(door: Door) -> None:
    with ThreadPoolExecutor(SENDERS) as senders:
        answers = list(
            senders.map(
                lambda n: door.post({"email": f"p{n % 2}@example.com"}, **{"Idempotency-Key": "two"}), range(20)
            )
        )
    assert sorted({answer.status_code for answer in answers}) == [202, 422]
    assert door.count("two") == 1


def test_a_chunked_body_is_411(door: Door) -> None:
    answer = door.http.post("/in/shop/", content=iter([b'{"email": ', b'"a@example.com"}']))
    assert (answer.status_code, answer.json()["code"]) == (411, "length_missing")


def test_a_body_with_both_a_length_and_chunks_is_refused(door: Door) -> None:
    said = door.raw(door.head("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n")
    assert said.split()[1] in (b"400", b"411")


def test_a_folded_header_is_refused_or_read_as_one(door: Door) -> None:
    said = door.raw(door.head("Content-Length: 2", "X-Folded: a\r\n b") + b"{}")
    assert said.split()[1] in (b"400", b"202")


def test_thousands_of_headers_are_refused_and_the_next_sender_is_served(door: Door) -> None:
    said = door.raw(door.head("Content-Length: 2", *(f"X-{n}: a" for n in range(10_000))) + b"{}")
    assert said.split()[1:2] in ([b"400"], [b"431"], [])  # or the line is simply closed
    assert door.post({"email": "next@example.com"}).status_code == 202


def test_a_body_far_above_the_cap_is_refused_without_waiting_for_it(door: Door) -> None:
    said = door.raw(door.head("Content-Length: 50000000", "Idempotency-Key: huge") + b'{"message": "')
    assert said.split()[1] == b"413"
    assert door.count("huge") == 0


def test_a_body_cut_short_stores_nothing(door: Door) -> None:
    with closing(door.socket(door.head("Content-Length: 500", "Idempotency-Key: cut") + b'{"email": "a@')) as line:
        line.shutdown(socket.SHUT_WR)
        line.recv(65_536)
    assert door.count("cut") == 0


def test_senders_who_never_finish_their_headers_hold_nobody_up(door: Door) -> None:
    slow = [door.socket(door.head()[:-4] + b"\r\nX-Slow: ") for _ in range(8)]
    try:
        assert door.post({"email": "quick@example.com"}).status_code == 202
    finally:
        for line in slow:
            line.close()


def test_senders_who_gave_up_on_their_bodies_hold_nobody_up(door: Door) -> None:
    slow = [door.socket(door.head("Content-Length: 500", "Idempotency-Key: slow") + b'{"email": "') for _ in range(8)]
    for line in slow:
        line.close()
    assert door.post({"email": "quick@example.com"}, **{"Idempotency-Key": "quick"}).status_code == 202
    assert door.count("slow") == 0


def test_a_connection_the_database_closed_costs_no_delivery(door: Door) -> None:
    assert door.post({"email": "before@example.com"}).status_code == 202
    with psycopg.connect(door.rig.database_url, autocommit=True) as database:
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    answers = [door.post({"email": "after@example.com"}, **{"Idempotency-Key": "after"}) for _ in range(4)]
    assert {answer.status_code for answer in answers} == {202}
    assert door.count("after") == 1


def test_an_answer_says_its_length_and_keeps_the_line_open(door: Door) -> None:
    answer = door.post(fields("web/form/contact.txt"))
    assert int(answer.headers["content-length"]) == len(answer.content)
