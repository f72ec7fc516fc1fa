"""The simulator keeps HubSpot's promises, and breaks them only when told to."""

import threading

import httpx2
import pytest

from tests.sandbox.hubspot.conftest import CONTACTS, Simulator


def test_an_upsert_says_whether_it_made_the_contact(simulator: Simulator) -> None:
    first = simulator.upsert(("a", {"email": "Ada@Example.org"})).json()["results"][0]
    second = simulator.upsert(("a", {"city": "London"})).json()["results"][0]
    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]
    assert first["objectWriteTraceId"] == "a:1"
    assert first["properties"]["email"] == "ada@example.org"


def test_one_bad_item_answers_207_and_the_others_are_done(simulator: Simulator) -> None:
    answer = simulator.upsert(
        ("a", {"email": "a@example.org"}), ("b", {"shoe": "9"}), ("c", {"email": "a@example.org"})
    )
    content = answer.json()
    assert answer.status_code == 207
    assert [one["properties"]["leadhub_id"] for one in content["results"]] == ["a"]
    assert content["numErrors"] == 2
    by_trace = {one["context"]["objectWriteTraceId"][0]: one for one in content["errors"]}
    assert by_trace["b:1"]["category"] == "VALIDATION_ERROR"
    assert by_trace["b:1"]["context"]["propertyName"] == ["shoe"]
    assert by_trace["c:1"]["message"] == f"Contact already exists. Existing ID: {content['results'][0]['id']}"


def test_errors_can_fail_the_whole_batch(simulator: Simulator) -> None:
    simulator.control("options", errors_fail_the_batch=True)
    assert simulator.upsert(("a", {"email": "a@example.org"}), ("b", {"shoe": "9"})).status_code == 400
    assert simulator.stats()["contacts"] == 0


def test_a_batch_too_long_or_with_a_key_twice_is_refused(simulator: Simulator) -> None:
    assert simulator.upsert(*[(str(n), {}) for n in range(101)]).status_code == 400
    assert simulator.upsert(("a", {}), ("a", {})).status_code == 400


def test_a_second_contact_with_the_same_address_is_a_conflict(simulator: Simulator) -> None:
    made = simulator.call("POST", CONTACTS, {"properties": {"email": "a@example.org"}})
    again = simulator.call("POST", CONTACTS, {"properties": {"email": "A@example.org"}})
    assert (made.status_code, again.status_code) == (201, 409)
    assert again.json()["message"].endswith(f"Existing ID: {made.json()['id']}")


def test_values_are_kept_in_hubspots_form_and_wrong_ones_refused(simulator: Simulator) -> None:
    moment = {"name": "seen_at", "label": "Seen", "groupName": "g", "type": "datetime", "fieldType": "date"}
    simulator.call("POST", "/crm/v3/properties/contacts", moment)
    assert simulator.upsert(("a", {"seen_at": "2026-11-20T12:00:00+02:00"})).json()["results"][0]["properties"][
        "seen_at"
    ] == ("2026-11-20T10:00:00Z")
    assert simulator.upsert(("a", {"seen_at": "yesterday"})).status_code == 207
    assert simulator.upsert(("a", {"createdate": "2026-11-20T10:00:00Z"})).status_code == 207


def test_reading_a_batch_names_what_is_missing(simulator: Simulator) -> None:
    simulator.upsert(("a", {"email": "a@example.org"}))
    asked = {"idProperty": "leadhub_id", "inputs": [{"id": "a"}, {"id": "b"}], "properties": ["email"]}
    answer = simulator.call("POST", f"{CONTACTS}/batch/read", asked)
    assert answer.status_code == 207
    assert [one["properties"]["email"] for one in answer.json()["results"]] == ["a@example.org"]
    assert answer.json()["errors"][0]["context"]["ids"] == ["b"]


@pytest.mark.parametrize("new_id", [True, False])
def test_a_merge_keeps_the_primarys_values_and_all_addresses(new_id: bool, simulator: Simulator) -> None:
    simulator.control("options", merge_makes_new_id=new_id)
    made = simulator.upsert(
        ("a", {"email": "a@example.org", "city": "Rome"}), ("b", {"email": "b@example.org", "city": "Oslo", "zip": "1"})
    ).json()["results"]
    ids = [one["id"] for one in made]
    asked = {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]}
    merged = simulator.call("POST", f"{CONTACTS}/merge", asked).json()
    assert (merged["id"] == ids[0]) is not new_id
    values = merged["properties"]
    assert (values["leadhub_id"], values["city"], values["zip"]) == ("a", "Rome", "1")
    assert values["hs_additional_emails"] == "b@example.org"
    for old in ids:
        assert simulator.call("GET", f"{CONTACTS}/{old}").json()["id"] == merged["id"]
    assert simulator.call("POST", f"{CONTACTS}/merge", asked).status_code == 400
    assert simulator.upsert(("c", {"email": "b@example.org"})).status_code == 207
    simulator.call("DELETE", f"/contacts/v1/secondary-email/{merged['id']}/email/b@example.org")
    assert simulator.upsert(("c", {"email": "b@example.org"})).status_code == 200


