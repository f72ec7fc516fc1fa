"""The door: what is committed is answered 2xx; everything else says what to change."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from capture import doors, log, services
from capture.models import InboundEvent, Source
from capture.views import DoorView
from leadhub.kernel import clock
from leadhub.kernel.models import Work
from tests.capture.senders import Knocker, Program, Twilio, fields


def code(answer: Any) -> str:
    return str(json.loads(answer.content)["code"])


def test_a_delivery_is_stored_with_its_work_and_answered_with_its_id(program: Program) -> None:
    answer = program.post({"email": "ann@example.com"})
    event = InboundEvent.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {"id": str(event.id)} == {"id": answer["X-LeadHub-Event"]}
    assert list(Work.objects.values_list("stage", "subject")) == [("normalise", event.id)]


def test_the_body_is_sealed_and_opens_again(program: Program) -> None:
    program.post({"email": "ann@example.com"})
    event = InboundEvent.objects.select_related("source").get()
    assert b"ann@example.com" not in bytes(event.sealed_body)
    assert log.open_body(event).body == b'{"email": "ann@example.com"}'


def test_the_key_a_program_sent_is_not_stored(program: Program) -> None:
    program.post({"email": "ann@example.com"}, user_agent="shop/1.0")
    kept = InboundEvent.objects.get().headers
    assert kept["user-agent"] == "shop/1.0"
    assert "authorization" not in kept


def test_the_same_delivery_again_gives_the_same_id_and_writes_nothing(sms: Twilio) -> None:
    first = sms.post(fields("sms/twilio/text.txt"))
    Work.objects.all().delete()
    again = sms.post(fields("sms/twilio/text.txt"))
    assert again["X-LeadHub-Event"] == first["X-LeadHub-Event"]
    assert again.content == first.content
    assert (InboundEvent.objects.count(), Work.objects.count()) == (1, 0)


def test_the_same_key_with_other_content_is_kept_as_a_variant(sms: Twilio) -> None:
    params = fields("sms/twilio/text.txt")
    sms.post(params)
    sms.post(params | {"Body": "other words"})
    first, second = InboundEvent.objects.order_by("id")
    assert (first.variant_of, second.variant_of) == (None, first.id)


def test_a_client_that_reuses_its_key_for_other_content_gets_422(program: Program) -> None:
    first = program.post({"email": "a@example.com"}, idempotency_key="k1")
    assert program.post({"email": "b@example.com"}, idempotency_key="k1").status_code == 422
    repeated = program.post({"email": "a@example.com"}, idempotency_key='"k1"')
    assert repeated.json() == first.json()
    assert InboundEvent.objects.count() == 1


@pytest.mark.parametrize("key", ["x" * 5000, "schlüssel", "a\tb"])
def test_any_idempotency_key_is_exact(program: Program, key: str) -> None:
    sent = key.encode().decode("latin-1")
    first = program.post({"email": "a@example.com"}, idempotency_key=sent)
    again = program.post({"email": "a@example.com"}, idempotency_key=sent)
    assert first.status_code == 202
    assert again.json() == first.json()


@pytest.mark.parametrize("key", ["", "lhk_wrong", "läuft"])
def test_a_wrong_key_is_401_and_stores_nothing(program: Program, key: str) -> None:
    answer = Program("shop", key).post({"email": "a@example.com"})
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert code(answer) == "key_wrong"
    assert not InboundEvent.objects.exists()


def test_a_key_in_the_address_is_refused(program: Program) -> None:
    path = f"/in/shop/?key={program.key}&access_token={program.key}"
    answer = Knocker().post(path, "{}", content_type="application/json")
    assert answer.status_code == 401


def test_a_refusal_repeats_nothing_of_the_body(program: Program) -> None:
    answer = Program("shop", "lhk_wrong").post({"email": "canary@example.com"})
    assert b"canary" not in answer.content


@pytest.mark.parametrize("slug", ["nowhere", "desk"])
def test_an_unknown_door_is_404(db: None, slug: str) -> None:
    answer = Knocker().post(f"/in/{slug}/", "{}", content_type="application/json")
    assert (answer.status_code, code(answer)) == (404, "no_such_door")


def test_a_closed_door_is_404(program: Program) -> None:
    services.disable_source(slug="shop", by="a test", now=clock.now())
    doors.forget()
    assert program.post({"email": "a@example.com"}).status_code == 404


def test_an_empty_secret_opens_nothing(sms: Twilio) -> None:
    Source.objects.filter(slug="texts").update(secrets=[doors.sealed("texts", "")])
    doors.forget()
    assert Twilio("texts", "").post(fields("sms/twilio/text.txt")).status_code == 401


def test_a_source_without_secrets_opens_nothing(program: Program) -> None:
    Source.objects.filter(slug="shop").update(secrets=[])
    doors.forget()
    assert program.post({"email": "a@example.com"}).status_code == 401
    assert Program("shop", "").post({"email": "a@example.com"}).status_code == 401


def test_a_body_without_length_is_411(program: Program) -> None:
    answer = Knocker().generic(
        "POST", "/in/shop/", b"{}", "application/json", headers={"authorization": f"Bearer {program.key}"},
        CONTENT_LENGTH="",
    )  # fmt: skip
    assert (answer.status_code, code(answer)) == (411, "length_missing")


def test_a_chunked_body_is_411_even_with_a_length(program: Program) -> None:
    assert program.post({"email": "a@example.com"}, transfer_encoding="chunked").status_code == 411


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "+5"])
def test_a_length_that_is_no_number_is_400(program: Program, length: str) -> None:
    answer = Knocker().generic("POST", "/in/shop/", b"{}", "application/json", CONTENT_LENGTH=length)
    assert (answer.status_code, code(answer)) == (400, "length_wrong")


def test_a_body_shorter_than_its_length_is_400(program: Program) -> None:
    short: dict[str, Any] = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "20", "wsgi.input": BytesIO(b"{}")}
    request = RequestFactory().generic("POST", "/in/shop/", **short)
    answer = DoorView.as_view()(request, slug="shop")
    assert (answer.status_code, code(answer)) == (400, "cut_short")


def test_a_body_above_the_cap_is_413(program: Program) -> None:
    assert program.raw(b'{"message": "' + b"x" * 262_144 + b'"}').status_code == 413


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 202),
        ("application/json; charset=utf-8", 202),
        ('APPLICATION/JSON;CHARSET="UTF-8"', 202),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=bogus", 415),
        ("application/xml", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
def test_the_door_takes_its_own_content_types_in_utf8(program: Program, content_type: str, status: int) -> None:
    assert program.raw(b'{"email": "a@example.com"}', content_type=content_type).status_code == status


def test_a_compressed_body_is_415(program: Program) -> None:
    assert program.post({"email": "a@example.com"}, content_encoding="gzip").status_code == 415


def test_a_source_that_floods_gets_429_and_others_do_not(program: Program, sms: Twilio) -> None:
    services.add_source(
        slug="slow", adapter="twilio_sms", by="a test", now=clock.now(), secret="x", options={"rate": "0.5"}
    )
    slow = Twilio("slow", "x")
    answers = [slow.post(fields("sms/twilio/text.txt")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert int(answers[1]["Retry-After"]) in (1, 2)
    assert sms.post(fields("sms/twilio/text.txt")).status_code == 200


def test_an_empty_bucket_stays_empty_when_the_source_is_looked_up_again(sms: Twilio) -> None:
    services.add_source(
        slug="slower", adapter="twilio_sms", by="a test", now=clock.now(), secret="x", options={"rate": "0.4"}
    )
    Twilio("slower", "x").post(fields("sms/twilio/text.txt"))
    doors.forget()
    assert Twilio("slower", "x").post(fields("sms/twilio/text.txt")).status_code == 429


def test_the_database_away_is_503_and_asks_for_another_try(program: Program) -> None:
    doors.find("shop")

    def away(*_args: object) -> object:
        raise OperationalError("server closed the connection unexpectedly")

    with connection.execute_wrapper(away):
        answer = program.post({"email": "a@example.com"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert b"closed the connection" not in answer.content


def test_a_lost_key_ring_is_503_because_the_provider_must_try_again(sms: Twilio) -> None:
    Source.objects.filter(slug="texts").update(secrets=[doors.sealed("texts", "x") | {"key_id": "gone"}])
    doors.forget()
    assert sms.post(fields("sms/twilio/text.txt")).status_code == 503


def test_head_tells_that_the_door_is_there(program: Program) -> None:
    assert Knocker().head("/in/shop/").status_code == 200
    assert Knocker().head("/in/nowhere/").status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_405(program: Program, method: str) -> None:
    answer = Knocker().generic(method, "/in/shop/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST, HEAD")


def test_a_delivery_costs_one_statement_for_its_content_on_a_warm_door(program: Program) -> None:
    program.post({"email": "a@example.com"})
    with CaptureQueriesContext(connection) as queries:
        program.post({"email": "b@example.com"})
    inserts = [q["sql"] for q in queries if "INSERT" in q["sql"]]
    assert len(inserts) == (1 if connection.vendor == "postgresql" else 2)
    assert not [q["sql"] for q in queries if q["sql"].startswith("SELECT")]


def test_a_traceparent_is_kept_if_it_is_one(program: Program) -> None:
    given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    program.post({"email": "a@example.com"}, traceparent=given)
    program.post({"email": "b@example.com"}, traceparent="00-zz-1-01")
    kept, made = InboundEvent.objects.order_by("id").values_list("traceparent", flat=True)
    assert kept == given
    assert len(made) == 55
    assert made.startswith("00-")


def test_a_proxy_header_changes_nothing(program: Program) -> None:
    answer = program.post({"email": "a@example.com"}, x_forwarded_for="1.2.3.4", x_forwarded_host="evil.example")
    assert answer.status_code == 202
    assert "1.2.3.4" not in str(InboundEvent.objects.get().headers)
