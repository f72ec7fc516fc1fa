"""Owners of a territory take turns."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from routing.assign import Choice, Seat, choose
from routing.policy import NOWHERE, Place

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
CALIFORNIA = Place(country="US", region="CA", known_by="its phone number")


def seat(owner_id: int, *territories: str, assigned: int = 0, last: datetime | None = None) -> Seat:
    return Seat(
        owner_id=owner_id,
        name=f"Owner {owner_id}",
        territories=frozenset(territories),
        assigned=assigned,
        last_assigned_at=last,
    )


def californian(desk: list[Seat]) -> Choice:
    return choose(place=CALIFORNIA, territories=("US-CA", "US", "*"), desk=desk)


def taker(choice: Choice) -> Seat:
    assert choice.seat is not None
    return choice.seat


def test_the_nearest_territory_wins_over_the_lighter_load() -> None:
    choice = californian([seat(1, "US"), seat(2, "US-CA", assigned=90), seat(3, "*")])
    assert (taker(choice).owner_id, choice.territory) == (2, "US-CA")


def test_the_least_loaded_takes_it_then_the_longest_waiting_then_the_oldest() -> None:
    earlier = NOW - timedelta(hours=1)
    assert taker(californian([seat(1, "US", assigned=2), seat(2, "US", assigned=1)])).owner_id == 2
    assert taker(californian([seat(1, "US", last=NOW), seat(2, "US", last=earlier)])).owner_id == 2
    assert taker(californian([seat(2, "US"), seat(1, "US")])).owner_id == 1


def test_what_nobody_else_has_goes_to_the_one_who_takes_the_rest() -> None:
    choice = choose(place=NOWHERE, territories=("*",), desk=[seat(1, "US"), seat(2, "*")])
    assert taker(choice).owner_id == 2
    assert choice.because == (
        "Nothing says where the lead is.",
        "Owner 2 alone takes every place without an owner of its own.",
    )


def test_nobody_is_a_choice_with_a_reason_a_person_can_act_on() -> None:
    empty = californian([])
    assert empty.seat is None
    assert "Add one" in empty.because[1]
    elsewhere = californian([seat(1, "GB")])
    assert elsewhere.seat is None
    assert "No enabled owner has US-CA, US, *" in elsewhere.because[1]


@given(st.integers(1, 6), st.integers(0, 60))
def test_equals_end_with_equal_loads(people: int, leads: int) -> None:
    desk = [seat(number, "US") for number in range(people)]
    for _ in range(leads):
        taker(californian(desk)).take(now=NOW)
    loads = Counter({one.owner_id: one.taken for one in desk})
    assert sum(loads.values()) == leads
    assert max(loads.values()) - min(loads.values()) <= 1
