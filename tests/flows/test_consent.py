"""STOP means stop: from its own commit, whatever else happens, in every CRM."""

from datetime import UTC, datetime, timedelta

import pytest

from capture import intake
from identity import services
from identity.models import ConsentEntry, Lead
from leadhub.kernel import clock, crypto
from leadhub.kernel.models import Work
from tests.flows.house import House, may, quarantined

pytestmark = pytest.mark.django_db

ANN, BOB = "+14155550132", "+14155550134"
ANN_MAIL, BOB_MAIL = "ann@example.org", "bob@example.org"
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LATER = NINE + timedelta(hours=1)


def granted(house: House, phone: str = ANN, *, when: datetime | None = None, **more: str) -> Lead:
    """Let somebody tick the box on the page; give the lead."""
    event = house.form(when=when, name="Ann Lee", phone=phone, consent_sms="on", **more)
    house.drain()
    assert may(phone)
    return house.lead(event)


# From its own commit.


def test_a_bare_stop_of_a_stranger_makes_no_lead_and_no_record(house: House) -> None:
    house.text(ANN, "STOP")
    house.drain()
    assert not Lead.objects.exists()
    assert not house.sandbox.records
    assert not may(ANN)


def test_nobody_who_never_granted_may_be_contacted(house: House) -> None:
    house.text(ANN, "Hello, is the flat free?")
    house.drain()
    assert not may(ANN)


@pytest.mark.parametrize("word", ["STOP", "stop.", "Unsubscribe", "STOP ALL", " Quit! ", "arret"])
def test_a_stop_counts_before_any_worker_ran(house: House, word: str) -> None:
    granted(house)
    house.text(ANN, word)
    assert not may(ANN)
    assert not ConsentEntry.objects.filter(state="withdrawn").exists()


def test_a_stop_that_cannot_be_read_counts_all_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    granted(house)
    event = house.text(ANN, "STOP")
    monkeypatch.setattr(crypto, "ring", lambda: crypto.KeyRing({"another": b"x" * 32}))
    house.drain()
    assert "add it back to LEADHUB_KEYS" in next(iter(quarantined()))
    assert Work.objects.get().subject == event
    assert not may(ANN)


def test_a_stop_whose_worker_fails_counts_all_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    granted(house)
    house.text(ANN, "STOP")

    def broken(*_asked: object, **_told: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(intake, "signals_of", broken)
    house.drain()
    assert "a fault of ours" in next(iter(quarantined()))
    assert not may(ANN)


def test_a_stop_is_worked_before_what_came_earlier(house: House) -> None:
    house.text(ANN, "Hello")
    stop = house.text(ANN, "STOP")
    lanes = dict(Work.objects.values_list("subject", "lane"))
    assert min(lanes, key=lambda subject: lanes[subject]) == stop


# What lifts it, and what does not.


def test_a_start_grants_again_what_a_text_can_grant_and_nothing_else(house: House) -> None:
    granted(house, when=NINE, consent_sms_service="on", consent_voice="on")
    assert may(ANN, purpose="service")
    house.text(ANN, "STOP", when=LATER)
    assert not may(ANN)
    assert not may(ANN, purpose="service")
    assert may(ANN, channel="voice")  # the word was about texts
    house.text(ANN, "START", when=LATER + timedelta(hours=1))
    house.drain()
    assert may(ANN)
    assert not may(ANN, purpose="service")
    assert not may(BOB)


def test_stop_and_start_in_any_order_of_working_end_with_the_last_word(house: House) -> None:
    granted(house, when=NINE)
    house.text(ANN, "START", when=LATER + timedelta(hours=1))
    house.text(ANN, "STOP", when=LATER + timedelta(hours=2))
    house.text(ANN, "STOP", when=LATER)
    house.drain()
    assert not may(ANN)


def test_a_grant_from_before_the_stop_that_arrives_after_it_lifts_nothing(house: House) -> None:
    house.text(ANN, "STOP", when=LATER)
    told = house.says(state="granted", basis="web_box")
    house.submit(phone=ANN, occurred_at=NINE.isoformat(), consent=told, when=LATER + timedelta(minutes=5))
    house.drain()
    assert not may(ANN)


def test_an_own_grant_after_the_stop_lifts_it(house: House) -> None:
    house.text(ANN, "STOP", when=NINE)
    house.submit(phone=ANN, occurred_at=LATER.isoformat(), consent=house.says(state="granted", basis="double_opt_in"))
    house.drain()
    assert may(ANN)


@pytest.mark.parametrize("ahead", [timedelta(minutes=4), timedelta(minutes=10), timedelta(days=400)])
def test_a_grant_dated_ahead_of_its_arrival_is_no_shield_against_the_stop_that_follows(
    house: House, ahead: timedelta
) -> None:
    told = house.says(state="granted", basis="web_box")
    house.submit(phone=ANN, occurred_at=(NINE + ahead).isoformat(), consent=told, when=NINE)
    house.text(ANN, "STOP", when=NINE + timedelta(minutes=1))
    house.drain()
    assert not may(ANN)


@pytest.mark.parametrize("basis", ["", "import", "crm", "provider_block", "SMS_KEYWORD "])
def test_what_others_say_lifts_no_stop(house: House, basis: str) -> None:
    granted(house, when=NINE)
    house.text(ANN, "STOP", when=NINE + timedelta(minutes=1))
    house.submit(phone=ANN, consent=house.says(state="granted", basis=basis, channel="sms"), when=LATER)
    house.drain()
    assert not may(ANN)


def test_a_service_grant_does_not_tell_the_crm_that_marketing_is_welcome_again(house: House) -> None:
    lead = granted(house, when=NINE)
    house.text(ANN, "STOP", when=LATER)
    house.form(phone=ANN, consent_sms_service="on", when=LATER + timedelta(hours=1))
    house.drain()
    assert may(ANN, purpose="service")
    assert not may(ANN)
    assert house.flag(lead) == "true"


def test_nothing_that_is_done_to_a_lead_lifts_its_stop(house: House) -> None:
    lead = granted(house, when=NINE, email=ANN_MAIL)
    other = house.made(email=BOB_MAIL, first_name="Ann", last_name="Lee")
    house.text(ANN, "STOP", when=LATER)
    merged = services.merge(keep=other.pk, absorb=lead.pk, by="ann", because="same", now=clock.now())
    house.drain()
    assert not may(ANN)
    services.unmerge(merge_id=merged.pk, by="ann", because="not the same", now=clock.now())
    house.drain()
    assert not may(ANN)
    services.edit(lead_id=lead.pk, changes={"phone": BOB, "city": "Rome"}, by="ann", now=clock.now())
    house.submit(phone=ANN, email=ANN_MAIL, first_name="Ann", last_name="Lee")
    house.drain()
    house.replay()
    house.drain()
    assert not may(ANN)
    assert house.flag(lead) == "true"
