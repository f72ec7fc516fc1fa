"""Clocks that are wrong: nothing of a lead lies in the future, nothing before there were computers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from identity.models import Lead
from tests.flows.house import House, at

pytestmark = pytest.mark.django_db

ANN = "+14155550132"
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LEEWAY = timedelta(minutes=5)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def touched(lead: Lead) -> tuple[datetime, datetime]:
    return moment(lead.first_touch["at"]), moment(lead.last_touch["at"])


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        (NINE + timedelta(minutes=4), NINE + timedelta(minutes=4)),
        (NINE + timedelta(minutes=6), NINE),
        (NINE + timedelta(minutes=10), NINE),
        (NINE + timedelta(days=400), NINE),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), NINE),
        (NINE - timedelta(minutes=10), NINE - timedelta(minutes=10)),
        (NINE - timedelta(days=4000), NINE - timedelta(days=4000)),
    ],
)
def test_a_lead_is_never_touched_more_than_a_few_minutes_ahead(
    house: House, told: datetime, believed: datetime
) -> None:
    lead = house.made(when=NINE, phone=ANN, city="Rome", occurred_at=told.isoformat())
    assert touched(lead) == (believed, believed)
    assert touched(lead)[1] <= NINE + LEEWAY
    assert house.sandbox.record(lead)["city"] == "Rome"


@pytest.mark.parametrize(
    "nothing", ["0001-01-01T00:00:00Z", "0999-06-01T12:00:00Z", "1900-01-01T00:00:00+00:00", "1970-01-01T00:00:00Z"]
)
def test_a_time_that_programs_write_for_none_is_none(house: House, nothing: str) -> None:
    first = house.made(when=NINE, phone=ANN, city="Rome")
    later = house.made(when=NINE + timedelta(hours=1), phone=ANN, city="Oslo", occurred_at=nothing)
    assert later == first
    assert touched(later) == (NINE, NINE + timedelta(hours=1))
    assert later.city == "Oslo"
    assert house.sandbox.record(later)["city"] == "Oslo"


@pytest.mark.parametrize("skew", [timedelta(minutes=10), timedelta(minutes=-10), timedelta(minutes=4)])
def test_a_provider_whose_clock_is_wrong_puts_no_call_into_the_future(house: House, skew: timedelta) -> None:
    with at(NINE):
        event = house.call(ANN, sid="CA" + "1" * 32, Timestamp=format_datetime(NINE + skew))
    house.drain()
    first, last = touched(house.lead(event))
    assert first == last
    assert last <= NINE + LEEWAY
    assert abs(last - NINE) <= timedelta(minutes=10)


def test_what_came_dated_ahead_does_not_hide_what_comes_after_it(house: House) -> None:
    house.made(when=NINE, phone=ANN, city="Rome", occurred_at=(NINE + timedelta(days=30)).isoformat())
    later = NINE + timedelta(minutes=1)
    lead = house.made(when=later, phone=ANN, city="Oslo", occurred_at=later.isoformat())
    assert lead.city == "Oslo"
    assert touched(lead)[1] == later
