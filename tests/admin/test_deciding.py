"""What a person does in the admin: asked first, done by the services, answered in words."""

from typing import Any

import pytest
from django.test import Client

from identity.models import CannotLink, Lead, Merge, MergeReview
from leadhub.kernel import clock, ids, work
from leadhub.kernel.models import Work
from tests.api.world import ANN, Desk, drain, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(desk: Desk) -> tuple[Lead, Lead]:
    return desk.lead(email="ann@example.com", first_name="Ann"), desk.lead(phone="+14155550132", last_name="Lee")


def words(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def merged(admin_pages: Client, pair: tuple[Lead, Lead]) -> Merge:
    chosen = {"action": "merge_chosen", "_selected_action": [str(lead.pk) for lead in pair]}
    asked = admin_pages.post("/admin/identity/lead/", chosen)
    assert b"same person?" in asked.content
    assert not Merge.objects.exists()  # asking does nothing
    answer = {**chosen, "answered": "yes", "keep": str(pair[0].pk), "because": "same voice"}
    done = admin_pages.post("/admin/identity/lead/", answer, follow=True)
    assert any("can be undone" in said for said in words(done))
    return Merge.objects.get()


def test_two_leads_are_merged_after_asking_which_one_stays(admin_pages: Client, pair: tuple[Lead, Lead]) -> None:
    merge = merged(admin_pages, pair)
    assert (merge.survivor_id, merge.by, merge.confirmed) == (pair[0].pk, "boss", True)


@pytest.mark.parametrize("count", [1, 3])
def test_merging_wants_exactly_two(admin_pages: Client, desk: Desk, count: int) -> None:
    leads = [desk.lead(email=f"p{n}@example.com") for n in range(count)]
    chosen = {"action": "merge_chosen", "_selected_action": [str(lead.pk) for lead in leads]}
    answer = admin_pages.post("/admin/identity/lead/", chosen, follow=True)
    assert any("exactly two" in said for said in words(answer))


def test_a_merge_is_undone_after_asking_and_a_second_time_is_refused(
    admin_pages: Client, pair: tuple[Lead, Lead]
) -> None:
    merge = merged(admin_pages, pair)
    address = f"/admin/identity/merge/{merge.pk}/undo/"
    assert b"Undo the merge" in admin_pages.get(address).content
    merge.refresh_from_db()
    assert merge.undone_at is None
    undone = admin_pages.post(address, {"answered": "yes", "because": "the neighbour"}, follow=True)
    assert "the neighbour" in undone.content.decode()
    merge.refresh_from_db()
    assert merge.undone_by == "boss"
    assert admin_pages.post(address, {"answered": "yes", "because": "again"}).status_code == 403


def test_nothing_is_decided_without_a_reason(admin_pages: Client, pair: tuple[Lead, Lead]) -> None:
    merge = merged(admin_pages, pair)
    answer = admin_pages.post(f"/admin/identity/merge/{merge.pk}/undo/", {"answered": "yes", "because": ""})
    assert b"This field is required" in answer.content
    merge.refresh_from_db()
    assert merge.undone_at is None


@pytest.fixture
def review(desk: Desk) -> MergeReview:
    desk.lead(phone="+14155550132", first_name="Ann", last_name="Lee")
    desk.lead(phone="+14155550132", first_name="Zoltan", last_name="Kovacs")
    return MergeReview.objects.get(state="open")


def test_a_review_shows_both_leads_and_what_differs(admin_pages: Client, review: MergeReview) -> None:
    shown = admin_pages.get(f"/admin/identity/mergereview/{review.pk}/change/").content.decode()
    assert all(name in shown for name in ("Ann", "Zoltan", "different", "Not the same"))


@pytest.mark.parametrize(("verb", "state"), [("same", "merged"), ("different", "apart")])
def test_a_review_is_settled_by_a_person(admin_pages: Client, review: MergeReview, verb: str, state: str) -> None:
    address = f"/admin/identity/mergereview/{review.pk}/{verb}/"
    assert admin_pages.get(address).status_code == 200
    admin_pages.post(address, {"answered": "yes", "because": "I called them"})
    review.refresh_from_db()
    assert (review.state, review.closed_by) == (state, "boss")
    assert CannotLink.objects.exists() == (verb == "different")
    assert admin_pages.get(f"/admin/identity/mergereview/{review.pk}/change/").status_code == 200


def test_a_correction_goes_through_the_pipeline_and_shows_in_the_history(admin_pages: Client, desk: Desk) -> None:
    lead = desk.lead(**ANN)
    address = f"/admin/identity/lead/{lead.pk}/correct/"
    values = {name: getattr(lead, name) for name in Lead.FIELDS}
    admin_pages.post(address, {**values, "answered": "yes", "first_name": "Anne"})
    lead.refresh_from_db()
    assert lead.first_name == "Ann"  # nothing writes around the pipeline
    drain()
    lead.refresh_from_db()
    assert lead.first_name == "Anne"
    history = admin_pages.get(f"/admin/identity/lead/{lead.pk}/history/").content.decode()
    assert "Anne" in history
    assert "/admin/capture/signal/" in history


def test_a_correction_that_changes_nothing_stores_nothing(admin_pages: Client, desk: Desk) -> None:
    lead = desk.lead(**ANN)
    values = {name: getattr(lead, name) for name in Lead.FIELDS}
    answer = admin_pages.post(f"/admin/identity/lead/{lead.pk}/correct/", {**values, "answered": "yes"}, follow=True)
    assert "Nothing was changed." in words(answer)


def test_who_may_only_look_is_offered_nothing_and_can_do_nothing(pair: tuple[Lead, Lead], review: MergeReview) -> None:
    client = Client()
    client.force_login(person("reader", "identity.view_lead", "identity.view_mergereview", "identity.view_merge"))
    assert b"Correct" not in client.get(f"/admin/identity/lead/{pair[0].pk}/change/").content
    assert client.get(f"/admin/identity/lead/{pair[0].pk}/correct/").status_code == 403
    said = {"answered": "yes", "because": "x"}
    assert client.post(f"/admin/identity/mergereview/{review.pk}/same/", said).status_code == 403
    chosen = {"action": "merge_chosen", "_selected_action": [str(lead.pk) for lead in pair], **said}
    client.post("/admin/identity/lead/", {**chosen, "keep": str(pair[0].pk)})
    assert not Merge.objects.exists()


def test_a_form_from_another_site_does_nothing(review: MergeReview) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("ann", "identity.change_lead", "identity.view_mergereview"))
    said = {"answered": "yes", "because": "x"}
    assert client.post(f"/admin/identity/mergereview/{review.pk}/same/", said).status_code == 403


def test_quarantined_work_is_tried_again_after_asking(admin_pages: Client) -> None:
    work.put(stage="normalise", subjects=[ids.new()], now=clock.now())
    batch = work.claim(stage="normalise", size=1)
    assert batch is not None
    batch.quarantine(batch.jobs[0], reason="The body is not JSON.")
    row = Work.objects.get()
    chosen = {"action": "retry_now", "_selected_action": [str(row.pk)]}
    asked = admin_pages.post("/admin/kernel/work/", chosen)
    assert b"The body is not JSON." in asked.content
    row.refresh_from_db()
    assert row.due_at is None
    admin_pages.post("/admin/kernel/work/", {**chosen, "answered": "yes"})
    row.refresh_from_db()
    assert (row.due_at is not None, row.quarantined_at, row.reason) == (True, None, "")


def test_work_that_is_not_quarantined_is_left_alone(admin_pages: Client) -> None:
    work.put(stage="normalise", subjects=[ids.new()], now=clock.now())
    chosen = {"action": "retry_now", "_selected_action": [str(Work.objects.get().pk)]}
    answer = admin_pages.post("/admin/kernel/work/", chosen, follow=True)
    assert any("tried by itself" in said for said in words(answer))