def test_an_erased_contact_frees_its_values(simulator: Simulator) -> None:
    made = simulator.upsert(("a", {"email": "a@example.org"})).json()["results"][0]
    assert simulator.call("POST", f"{CONTACTS}/gdpr-delete", {"objectId": made["id"]}).status_code == 204
    assert simulator.call("GET", f"{CONTACTS}/{made['id']}").status_code == 404
    assert simulator.upsert(("b", {"email": "a@example.org"})).status_code == 200


def test_search_finds_by_value_once_its_index_has_caught_up(simulator: Simulator) -> None:
    simulator.upsert(("a", {"email": "a@example.org", "city": "Rome"}), ("b", {"city": "Oslo"}))
    asked = {"filterGroups": [{"filters": [{"propertyName": "city", "operator": "EQ", "value": "rome"}]}]}
    assert simulator.call("POST", f"{CONTACTS}/search", asked).json()["total"] == 1
    simulator.control("options", search_lag=60.0)
    assert simulator.call("POST", f"{CONTACTS}/search", asked).json()["total"] == 0
    assert simulator.call("POST", f"{CONTACTS}/search", {"after": "9990", "limit": 100}).status_code == 400


def test_a_wrong_token_is_refused_and_old_and_new_addresses_work(simulator: Simulator) -> None:
    assert simulator.call("GET", CONTACTS, token="wrong").status_code == 401
    assert simulator.call("GET", "/crm/objects/2026-03/contacts").status_code == 200
    assert simulator.call("GET", "/crm/v3/objects/unicorns").status_code == 404


def test_the_rate_limit_holds_and_shows(simulator: Simulator) -> None:
    simulator.control("options", rate=5)
    answers = [simulator.call("GET", CONTACTS) for _ in range(10)]
    limited = [one for one in answers if one.status_code == 429]
    assert len(limited) >= 5
    assert int(limited[0].headers["retry-after"]) >= 1
    assert limited[0].json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert next(one.headers["x-hubspot-ratelimit-max"] for one in answers if one.status_code == 200) == "5"


def test_faults_last_as_long_as_they_are_told(simulator: Simulator) -> None:
    simulator.control("faults", kind="throttle", count=2, retry_after=3)
    simulator.control("faults", kind="error", status=503, count=1)
    assert [simulator.call("GET", CONTACTS).status_code for _ in range(4)] == [429, 429, 503, 200]
    simulator.control("faults", kind="unauthorised")
    assert {simulator.call("GET", CONTACTS).status_code for _ in range(3)} == {401}
    simulator.call("DELETE", "/__sandbox__/faults")
    assert simulator.call("GET", CONTACTS).status_code == 200
    assert "kind must be one of" in simulator.control("faults", kind="gremlins")["error"]


@pytest.mark.parametrize("committed", [True, False])
def test_a_dropped_line_may_or_may_not_have_committed(committed: bool, simulator: Simulator) -> None:
    simulator.control("faults", kind="drop", count=1, path="upsert", committed=committed)
    with pytest.raises(httpx2.RemoteProtocolError):
        simulator.upsert(("a", {"email": "a@example.org"}))
    assert simulator.stats()["contacts"] == int(committed)


def test_twelve_callers_at_once_make_one_contact(simulator: Simulator) -> None:
    gate = threading.Barrier(12)
    answers: list[int] = []

    def one(number: int) -> None:
        gate.wait()
        answers.append(simulator.upsert((f"key{number % 2}", {"email": "same@example.org"})).status_code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [200] * 6 + [207] * 6
    assert simulator.stats()["contacts"] == 1
    assert simulator.stats()["duplicates"] == {}


def test_a_killed_simulator_comes_back_with_all_it_answered_for(simulator: Simulator) -> None:
    for n in range(20):
        simulator.upsert((f"k{n}", {"email": f"p{n}@example.org"}))
    ids = [one["id"] for one in simulator.stats(records=True)["records"]]
    simulator.call("POST", f"{CONTACTS}/merge", {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]})
    before = simulator.stats(records=True)["records"]
    simulator.kill()
    with simulator.store.open("ab") as torn:
        torn.write(b'{"put": [{"id": "1", "cre')
    simulator.start()
    assert simulator.stats(records=True)["records"] == before
    assert simulator.call("GET", f"{CONTACTS}/{ids[1]}").json()["id"] not in ids
    assert simulator.upsert(("k5", {"email": "p5@example.org"})).json()["results"][0]["new"] is False
    assert simulator.upsert(("fresh", {"email": "p5@example.org"})).status_code == 207
