"""Reading the whole log again changes no row and writes nothing to a CRM."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import time_machine

from capture.models import InboundEvent, Signal
from crm_sync.models import PushAttempt, RemoteLink
from identity import services
from identity.models import (
    CannotLink,
    ConsentEntry,
    FieldValue,
    IdentityKey,
    KeyUse,
    Lead,
    Merge,
    MergeReview,
    Profile,
    Resolution,
)
from leadhub.kernel import clock
from leadhub.kernel.models import Work
from routing.models import Assignment, Decision, FollowUp, Owner
from routing.services import add_owner
from tests.flows.house import House, rows

pytestmark = pytest.mark.django_db

ANN, BOB, EVE = "+14155550132", "+14155550134", "+14155550136"
TABLES: tuple[Any, ...] = (
    InboundEvent, Signal, Lead, Lead.history.model, Profile, FieldValue, IdentityKey, KeyUse, Resolution, Merge,
    MergeReview, CannotLink, ConsentEntry, Decision, Assignment, FollowUp, Owner, RemoteLink, PushAttempt,
)  # fmt: skip


def live_a_little(house: House) -> None:
    """Let all that can happen to leads happen: calls in any order, merges by machine and by hand, undone, corrected."""
    add_owner(name="Ada", email="ada@desk.example", territories=["*"])
    house.recorded(sid="CA" + "1" * 32)  # its call comes later
    house.recorded(sid="CA" + "2" * 32)  # its call never comes
    house.call(ANN, sid="CA" + "1" * 32, CallerName="LEE ANN")
    house.text(ANN, "Is the flat free?")
    house.form(name="Ann Lee", email="ann@example.org", consent_email="on")
    house.drain()
    house.submit(phone=ANN, email="ann@example.org", city="Rome")  # joins two
    house.submit(phone=ANN, email="zoe@example.org", first_name="Zoe", last_name="Kim")  # contradicts
    house.text(BOB, "STOP")
    house.text(BOB, "START")
    house.submit(phone=EVE, consent=house.says(state="granted", basis="web_box"))
    house.api.raw(b'{"name": ["not text"]}')
    house.drain()
    _decide_by_hand(house)


def _decide_by_hand(house: House) -> None:
    now = clock.now()
    bob, eve = house.made(phone=BOB, first_name="Bob"), house.made(phone=EVE, first_name="Eve")
    merge = services.merge(keep=bob.pk, absorb=eve.pk, by="ann", because="same", now=now)
    house.submit(phone=EVE, city="Oslo")
    house.drain()
    services.unmerge(merge_id=merge.pk, by="ann", because="two people", now=now)
    services.edit(lead_id=bob.pk, changes={"city": "Lyon"}, by="ann", now=now)
    house.text(EVE, "stop")
    house.drain()
    review = MergeReview.objects.filter(state="open").earliest("opened_at")
    services.settle_review(review_id=review.pk, same=False, by="ann", because="two people", now=now)
    house.drain()


def writes(house: House) -> dict[str, int]:
    return {name: count for name, count in house.sandbox.hubspot.calls.items() if not name.endswith("batch/read")}


def test_the_history_holds_what_a_replay_could_disturb(house: House) -> None:
    live_a_little(house)
    outcomes = set(Resolution.objects.values_list("outcome", flat=True))
    assert outcomes == set(Resolution.Outcome.values)
    for table in (Merge, MergeReview, CannotLink, ConsentEntry, Assignment):
        assert table._default_manager.exists(), table
    assert Merge.objects.exclude(undone_at=None).exists()
    assert Work.objects.exclude(quarantined_at=None).count() == 1


@pytest.mark.parametrize("days", [0, 30])
def test_replaying_everything_changes_no_row_and_calls_no_crm(house: House, days: int) -> None:
    live_a_little(house)
    before = rows(*TABLES)
    house.sandbox.hubspot.calls.clear()
    with time_machine.travel(clock.now() + timedelta(days=days)):
        house.replay()
        house.drain()
    assert rows(*TABLES) == before
    assert writes(house) == {}


def test_delivering_everything_again_changes_no_row(house: House) -> None:
    house.ids = Random(3)
    parcels: Sequence[tuple[str, str]] = [(ANN, "Hello"), (BOB, "STOP"), (ANN, "Hello again"), (BOB, "START")]
    for sender, body in parcels:
        house.text(sender, body)
    house.drain()
    before = rows(*TABLES)
    house.sandbox.hubspot.calls.clear()
    house.ids = Random(3)
    for sender, body in parcels:
        house.text(sender, body)
    house.drain()
    assert rows(*TABLES) == before
    assert writes(house) == {}


def test_a_replay_in_the_middle_of_things_changes_nothing_in_the_end(house: House) -> None:
    house.text(ANN, "Hello")
    house.replay()
    house.text(BOB, "Hello")
    house.drain(but_push=True)
    house.replay()
    house.drain()
    assert Lead.objects.count() == 2
    assert [one["writes"] for one in house.sandbox.records] == [1, 1]
