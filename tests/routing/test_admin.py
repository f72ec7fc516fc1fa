"""Owners are edited in the admin; everything else there is a record."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from identity.models import Lead
from leadhub.kernel import work
from leadhub.kernel.models import Work
from routing import services
from routing.models import Decision, FollowUp, Owner

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def decided() -> Lead:
    lead = Lead.objects.create(created_at=NOW, updated_at=NOW)
    work.put(stage="decide", subjects=[lead.pk], now=NOW)
    batch = work.claim(stage="decide", size=10)
    assert batch is not None
    services.decide(batch=batch, now=NOW)
    return lead


def test_a_new_owner_lets_waiting_leads_be_decided_again(admin_client: Client) -> None:
    lead = decided()
    asked = {"name": "Ada", "email": "ada@desk.example", "territories": '["*"]', "enabled": "on", "crm_id": ""}
    answer = admin_client.post("/admin/routing/owner/add/", asked)
    assert answer.status_code == 302
    assert list(Work.objects.values_list("stage", "subject")) == [("decide", lead.pk)]


@pytest.mark.parametrize("territories", ['"US"', '["us"]', "[1]", '{"US": 1}'])
def test_territories_that_make_no_sense_are_refused_with_an_example(admin_client: Client, territories: str) -> None:
    asked = {"name": "Ada", "email": "ada@desk.example", "territories": territories, "enabled": "on"}
    answer = admin_client.post("/admin/routing/owner/add/", asked)
    assert "Write a list of codes in capitals" in answer.content.decode()
    assert not Owner.objects.exists()


def test_an_owner_with_leads_is_disabled_not_deleted(admin_client: Client) -> None:
    owner = services.add_owner(name="Ada", email="ada@desk.example", territories=["*"])
    decided()
    assert admin_client.post(f"/admin/routing/owner/{owner.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", ["decision", "assignment", "policy", "followup"])
def test_records_are_shown_and_cannot_be_added(admin_client: Client, model: str) -> None:
    services.add_owner(name="Ada", email="ada@desk.example", territories=["*"])
    decided()
    assert admin_client.get(f"/admin/routing/{model}/").status_code == 200
    assert admin_client.get(f"/admin/routing/{model}/add/").status_code == 403


def test_a_decision_shows_its_reasons(admin_client: Client) -> None:
    services.add_owner(name="Ada", email="ada@desk.example", territories=["*"])
    decided()
    page = admin_client.get(f"/admin/routing/decision/{Decision.objects.get().pk}/change/").content.decode()
    assert "Ada alone takes every place without an owner of its own." in page


def test_a_follow_up_is_marked_as_done_by_the_person_who_says_so(admin_client: Client) -> None:
    services.add_owner(name="Ada", email="ada@desk.example", territories=["*"])
    decided()
    chosen = {"action": "mark_done", "_selected_action": [str(FollowUp.objects.get().pk)]}
    assert admin_client.post("/admin/routing/followup/", chosen).status_code == 302
    assert FollowUp.objects.get().done_by == "admin"
