"""The pages of sources, events and signals."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from capture.models import InboundEvent, Release, Signal, Source
from tests.capture.senders import Knocker, Program, Twilio, fields
from tests.capture.work import drain


@pytest.fixture
def desk(db: None) -> Client:
    """Log a person in who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("ann", password="a long enough one"))
    return client


def page(desk: Client, address: str) -> str:
    answer = desk.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("model", ["source", "inboundevent", "signal"])
def test_an_empty_list_says_what_to_do(desk: Client, model: str) -> None:
    said = page(desk, f"/admin/capture/{model}/")
    assert "yet" in said
    assert "Nothing here yet" in said


def test_an_event_shows_its_body_and_what_became_of_it(desk: Client, program: Program) -> None:
    program.post({"name": "<script>alert(1)</script> Lee", "email": "ann@example.com"})
    drain()
    event = InboundEvent.objects.get()
    said = page(desk, f"/admin/capture/inboundevent/{event.pk}/change/")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in said
    assert "<script>alert(1)" not in said
    assert "Waits for resolve." in said
    assert str(Signal.objects.get().pk) in said


def test_an_event_that_was_set_aside_says_why(desk: Client, program: Program) -> None:
    program.raw(b'{"name": "a", "name": "b"}')
    drain()
    said = page(desk, f"/admin/capture/inboundevent/{InboundEvent.objects.get().pk}/change/")
    assert "Set aside: A key occurs twice in one object." in said


def test_an_erased_event_says_so(desk: Client, program: Program) -> None:
    program.post({"email": "ann@example.com"})
    InboundEvent.objects.update(wrapped_key=b"", sealed_body=b"")
    said = page(desk, f"/admin/capture/inboundevent/{InboundEvent.objects.get().pk}/change/")
    assert "the content was erased" in said


def test_a_signal_shows_its_facts_and_its_delivery(desk: Client, sms: Twilio) -> None:
    sms.post(fields("sms/twilio/text.txt"))
    drain()
    signal = Signal.objects.get()
    said = page(desk, f"/admin/capture/signal/{signal.pk}/change/")
    assert "+14152370164" in said
    assert str(signal.event_id) in said


def test_a_source_shows_its_address_and_never_its_secret(desk: Client, sms: Twilio) -> None:
    source = Source.objects.get()
    said = page(desk, f"/admin/capture/source/{source.pk}/change/")
    assert "/in/texts/" in said
    assert sms.token not in said
    assert source.secrets[0]["ciphertext"] not in said
    assert "opened" in page(desk, f"/admin/capture/source/{source.pk}/history/")


@pytest.mark.parametrize("model", ["source", "inboundevent", "signal"])
def test_nothing_can_be_added_here(desk: Client, model: str) -> None:
    assert desk.get(f"/admin/capture/{model}/add/").status_code == 403


def test_held_events_are_let_through_after_asking_why(desk: Client, form: object) -> None:
    Knocker().generic("POST", "/in/contact/", "email=ann%40example.com", "application/x-www-form-urlencoded")
    drain()
    event = InboundEvent.objects.get()
    chosen = {"action": "release_held", "_selected_action": str(event.pk)}
    assert b"Let 1 through?" in desk.post("/admin/capture/inboundevent/", chosen).content
    assert not Release.objects.exists()
    desk.post("/admin/capture/inboundevent/", {**chosen, "answered": "yes", "because": "I know her"})
    drain()
    assert Signal.objects.get().value("email") == "ann@example.com"
    assert Release.objects.get().by == "ann"
