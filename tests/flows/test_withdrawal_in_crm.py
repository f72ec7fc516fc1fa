"""A STOP reaches the CRM for every lead that has the number, whatever became of the lead before or after."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from crm_sync import services as crm
from identity import services
from identity.models import Lead
from leadhub.kernel import clock, work
from tests.flows.house import House, may

pytestmark = pytest.mark.django_db

ANN, BOB = "+14155550132", "+14155550134"
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LATER = NINE + timedelta(hours=1)


def marked(house: House, *leads: Lead) -> list[str]:
    house.drain()
    return [house.flag(lead) for lead in leads]


def test_a_stop_marks_the_record_and_a_start_takes_the_mark_away(house: House) -> None:
    ann = house.made(phone=ANN, when=NINE)
    assert marked(house, ann) == ["false"]
    house.text(ANN, "STOP", when=LATER)
    assert marked(house, ann) == ["true"]
    house.text(ANN, "START", when=LATER + timedelta(minutes=1))
    assert marked(house, ann) == ["false"]


def test_the_record_of_a_lead_made_after_the_stop_is_born_with_the_mark(house: House) -> None:
    house.text(ANN, "STOP", when=NINE)
    house.drain()
    ann = house.made(phone=ANN, first_name="Ann", when=LATER)
    assert marked(house, ann) == ["true"]
    assert [one["writes"] for one in house.sandbox.records] == [1]


def test_a_stop_that_no_worker_has_seen_marks_a_record_that_is_pushed_now(house: House) -> None:
    ann = house.made(phone=ANN, when=NINE)
    house.submit(phone=ANN, city="Rome", when=LATER)
    house.drain(but_push=True)
    house.text(ANN, "STOP", when=LATER)
    crm.drain(connection=house.connection, size=100)
    assert house.flag(ann) == "true"


def test_a_number_that_several_leads_share_marks_them_all(house: House) -> None:
    names = [("Ann", "Lee"), ("Zoe", "Kim"), ("Max", "Orr"), ("Ida", "Fox"), ("Tom", "Ray"), ("Eva", "May")]
    leads = [
        house.made(phone=ANN, first_name=first, last_name=last, email=f"{first}@example.org") for first, last in names
    ]
    assert len({lead.pk for lead in leads}) == len(names)  # the number has become a crowd's
    house.text(ANN, "STOP")
    assert marked(house, *leads) == ["true"] * len(names)


def test_what_twilio_says_of_a_blocked_receiver_marks_the_record(house: House) -> None:
    ann = house.made(phone=ANN, when=NINE)
    house.blocked(ANN, when=LATER)
    assert marked(house, ann) == ["true"]
    assert not may(ANN)


def test_a_withdrawal_told_by_a_program_in_another_spelling_marks_the_record(house: House) -> None:
    ann = house.made(phone=ANN)
    house.submit(consent=house.says(state="withdrawn", point="(415) 555-0132"))
    assert marked(house, ann) == ["true"]


def test_a_merge_brings_the_mark_along_and_an_unmerge_leaves_it_where_the_number_is(house: House) -> None:
    ann = house.made(phone=ANN, first_name="Ann", when=NINE)
    other = house.made(email="ann@example.org", first_name="Ann", when=NINE)
    house.text(ANN, "STOP", when=LATER)
    assert marked(house, ann, other) == ["true", "false"]
    merge = services.merge(keep=other.pk, absorb=ann.pk, by="eva", because="same", now=clock.now())
    assert marked(house, other) == ["true"]
    services.unmerge(merge_id=merge.pk, by="eva", because="not the same", now=clock.now())
    assert marked(house, ann, other) == ["true", "false"]


def test_a_stop_to_a_merged_lead_marks_the_survivor_and_after_the_undo_the_one_with_the_number(house: House) -> None:
    ann = house.made(phone=ANN, first_name="Ann", when=NINE)
    other = house.made(email="ann@example.org", first_name="Ann", when=NINE)
    merge = services.merge(keep=other.pk, absorb=ann.pk, by="eva", because="same", now=clock.now())
    house.drain()
    house.text(ANN, "STOP", when=LATER)
    assert marked(house, other) == ["true"]
    services.unmerge(merge_id=merge.pk, by="eva", because="not the same", now=clock.now())
    assert marked(house, ann, other) == ["true", "false"]


def test_a_signal_that_joins_a_stopped_number_to_another_lead_marks_it(house: House) -> None:
    house.text(ANN, "STOP", when=NINE)
    ann = house.made(email="ann@example.org", first_name="Ann", when=NINE)
    assert marked(house, ann) == ["false"]
    assert house.made(phone=ANN, email="ann@example.org", when=LATER) == ann
    assert marked(house, ann) == ["true"]


def test_a_stop_that_comes_while_a_worker_is_in_the_middle_of_a_push_is_not_overwritten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = house.made(phone=ANN, when=NINE)
    house.submit(phone=ANN, city="Rome", when=LATER)
    house.drain(but_push=True)
    batch = work.claim(stage=house.connection.stage, size=100)
    account = crm.account_of(connection=house.connection)
    send = account.connector.upsert

    def late(ops: object) -> object:
        house.text(ANN, "STOP", when=LATER)
        house.drain(but_push=True)
        return send(ops)  # type: ignore[arg-type]

    monkeypatch.setattr(account.connector, "upsert", late)
    assert batch is not None
    work.work_through(batch, partial(crm._push_now, account))
    assert marked(house, ann) == ["true"]


def test_an_outage_of_the_crm_delays_the_mark_and_loses_it_not(house: House) -> None:
    ann = house.made(phone=ANN, when=NINE)
    house.sandbox.fault(kind="drop", count=2, committed=False)
    house.text(ANN, "STOP", when=LATER)
    assert marked(house, ann) == ["true"]
