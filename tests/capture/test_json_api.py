"""Submissions by programs."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from capture import services
from capture.models import InboundEvent, Signal
from leadhub.kernel import clock, work
from tests.capture.senders import Program, payload
from tests.capture.work import drain, reasons, the_signal


def test_a_submission_becomes_a_lead_signal(program: Program) -> None:
    program.post(payload("bridge/json_api/lead.json").encode())
    signal = the_signal()
    assert (signal.kind, signal.channel, signal.text) == ("lead", "api", "Please call me about the flat.")
    assert {name: signal.value(name) for name in ("first_name", "last_name", "name_prefix", "phone", "country")} == {
        "first_name": "Anna",
        "last_name": "Miller",
        "name_prefix": "Dr.",
        "phone": "+14152370164",
        "country": "US",
    }
    assert signal.occurred_at == datetime(2026, 3, 3, 8, 30, tzinfo=UTC)


def test_every_value_keeps_its_raw_form(program: Program) -> None:
    program.post(payload("bridge/json_api/lead.json").encode())
    signal = the_signal()
    assert signal.facts["phone"]["raw"] == "(415) 237-0164"
    assert signal.facts["email"] == {
        "value": "Anna.Miller+shop@example.com",
        "raw": "Anna.Miller+shop@Example.com",
        "confidence": 0.95,
    }
    assert signal.normaliser == 1


def test_outside_ids_are_named_in_a_fixed_order(program: Program) -> None:
    program.post({"external_ids": {"shop": 4711, "crm": "A-9"}})
    facts = the_signal().facts
    values = [facts[name]["value"] for name in ("external_id", "external_id_2")]
    assert values == ["crm:A-9", "shop:4711"]


def test_an_outside_id_without_a_namespace_is_the_sources_own(program: Program) -> None:
    program.post({"external_id": "4711"})
    assert the_signal().value("external_id") == "shop:4711"


def test_unknown_fields_are_ignored_and_counted(program: Program) -> None:
    program.post({"email": "a@example.com", "id": 7, "score": 99, "owner": "me"})
    signal = the_signal()
    assert set(signal.facts) == {"email"}
    assert signal.attributes == {"unknown_fields": "3"}


def test_consent_is_filed_under_the_mailbox(program: Program) -> None:
    program.post(payload("bridge/json_api/lead.json").encode())
    [claim] = the_signal().consents
    assert (claim["channel"], claim["state"], claim["basis"]) == ("email", "granted", "api")
    assert claim["point"] == "anna.miller@example.com"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "This is not JSON"),
        (b" ", "This is not JSON"),
        (b"[1]", "A submission is one JSON object"),
        (b"[" * 100_000, "nested deeper than 32"),
        (b'{"a":' * 30_000 + b"1" + b"}" * 30_000, "nested deeper than 32"),
        (b'{"name": "a\\u0000b"}', "NUL"),
        (b'{"name": "\xff"}', "not UTF-8"),
        (b'{"name": "\\ud800"}', "half of a character"),
        (b'{"name": "a", "name": "b"}', "twice"),
        (b'{"name": NaN}', "NaN"),
        (b'{"score": 1e999}', "larger than a float"),
        (b'{"score": ' + b"9" * 5000 + b"}", "64 bits"),
        (b'{"name": ["a"]}', "must be text"),
        (b'{"occurred_at": "yesterday"}', "ISO 8601"),
        (b'{"consent": "yes"}', "must be a list"),
        (b'{"consent": [{"channel": "pigeon", "state": "granted"}]}', "needs channel"),
        (b'{"consent": [{"channel": "sms", "state": "withdrawn"}], "email": "a@example.com"}', "needs the phone"),
        (b'{"external_ids": [1]}', "external_ids"),
    ],
)
def test_what_cannot_be_read_is_stored_answered_202_and_set_aside(program: Program, body: bytes, reason: str) -> None:
    assert program.raw(body).status_code == 202
    assert InboundEvent.objects.count() == 1
    [said] = reasons()
    assert reason in said
    assert not Signal.objects.exists()


def test_a_byte_order_mark_is_tolerated(program: Program) -> None:
    program.raw(b'\xef\xbb\xbf{"email": "a@example.com"}')
    assert the_signal().value("email") == "a@example.com"


def test_one_unreadable_delivery_stops_nobody(program: Program) -> None:
    for n in range(20):
        program.raw(b"{" if n == 7 else f'{{"email": "p{n}@example.com"}}'.encode())
    drain()
    assert Signal.objects.count() == 19
    assert len(reasons()) == 1


def test_without_a_key_the_same_content_is_the_same_for_a_day(program: Program) -> None:
    with time_machine.travel("2026-03-03T23:59:00Z", tick=False):
        first = program.post({"email": "a@example.com"})
        again = program.post({"email": "a@example.com"})
    with time_machine.travel("2026-03-04T00:00:30Z", tick=False):
        next_day = program.post({"email": "a@example.com"})
    assert again.json() == first.json() != next_day.json()


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=400)])
def test_a_time_in_the_future_is_not_believed(program: Program, ahead: timedelta) -> None:
    program.post({"email": "a@example.com", "occurred_at": (clock.now() + ahead).isoformat()})
    signal = the_signal()
    assert signal.time_doubtful
    assert signal.occurred_at == signal.event.received_at


def test_the_old_key_works_until_the_next_rotation(program: Program) -> None:
    new = services.rotate_secret(slug="shop", by="a test", now=clock.now())
    newest = Program("shop", new.secret)
    assert [p.post({"email": "a@example.com"}).status_code for p in (program, newest)] == [202, 202]
    services.rotate_secret(slug="shop", by="a test", now=clock.now())
    assert program.post({"email": "a@example.com"}).status_code == 401


def test_replaying_an_event_makes_the_same_signal_again(program: Program) -> None:
    program.post({"email": "a@example.com"})
    before = the_signal()
    work.put(stage="normalise", subjects=[before.event_id], now=clock.now())
    after = the_signal()
    assert (after.pk, after.created_at, after.tie) == (before.pk, before.created_at, before.tie)
