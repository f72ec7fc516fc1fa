"""Promises 3 and 4 of the design, on random histories."""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture import services as capture_services
from identity import projection, services
from identity.models import Lead, Merge
from leadhub.kernel import clock, work
from tests.identity.signals import Said, invariants, lead_of, picture, resolve, store, tell

pytestmark = pytest.mark.django_db

PHONES = [f"+1415555010{n}" for n in range(4)]
EMAILS = [f"p{n}@example.org" for n in range(4)]
NAMES = ["John", "Jon", "Jane", "J", "Maria", "", "", ""]
LASTS = ["Reed", "Stone", "", ""]

said = st.builds(
    lambda phone, email, first, last, minute, trust, city: Said(
        {
            k: v
            for k, v in {"phone": phone, "email": email, "first_name": first, "last_name": last, "city": city}.items()
            if v
        },
        minute=minute,
        trust=trust,
    ),
    phone=st.sampled_from(["", *PHONES]),
    email=st.sampled_from(["", *EMAILS]),
    first=st.sampled_from(NAMES),
    last=st.sampled_from(LASTS),
    minute=st.integers(0, 6),
    trust=st.sampled_from([10, 50]),
    city=st.sampled_from(["", "Rome", "Oslo"]),
)
histories = st.lists(said, min_size=1, max_size=9)
History = list[Said]
Picture = dict[str, object]
Places = tuple[int, int]
Count = Callable[[Callable[[], None]], int]
T = TypeVar("T")
modest = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class _Undo(Exception):
    pass


def aside(act: Callable[[], T]) -> T:
    """Do something in a transaction of its own that is rolled back; give its result."""
    result: list[T] = []
    with suppress(_Undo), transaction.atomic():
        result.append(act())
        raise _Undo
    return result[0]


def projected(order: History, size: int) -> Picture:
    def run() -> Picture:
        tell(*order, size=size)
        assert list(invariants()) == []
        return picture()

    return aside(run)


