"""Leads over HTTP."""

from datetime import timedelta

import pytest
from django.test import Client

from crm_sync.models import Connection, FieldMapping, PushAttempt
from identity.models import Lead
from leadhub.kernel import clock
from tests.api.world import ANN, Desk, drain

pytestmark = pytest.mark.django_db
BOB = {"first_name": "Bob", "last_name": "Stone", "email": "bob@example.com", "phone": "+14155550177"}


def names(api: Client, query: str = "") -> list[str]:
    answer = api.get(f"/api/v1/leads/{query}")
    assert answer.status_code == 200, answer.content
    return [lead["first_name"] for lead in answer.json()["results"]]


def test_a_lead_shows_its_values_and_the_signal_of_each(api: Client, desk: Desk) -> None:
    lead = desk.lead(**ANN)
    shown = api.get(f"/api/v1/leads/{lead.pk}/").json()
    assert shown["email"] == "ann@example.com"
    assert set(shown["provenance"]["email"]) == {"at", "signal"}
    assert shown["first_touch"]["source"] == "partner"


def test_leads_are_found_by_any_writing_of_an_address_or_number(api: Client, desk: Desk) -> None:
    desk.lead(**ANN)
    desk.lead(**BOB)
    assert names(api, "?email=Ann%2Bshop@EXAMPLE.com") == ["Ann"]
    assert names(api, "?phone=%2B1%20(415)%20555-0132") == ["Ann"]
    assert names(api, "?q=bo") == ["Bob"]
    assert names(api, "?q=ann%20l") == ["Ann"]
    assert names(api, "?q=bob@example.com") == ["Bob"]
    assert names(api, "?q=zoe") == []


def test_leads_are_found_by_when_they_changed(api: Client, desk: Desk) -> None:
    desk.lead(**ANN)
    later = (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    earlier = (clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert names(api, f"?updated_since={earlier}") == ["Ann"]
    assert names(api, f"?updated_since={later}") == []


def test_pages_show_every_lead_once_and_newest_first(api: Client, desk: Desk) -> None:
    made = [desk.lead(email=f"p{n}@example.com") for n in range(5)]
    seen: list[str] = []
    address: str | None = "/api/v1/leads/?limit=2"
    while address:
        page = api.get(address).json()
        assert len(page["results"]) <= 2
        seen += [lead["id"] for lead in page["results"]]
        address = page["next"]
    assert seen == [str(lead.pk) for lead in reversed(made)]


def test_a_correction_becomes_a_signal_and_changes_the_lead(api: Client, desk: Desk) -> None:
    lead = desk.lead(**ANN)
    answer = api.patch(f"/api/v1/leads/{lead.pk}/", {"first_name": "Anne"}, content_type="application/json")
    assert answer.status_code == 202, answer.content
    drain()
    assert api.get(f"/api/v1/leads/{lead.pk}/").json()["first_name"] == "Anne"
    trail = api.get(f"/api/v1/events/{answer.json()['event']}/").json()
    assert [signal["kind"] for signal in trail["signals"]] == ["edit"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"score": "100"}, "score"),
        ({"state": "erased"}, "state"),
        ({"id": "x"}, "id"),
        ({"first_name": "x" * 500}, "first_name"),
        ({"first_name": ["a"]}, "first_name"),
        ({}, "non_field_errors"),
    ],
)
def test_a_correction_of_anything_else_is_refused_by_name(
    api: Client, desk: Desk, body: dict[str, object], field: str
) -> None:
    lead = desk.lead(**ANN)
    answer = api.patch(f"/api/v1/leads/{lead.pk}/", body, content_type="application/json")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_timeline_tells_signals_changes_and_decisions(api: Client, desk: Desk) -> None:
    lead = desk.lead(**ANN, message="Please call me")
    told = api.get(f"/api/v1/leads/{lead.pk}/timeline/").json()
    assert {"lead", "change", "decision"} <= {entry["kind"] for entry in told}
    assert any("Please call me" in str(entry["detail"]) for entry in told)
    assert [entry["at"] for entry in told] == sorted((entry["at"] for entry in told), reverse=True)
    assert len(api.get(f"/api/v1/leads/{lead.pk}/timeline/?limit=1").json()) == 1


def test_lineage_leads_from_a_value_back_to_the_raw_bytes(api: Client, desk: Desk) -> None:
    lead = desk.lead(**ANN)
    line = api.get(f"/api/v1/leads/{lead.pk}/lineage/?field=email").json()
    assert line["value"] == "ann@example.com"
    assert line["resolution"]["outcome"] == "created"
    event = api.get(f"/api/v1/events/{line['event']['id']}/").json()
    assert event["event"]["digest"] == line["event"]["digest"]
    assert event["resolutions"][0]["lead_now"] == str(lead.pk)


def test_lineage_of_a_value_that_is_not_there_is_not_found(api: Client, desk: Desk) -> None:
    lead = desk.lead(email="ann@example.com")
    assert api.get(f"/api/v1/leads/{lead.pk}/lineage/?field=phone").status_code == 404


def test_decisions_say_why(api: Client, desk: Desk) -> None:
    lead = desk.lead(**ANN)
    (decision,) = api.get(f"/api/v1/leads/{lead.pk}/decisions/").json()
    assert decision["because"]


def test_events_are_listed_by_source(api: Client, desk: Desk) -> None:
    event_id = desk.says(**ANN)
    assert [event["id"] for event in api.get("/api/v1/events/?source=partner").json()["results"]] == [str(event_id)]
    assert api.get("/api/v1/events/?source=other").json()["results"] == []


def test_an_event_that_cannot_be_read_says_so_in_its_trail(api: Client, desk: Desk) -> None:
    event_id = desk.says(email=["not", "text"])
    drain()
    (work,) = api.get(f"/api/v1/events/{event_id}/").json()["work"]
    assert work["quarantined_at"]
    assert work["reason"]


def pushed(lead: Lead) -> PushAttempt:
    """Record what a push of this lead to a CRM leaves behind."""
    connection = Connection.objects.create(slug="hub", kind="hubspot", base_url="http://127.0.0.1:1")
    rows = [{"path": "email", "remote": "email", "form": "text"}]
    FieldMapping.objects.create(connection=connection, version=3, state=FieldMapping.State.ACTIVE, rows=rows)
    return PushAttempt.objects.create(
        connection=connection, lead=lead, operation="upsert", trace_id="t-1", remote_id="77", lead_version=1,
        mapping_version=3, sent={"email": "ann@example.com"}, outcome="created", status_code=200, at=clock.now(),
    )  # fmt: skip


def test_lineage_begins_at_what_the_crm_was_told(api: Client, desk: Desk) -> None:
    lead = desk.lead(**ANN)
    attempt = pushed(lead)
    (sent,) = api.get(f"/api/v1/leads/{lead.pk}/lineage/?field=email").json()["crm"]
    assert (sent["attempt_id"], sent["property"], sent["value"]) == (attempt.pk, "email", "ann@example.com")
    assert (sent["connection"], sent["mapping_version"], sent["outcome"]) == ("hub", 3, "created")


def test_the_timeline_tells_what_the_crm_was_told(api: Client, desk: Desk) -> None:
    lead = desk.lead(**ANN)
    pushed(lead)
    told = api.get(f"/api/v1/leads/{lead.pk}/timeline/").json()
    assert [entry["detail"]["record"] for entry in told if entry["kind"] == "crm"] == ["77"]
