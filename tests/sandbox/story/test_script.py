"""The script tells the same story for the same seed, and its truth adds up."""

import itertools
import random
from datetime import UTC, datetime

import phonenumbers

from leadhub.sandbox.story.cast import Casting
from leadhub.sandbox.story.playbook import FORMS, write
from leadhub.sandbox.story.script import ACTS, Doors, Script
from leadhub.sandbox.telephony.twilio import Account
from leadhub.sandbox.telephony.visitors import ApiClient, WebPage

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def tell(seed: int, *, deliveries: int = 300, taken: frozenset[str] = frozenset()) -> Script:
    rng, base = random.Random(seed), "http://127.0.0.1:8000/in"
    doors = Doors(
        twilio=Account(token="t" * 32, number="+12025550100", rng=rng, sms_url=f"{base}/s/", voice_url=f"{base}/v/"),
        page=WebPage(url=f"{base}/w/"),
        client=ApiClient(url=f"{base}/a/", key="key", rng=rng),
        tokens=(f"token-{number}" for number in itertools.count()),
    )
    return write(doors=doors, casting=Casting(rng=rng, taken=taken), rng=rng, deliveries=deliveries, now=NOW)


def test_the_same_seed_tells_the_same_story() -> None:
    one, other = tell(1), tell(1)
    assert one.lines == other.lines
    assert one.truth == other.truth
    assert tell(2).lines != one.lines


def test_there_are_as_many_deliveries_as_asked_for_by_about_sixty_people() -> None:
    script = tell(3)
    assert len(script.lines) == 300
    assert 55 <= len(script.truth.people) <= 65
    assert sorted(line.act for line in script.lines) == sorted(line.act for act in ACTS for line in script.act(act))
    assert len(tell(3, deliveries=0).lines) < 300


def test_a_repeat_is_the_very_same_delivery() -> None:
    script = tell(4)
    parcels = [line.parcel for line in script.lines]
    doubled = sum(parcels.count(parcel) > 1 for parcel in {id(parcel): parcel for parcel in parcels}.values())
    assert doubled == script.truth.repeats


def test_every_form_has_a_time_token_of_its_own() -> None:
    script = tell(5)
    assert int(next(script.doors.tokens).rpartition("-")[2]) <= FORMS


def test_every_phone_is_valid_kept_for_fiction_and_not_in_use() -> None:
    first = tell(6)
    phones = frozenset(person.phone for person in first.truth.people)
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)
    assert all("55501" in phone or phone.startswith(("+4420794600", "+493023125")) for phone in phones)
    assert phones.isdisjoint(person.phone for person in tell(6, taken=phones).truth.people)