@modest
@given(histories, st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_duplication_and_batching_gives_the_same_leads(history: History, random: Random, size: int) -> None:
    shuffled = [*history, *random.sample(history, k=random.randint(0, len(history)))]
    random.shuffle(shuffled)
    assert projected(shuffled, size) == projected(history, len(history))


@modest
@given(histories, histories, st.data())
def test_merge_then_unmerge_equals_never_merged_but_for_the_bar(
    history: History, later: History, data: st.DataObject
) -> None:
    def apart() -> tuple[list[UUID], Picture] | None:
        signals = tell(*history)
        leads = sorted({lead_of(signal).pk for signal in signals})
        if len(leads) < 2:
            return None
        pair = data.draw(st.permutations(leads).map(lambda order: order[:2]))
        services.cannot_link(left=pair[0], right=pair[1], by="ann", because="test", now=clock.now())
        tell(*later)
        return pair, picture()

    def undone(pair: Places) -> Picture:
        tell(*history)
        leads = sorted(Lead.objects.filter(state="active").values_list("pk", flat=True))
        merge = services.merge(keep=leads[pair[0]], absorb=leads[pair[1]], by="ann", because="test", now=clock.now())
        tell(*later)
        services.unmerge(merge_id=merge.pk, by="ann", because="test", now=clock.now())
        assert list(invariants()) == []
        return picture()

    expected = aside(apart_with_places(apart))
    if expected is None:
        return
    places, never_merged = expected
    assert aside(lambda: undone(places)) == never_merged


def apart_with_places(
    apart: Callable[[], tuple[list[UUID], Picture] | None],
) -> Callable[[], tuple[Places, Picture] | None]:
    """Name leads by their place in order of age: ids differ from run to run."""

    def run() -> tuple[Places, Picture] | None:
        found = apart()
        if found is None:
            return None
        pair, seen = found
        before = sorted(Lead.objects.values_list("pk", flat=True))
        return (before.index(pair[0]), before.index(pair[1])), seen

    return run


@pytest.fixture
def rows_read(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Count the rows that everything read during a call."""
    seen: list[int] = []

    def counting(name: str) -> Callable[..., object]:
        def fetch(cursor: CursorWrapper, *args: object) -> object:
            found: object = getattr(cursor.cursor, name)(*args)
            rows = found if isinstance(found, list) else [found] if found else []
            seen.append(len(rows))
            return found

        return fetch

    for name in ("fetchone", "fetchmany", "fetchall"):
        monkeypatch.setattr(CursorWrapper, name, counting(name), raising=False)

    def count(call: Callable[[], None]) -> int:
        seen.clear()
        call()
        return sum(seen)

    return count


def test_one_more_signal_reads_as_many_rows_at_ten_thousand_as_at_ten(rows_read: Count) -> None:
    crowd = [
        Said({"phone": PHONES[0], "first_name": "Ada", "city": "Rome"}, minute=n, name=f"s{n}") for n in range(10_000)
    ]
    tell(*crowd[:10])
    store(Said({"phone": PHONES[0], "first_name": "Ada", "city": "Oslo"}, minute=20_000))
    early = rows_read(resolve)
    tell(*crowd[10:], size=500)
    store(Said({"phone": PHONES[0], "first_name": "Ada", "city": "Bonn"}, minute=20_001))
    late = rows_read(resolve)
    assert late == early > 0
    assert Lead.objects.get().city == "Bonn"


def test_an_automatic_merge_can_be_undone_and_the_bridge_goes_to_the_heavier_side() -> None:
    one, two = tell(Said({"phone": PHONES[0]}), Said({"email": EMAILS[0]}, minute=1), size=1)
    bridge = tell(Said({"phone": PHONES[0], "email": EMAILS[0], "first_name": "Ada"}, minute=2))[0]
    assert lead_of(one) == lead_of(two) == lead_of(bridge)
    services.unmerge(merge_id=Merge.objects.get().pk, by="ann", because="two people", now=clock.now())
    assert lead_of(one) != lead_of(two)
    assert lead_of(bridge) == lead_of(two)  # an address weighs more than a number
    assert lead_of(one).first_name == ""
    tell(Said({"phone": PHONES[0], "email": EMAILS[0]}, minute=3))
    assert lead_of(one) != lead_of(two)


def test_edits_made_after_a_merge_stay_with_the_lead_they_were_made_on() -> None:
    one, two = tell(Said({"phone": PHONES[0]}), Said({"email": EMAILS[0]}, minute=1), size=1)
    keep, absorb = lead_of(one), lead_of(two)
    merge = services.merge(keep=keep.pk, absorb=absorb.pk, by="ann", because="same voice", now=clock.now())
    services.edit(lead_id=keep.pk, changes={"city": "Lyon"}, by="ann", now=clock.now())
    normalise_and_resolve()
    services.unmerge(merge_id=merge.pk, by="ann", because="not the same", now=clock.now())
    keep.refresh_from_db()
    absorb.refresh_from_db()
    assert (keep.city, absorb.city) == ("Lyon", "")


def test_a_correction_outranks_what_is_heard_later() -> None:
    (signal,) = tell(Said({"phone": PHONES[0], "city": "Rome"}))
    services.edit(lead_id=lead_of(signal).pk, changes={"city": "Lyon"}, by="ann", now=clock.now())
    normalise_and_resolve()
    tell(Said({"phone": PHONES[0], "city": "Oslo"}, minute=60 * 24 * 365))
    assert lead_of(signal).city == "Lyon"


def normalise_and_resolve() -> None:
    """Work a correction through the stages it passes."""
    work.drain(stage="normalise", handle=lambda b: capture_services.normalise(batch=b, now=clock.now()), size=50)
    resolve()


def test_the_full_projection_equals_the_incremental_one() -> None:
    said = [Said({"phone": PHONES[n % 3], "city": f"C{n}", "first_name": "Ada"}, minute=(n * 7) % 5) for n in range(12)]
    tell(*said, size=1)
    leads = Lead.objects.filter(state="active")
    assert leads.count() == 3
    for lead in leads:
        assert projection.in_full([lead.pk])[lead.pk] == lead.provenance
