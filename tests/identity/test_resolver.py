"""Signals become leads: attach, create, merge, keep apart."""

import pytest

from identity.models import Lead, Merge, MergeReview, Resolution
from tests.identity.signals import Said, invariants, lead_of, tell

pytestmark = pytest.mark.django_db

PHONE, OTHER = "+14155550100", "+14155550111"


def test_a_first_signal_makes_a_lead_with_its_values_and_their_origin() -> None:
    (signal,) = tell(Said({"phone": PHONE, "first_name": "Ada", "last_name": "Byron"}))
    lead = lead_of(signal)
    assert (lead.phone, lead.first_name, lead.version) == (PHONE, "Ada", 1)
    assert lead.provenance["first_name"]["signal"] == str(signal.pk)
    assert Resolution.objects.get(signal=signal.pk).outcome == Resolution.Outcome.CREATED


def test_the_same_phone_attaches_to_the_same_lead() -> None:
    one, two = tell(Said({"phone": PHONE}), Said({"phone": PHONE, "first_name": "Ada"}, minute=1))
    assert lead_of(one) == lead_of(two)
    assert Lead.objects.count() == 1
    assert lead_of(one).first_name == "Ada"


def test_one_signal_joins_two_leads_and_the_older_id_survives() -> None:
    one, two = tell(Said({"phone": PHONE}), Said({"email": "ada@example.org"}, minute=1), size=1)
    older, younger = lead_of(one), lead_of(two)
    assert older != younger
    tell(Said({"phone": PHONE, "email": "ada@example.org"}, minute=2))
    assert lead_of(two) == older
    merge = Merge.objects.get()
    assert (merge.survivor_id, merge.absorbed_id, merge.confirmed) == (older.pk, younger.pk, False)
    younger.refresh_from_db()
    assert (younger.state, younger.merged_into_id) == (Lead.State.MERGED, older.pk)
    assert list(invariants()) == []


def test_a_contradicting_name_gets_a_lead_of_its_own_and_a_review() -> None:
    one, two = tell(
        Said({"phone": PHONE, "first_name": "John", "last_name": "Reed"}),
        Said({"phone": PHONE, "first_name": "Jane", "last_name": "Reed"}, minute=1),
    )
    assert lead_of(one) != lead_of(two)
    review = MergeReview.objects.get()
    assert {review.left_id, review.right_id} == {lead_of(one).pk, lead_of(two).pk}
    assert review.reason == "contradiction"


def test_a_switchboard_stops_identifying_and_its_callers_part_again() -> None:
    names = ["Ada", "Bruno", "Chloe", "Dmitri", "Esther", "Farid"]
    first, *_rest = tell(
        Said({"phone": PHONE}),
        *(Said({"phone": PHONE, "first_name": n}, minute=i) for i, n in enumerate(names, 1)),
        size=1,
    )
    assert Lead.objects.filter(state="active").count() == len(names) + 1
    assert lead_of(first).first_name == ""
    assert list(invariants()) == []


def test_a_recording_follows_its_call_whichever_came_first() -> None:
    recording = Said({}, kind="call", conversation="twilio:CA1", minute=3, name="recording")
    (orphan,) = tell(recording)
    assert Resolution.objects.get(signal=orphan.pk).outcome == Resolution.Outcome.HELD
    (call,) = tell(Said({"phone": PHONE}, kind="call", conversation="twilio:CA1", minute=1))
    assert lead_of(orphan) == lead_of(call)


def test_a_status_makes_no_lead() -> None:
    (status,) = tell(Said({"phone": PHONE}, kind="status"))
    assert Resolution.objects.get(signal=status.pk).outcome == Resolution.Outcome.NO_LEAD
    assert not Lead.objects.exists()


def test_history_names_the_signal_that_changed_a_field() -> None:
    _one, two = tell(Said({"phone": PHONE, "city": "Turin"}), Said({"phone": PHONE, "city": "Milan"}, minute=1), size=1)
    newest, oldest = Lead.history.order_by("-history_date", "-history_id")
    assert (oldest.city, newest.city, newest.signal_id) == ("Turin", "Milan", two.pk)
    assert [change.field for change in newest.diff_against(oldest).changes if change.field != "version"] == ["city"]


def test_deciding_the_same_signals_again_changes_nothing() -> None:
    said = [Said({"phone": PHONE, "first_name": "Ada"}), Said({"phone": PHONE, "email": "a@example.org"}, minute=1)]
    tell(*said)
    before = (list(Lead.objects.values()), Lead.history.count(), Resolution.objects.count())
    tell(*said)
    assert (list(Lead.objects.values()), Lead.history.count(), Resolution.objects.count()) == before


def test_the_same_value_said_again_later_keeps_its_later_rank() -> None:
    named = {"phone": PHONE, "first_name": "Jane", "city": "Rome"}
    tell(Said(named), Said({"phone": PHONE, "first_name": "J"}, minute=9), size=1)
    (again,) = tell(Said(named, minute=5))
    assert lead_of(again).provenance["city"]["signal"] == str(again.pk)
