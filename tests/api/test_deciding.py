"""What people decide about leads, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from identity.models import Lead, Merge, MergeReview
from tests.api.world import Desk, caller, person

pytestmark = pytest.mark.django_db


def post(client: Client, address: str, **body: Any) -> Any:
    return client.post(f"/api/v1/{address}", body, content_type="application/json")


@pytest.fixture
def pair(desk: Desk) -> tuple[Lead, Lead]:
    return desk.lead(email="ann@example.com", first_name="Ann"), desk.lead(phone="+14155550132", last_name="Lee")


@pytest.fixture
def review(desk: Desk) -> MergeReview:
    desk.lead(phone="+14155550132", first_name="Ann", last_name="Lee")
    desk.lead(phone="+14155550132", first_name="Zoltan", last_name="Kovacs")
    return MergeReview.objects.get(state="open")


def test_a_merged_id_leads_on_to_the_survivor_and_can_be_looked_at(api: Client, pair: tuple[Lead, Lead]) -> None:
    keep, absorb = pair
    answer = post(api, "merges/", keep=str(keep.pk), absorb=str(absorb.pk), because="same voice")
    assert answer.status_code == 201, answer.content
    onward = api.get(f"/api/v1/leads/{absorb.pk}/")
    assert (onward.status_code, onward.headers["Location"]) == (307, f"/api/v1/leads/{keep.pk}/")
    assert api.get(onward.headers["Location"]).json()["last_name"] == "Lee"
    assert api.get(f"/api/v1/leads/{absorb.pk}/?follow=false").json()["state"] == "merged"


def test_a_merge_can_be_undone_once(api: Client, pair: tuple[Lead, Lead]) -> None:
    keep, absorb = pair
    merge = post(api, "merges/", keep=str(keep.pk), absorb=str(absorb.pk), because="same voice").json()
    undone = post(api, f"merges/{merge['id']}/undo/", because="it was the neighbour")
    assert (undone.status_code, undone.json()["undone_by"]) == (200, "boss")
    assert api.get(f"/api/v1/leads/{keep.pk}/").json()["last_name"] == ""
    assert api.get(f"/api/v1/leads/{absorb.pk}/").status_code == 200
    again = post(api, f"merges/{merge['id']}/undo/", because="again")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_a_merge_that_makes_no_sense_is_refused_with_a_sentence(api: Client, pair: tuple[Lead, Lead]) -> None:
    keep, absorb = (str(lead.pk) for lead in pair)
    assert "itself" in post(api, "merges/", keep=keep, absorb=keep, because="x").json()["detail"]
    assert post(api, "merges/", keep=keep, absorb=absorb, because="x").status_code == 201
    back = post(api, "merges/", keep=absorb, absorb=keep, because="x")
    assert (back.status_code, Merge.objects.count()) == (409, 1)


def test_a_merge_with_a_lead_that_never_was_is_not_found(api: Client, pair: tuple[Lead, Lead]) -> None:
    answer = post(api, "merges/", keep=str(pair[0].pk), absorb=str(uuid4()), because="x")
    assert answer.status_code == 404


def test_two_leads_kept_apart_stay_apart_when_they_come_to_share_a_number(
    api: Client, desk: Desk, pair: tuple[Lead, Lead]
) -> None:
    left, right = pair
    answer = post(api, "cannot-links/", left=str(left.pk), right=str(right.pk), because="father and son")
    assert answer.status_code == 201, answer.content
    desk.lead(email="ann@example.com", phone="+14155550132")
    assert not Merge.objects.filter(undone_at=None, survivor__in=pair, absorbed__in=pair).exists()


def test_open_reviews_are_listed_and_shown_with_both_leads(api: Client, review: MergeReview) -> None:
    (listed,) = api.get("/api/v1/reviews/").json()["results"]
    assert listed["reason"] == "contradiction"
    shown = api.get(f"/api/v1/reviews/{review.pk}/").json()
    assert {shown["left"]["first_name"], shown["right"]["first_name"]} == {"Ann", "Zoltan"}


@pytest.mark.parametrize(("decision", "state"), [("merge", "merged"), ("apart", "apart")])
def test_a_review_is_settled_once(api: Client, review: MergeReview, decision: str, state: str) -> None:
    answer = post(api, f"reviews/{review.pk}/resolve/", decision=decision, because="I called them")
    assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert post(api, f"reviews/{review.pk}/resolve/", decision=decision, because="again").status_code == 409
    assert api.get("/api/v1/reviews/").json()["results"] == []


def test_every_decision_needs_a_reason(api: Client, pair: tuple[Lead, Lead]) -> None:
    answer = post(api, "merges/", keep=str(pair[0].pk), absorb=str(pair[1].pk))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "because")


def test_who_may_only_look_cannot_decide(pair: tuple[Lead, Lead]) -> None:
    reader = caller(person("reader", "identity.view_lead"))
    assert reader.get(f"/api/v1/leads/{pair[0].pk}/").status_code == 200
    assert post(reader, "merges/", keep=str(pair[0].pk), absorb=str(pair[1].pk), because="x").status_code == 403
    corrected = reader.patch(f"/api/v1/leads/{pair[0].pk}/", {"city": "Ulm"}, content_type="application/json")
    assert corrected.status_code == 403
