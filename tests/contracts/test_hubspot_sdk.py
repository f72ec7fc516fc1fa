"""HubSpot's own client, unmodified, is the judge of the simulator."""

from typing import Any

import hubspot
import pytest
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.crm.properties import PropertyCreate

from tests.contracts.conftest import Twin


@pytest.fixture
def sdk(hubspot_twin: Twin) -> Any:
    client = hubspot.Client.create(access_token=hubspot_twin.token)
    client.config["host"] = hubspot_twin.url
    return client


def batch(*people: tuple[str, dict[str, str]]) -> BatchInputSimplePublicObjectBatchInputUpsert:
    inputs = [
        SimplePublicObjectBatchInputUpsert(
            id=key, id_property="leadhub_id", object_write_trace_id=f"{key}:1", properties=properties
        )
        for key, properties in people
    ]
    return BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)


def test_it_upserts_in_batches_and_reads_the_errors_of_a_207(sdk: Any) -> None:
    done = sdk.crm.contacts.batch_api.upsert(batch(("a", {"email": "a@example.org"})))
    assert (done.status, done.results[0].new) == ("COMPLETE", True)
    mixed = sdk.crm.contacts.batch_api.upsert(batch(("a", {"city": "Rome"}), ("b", {"shoe": "9"})))
    assert mixed.num_errors == 1
    assert mixed.errors[0].context["objectWriteTraceId"] == ["b:1"]
    assert mixed.results[0].object_write_trace_id == "a:1"


def test_it_creates_reads_changes_and_archives_one(sdk: Any) -> None:
    api = sdk.crm.contacts.basic_api
    made = api.create(SimplePublicObjectInputForCreate(properties={"email": "a@example.org"}, associations=[]))
    assert api.get_by_id(made.id, properties=["email"]).properties["email"] == "a@example.org"
    api.update(made.id, SimplePublicObjectInput(properties={"city": "Rome"}))
    assert api.get_by_id(made.id, properties=["city"]).properties["city"] == "Rome"
    assert [one.id for one in api.get_page(limit=10).results] == [made.id]
    api.archive(made.id)
    with pytest.raises(ApiException) as gone:
        api.get_by_id(made.id)
    assert gone.value.status == 404


def test_it_sees_a_conflict_as_409(sdk: Any) -> None:
    api = sdk.crm.contacts.basic_api
    person = SimplePublicObjectInputForCreate(properties={"email": "a@example.org"}, associations=[])
    made = api.create(person)
    with pytest.raises(ApiException) as refused:
        api.create(person)
    assert refused.value.status == 409
    assert f"Existing ID: {made.id}" in refused.value.body


def test_it_reads_a_batch_by_our_key(sdk: Any) -> None:
    sdk.crm.contacts.batch_api.upsert(batch(("a", {"city": "Rome"}), ("b", {"city": "Oslo"})))
    asked = BatchReadInputSimplePublicObjectId(
        id_property="leadhub_id", inputs=[{"id": "a"}, {"id": "b"}], properties=["city"], properties_with_history=[]
    )
    found = sdk.crm.contacts.batch_api.read(asked)
    assert sorted(one.properties["city"] for one in found.results) == ["Oslo", "Rome"]


def test_it_searches_and_merges(sdk: Any) -> None:
    done = sdk.crm.contacts.batch_api.upsert(batch(("a", {"city": "Rome"}), ("b", {"city": "Rome"})))
    rome = FilterGroup(filters=[Filter(property_name="city", operator="EQ", value="Rome")])
    found = sdk.crm.contacts.search_api.do_search(PublicObjectSearchRequest(filter_groups=[rome], limit=10))
    assert found.total == 2
    ids = [one.id for one in done.results]
    merged = sdk.crm.contacts.basic_api.merge(PublicMergeInput(primary_object_id=ids[0], object_id_to_merge=ids[1]))
    assert sdk.crm.contacts.basic_api.get_by_id(ids[1]).id == merged.id


def test_it_manages_properties(sdk: Any) -> None:
    asked = PropertyCreate(
        name="shoe",
        label="Shoe",
        type="string",
        field_type="text",
        group_name="contactinformation",
        has_unique_value=True,
    )
    sdk.crm.properties.core_api.create("contacts", asked)
    names = {one.name: one for one in sdk.crm.properties.core_api.get_all("contacts").results}
    assert names["shoe"].has_unique_value
    assert names["leadhub_id"].has_unique_value


def test_it_is_told_to_slow_down_and_for_how_long(sdk: Any, hubspot_twin: Twin) -> None:
    hubspot_twin.fault({"kind": "throttle", "count": 1, "retry_after": 7})
    with pytest.raises(ApiException) as slow:  # a POST: its urllib3 repeats throttled GETs by itself
        sdk.crm.contacts.batch_api.upsert(batch(("a", {"city": "Rome"})))
    assert (slow.value.status, slow.value.headers["Retry-After"]) == (429, "7")
