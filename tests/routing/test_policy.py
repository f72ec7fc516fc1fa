"""Where a lead is, judged from what is known of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.policy import NOWHERE, Place, Rules, place_of, rules_from, territories_of

SAN_FRANCISCO, LONDON, BERLIN, INMARSAT = "+14155552671", "+442079460958", "+493012345678", "+870773111632"


def where(*, country: str = "", region: str = "", phone: str = "", home: str = "") -> Place:
    return place_of(country=country, region=region, phone=phone, rules=Rules(home_country=home))


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"country": "US", "region": "CA"}, "US-CA"),
        ({"country": "usa", "region": "california"}, "US-CA"),
        ({"country": "U.S.A.", "region": "US-CA"}, "US-CA"),
        ({"country": "United Kingdom"}, "GB"),
        ({"country": "DE", "region": "BE"}, "DE-BE"),
        ({"phone": SAN_FRANCISCO}, "US-CA"),
        ({"phone": LONDON}, "GB"),
        ({"phone": BERLIN, "region": "BE"}, "DE-BE"),
        ({"country": "US", "phone": SAN_FRANCISCO}, "US-CA"),
        ({"region": "Ontario", "home": "CA"}, "CA-ON"),
        ({}, ""),
        ({"phone": "72727"}, ""),
        ({"phone": INMARSAT}, ""),
        ({"country": "Atlantis"}, ""),
    ],
)
def test_a_place_is_read_from_what_the_lead_tells(told: dict[str, str], name: str) -> None:
    assert where(**told).name == name


def test_the_address_beats_the_area_code() -> None:
    place = where(country="US", region="New York", phone=SAN_FRANCISCO)
    assert (place.name, place.known_by) == ("US-NY", "the lead's address")


def test_a_phone_of_another_country_adds_no_region() -> None:
    assert where(country="GB", phone=SAN_FRANCISCO).name == "GB"


def test_territories_go_from_near_to_far() -> None:
    assert territories_of(where(phone=SAN_FRANCISCO), rules=Rules()) == ("US-CA", "US", "*")
    assert territories_of(where(phone=LONDON), rules=Rules()) == ("GB", "*")
    assert territories_of(NOWHERE, rules=Rules()) == ("*",)


def test_a_stored_policy_may_leave_out_what_is_as_built_in() -> None:
    rules = rules_from({"steps": ["country"], "home_country": "gb"}, version=3)
    assert rules == Rules(version=3, steps=("country",), home_country="GB")
    assert territories_of(where(phone=SAN_FRANCISCO), rules=rules) == ("US",)


@given(country=st.text(), region=st.text(), phone=st.text())
def test_nothing_that_people_write_upsets_the_judgement(country: str, region: str, phone: str) -> None:
    assert territories_of(where(country=country, region=region, phone=phone), rules=Rules())[-1] == "*"
