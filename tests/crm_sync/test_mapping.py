"""A mapping says where each value goes; rows that lead nowhere are refused."""

import pytest
from django.db import IntegrityError, transaction

from crm_sync import connections, selectors
from crm_sync.connectors.hubspot.mapping import ROWS
from crm_sync.contracts import Row
from crm_sync.mapping import desired, property_of, unknown_paths
from crm_sync.models import Connection, FieldMapping
from identity import selectors as leads
from leadhub.kernel.errors import Permanent
from tests.crm_sync.conftest import MakeLead, Sandbox, push, write


def test_the_default_mapping_names_only_what_a_lead_has() -> None:
    assert unknown_paths(ROWS) == []


def test_a_lead_is_laid_out_as_properties_without_empty_ones(lead: MakeLead) -> None:
    ada = lead(email="Ada@Example.org", title="Countess")
    wanted = desired(lead=leads.snapshots(lead_ids=[ada.pk])[ada.pk], owner="sam@example.org", rows=ROWS)
    assert wanted["leadhub_id"] == str(ada.pk)
    assert (wanted["email"], wanted["jobtitle"], wanted["leadhub_owner"]) == (
        "ada@example.org",
        "Countess",
        "sam@example.org",
    )
    assert "city" not in wanted


def test_a_field_finds_its_property() -> None:
    assert property_of("email", ROWS) == "email"
    assert property_of("title", ROWS) == "jobtitle"
    assert property_of("shoe_size", ROWS) == ""


def test_a_mapping_with_an_unknown_path_is_refused(hubspot: Connection) -> None:
    with pytest.raises(Permanent, match="shoe_size"):
        connections.draft(connection=hubspot, rows=[Row(path="shoe_size", remote="shoes")])


def test_the_rows_of_a_mapping_never_change(hubspot: Connection) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        FieldMapping.objects.update(rows=[])


def test_a_new_mapping_is_a_new_version_and_only_one_is_in_force(hubspot: Connection) -> None:
    second = connections.draft(connection=hubspot, rows=ROWS[:4])
    connections.activate(mapping=second)
    states = dict(FieldMapping.objects.values_list("version", "state"))
    assert states == {1: "retired", 2: "active"}
    with pytest.raises(IntegrityError), transaction.atomic():
        FieldMapping.objects.update(state="active")


def test_a_value_is_traced_from_the_crm_to_the_attempts_that_wrote_it(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(city="Rome")
    push(hubspot, ada)
    write(ada, city="Oslo")
    push(hubspot, ada)
    write(ada, title="Countess")
    push(hubspot, ada)
    sent = selectors.lineage_of(ada.pk, "city")
    assert [(one.value, one.outcome, one.property) for one in sent] == [
        ("Oslo", "updated", "city"),
        ("Rome", "created", "city"),
    ]
    assert [one.connection for one in sent] == ["hub", "hub"]
    assert len(selectors.attempts_for(ada.pk)) == 3
