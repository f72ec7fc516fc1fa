"""The diff sends what differs, and only that."""

from hypothesis import given
from hypothesis import strategies as st

from crm_sync.diff import canonical, delta

NAMES = st.sampled_from(["email", "phone", "firstname", "city", "leadhub_last_touch_at"])
VALUES = st.dictionaries(NAMES, st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1))


@given(desired=VALUES, base=VALUES)
def test_after_the_delta_is_applied_nothing_is_left_to_send(desired: dict[str, str], base: dict[str, str]) -> None:
    change = delta(desired=desired, base=base, forms={})
    after = {name: value for name, value in {**base, **change.set}.items() if name not in change.clear}
    assert after == desired
    assert not delta(desired=desired, base=after, forms={})


@given(values=VALUES)
def test_equal_sides_need_no_call(values: dict[str, str]) -> None:
    assert not delta(desired=values, base=values, forms={})


def test_two_spellings_of_one_value_are_equal() -> None:
    assert canonical(" Ada@Example.ORG ", "email") == canonical("ada@example.org", "email")
    assert canonical("+1 (415) 555-0100", "phone") == canonical("+14155550100", "phone")
    assert canonical("2026-11-20T12:00:00+02:00", "moment") == canonical("1795168800000", "moment")


def test_a_time_nobody_can_read_is_no_value() -> None:
    assert canonical("yesterday", "moment") == ""


def test_what_only_the_crm_holds_is_not_cleared() -> None:
    assert delta(desired={"city": "Rome"}, base={"city": "Rome"}, forms={}).clear == frozenset()
    assert delta(desired={}, base={"city": "Rome"}, forms={}).clear == {"city"}
