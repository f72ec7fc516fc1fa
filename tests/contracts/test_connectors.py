"""What every connector must do, whatever CRM it speaks to."""

from uuid import uuid4

import pytest

from crm_sync.connectors import registry
from crm_sync.connectors.base import Connector
from crm_sync.contracts import Outcome, UpsertOp
from leadhub.kernel.http import Down, Refused, Throttled, Unsure
from tests.contracts.conftest import Twin


def op(values: dict[str, str], *, key: str = "", remote_id: str = "", clear: frozenset[str] = frozenset()) -> UpsertOp:
    key = key or str(uuid4())
    return UpsertOp(key=key, set=values, clear=clear, trace_id=f"{key}:t{len(values)}", remote_id=remote_id)


def key_field(connector: Connector) -> str:
    return next(row.remote for row in connector.mapping if row.path == "lead_id")


def email_field(connector: Connector) -> str:
    return next(row.remote for row in connector.mapping if row.path == "field.email")


def test_sending_the_same_op_twice_makes_one_record(twin: Twin) -> None:
    one = op({email_field(twin.connector): "ada@example.org"})
    first, second = twin.connector.upsert([one])[0], twin.connector.upsert([one])[0]
    assert (first.outcome, second.outcome) == (Outcome.CREATED, Outcome.UPDATED)
    assert first.remote_id == second.remote_id
    assert twin.count() == 1


def test_results_come_one_per_op_in_their_order(twin: Twin) -> None:
    email = email_field(twin.connector)
    ops = [op({email: "ada@example.org"}), op({"nonsense": "x"}), op({email: "bob@example.org"})]
    results = twin.connector.upsert(ops)
    assert [one.outcome for one in results] == [Outcome.CREATED, Outcome.REJECTED, Outcome.CREATED]
    assert results[1].field == "nonsense"
    assert results[0].remote_id != results[2].remote_id


def test_a_value_another_record_owns_is_said_to_be_owned_and_by_whom(twin: Twin) -> None:
    email = email_field(twin.connector)
    first = twin.connector.upsert([op({email: "ada@example.org"})])[0]
    second = twin.connector.upsert([op({email: "ada@example.org"})])[0]
    assert (second.outcome, second.field, second.owner) == (Outcome.OWNED, email, first.remote_id)


def test_what_was_written_can_be_read_by_our_key_and_by_theirs(twin: Twin) -> None:
    email = email_field(twin.connector)
    one = op({email: "ada@example.org"})
    made = twin.connector.upsert([one])[0]
    by_key = twin.connector.read([one.key, str(uuid4())], fields=[email])
    by_id = twin.connector.find([made.remote_id], fields=[email])
    assert by_key.keys() == {one.key}
    assert by_key[one.key].values[email] == by_id[made.remote_id].values[email] == "ada@example.org"


def test_clearing_empties_and_leaves_the_rest(twin: Twin) -> None:
    email = email_field(twin.connector)
    one = op({email: "ada@example.org", "phone": "+14155550100"})
    twin.connector.upsert([one])
    twin.connector.upsert([op({}, key=one.key, clear=frozenset({"phone"}))])
    values = twin.connector.read([one.key], fields=[email, "phone"])[one.key].values
    assert "phone" not in values
    assert values[email] == "ada@example.org"


def test_a_merged_records_old_id_leads_to_the_winner(twin: Twin) -> None:
    winner, loser = op({"phone": "+1"}), op({"phone": "+2"})
    ids = [one.remote_id for one in twin.connector.upsert([winner, loser])]
    merged = twin.connector.merge(winner=ids[0], loser=ids[1])
    assert merged is not None
    assert merged.key == winner.key
    located = twin.connector.locate(ids[1])
    assert located is not None
    assert located.id == merged.id
    assert twin.connector.merge(winner=ids[0], loser=ids[1]) is None
    assert twin.count() == 1


def test_erasing_twice_is_harmless(twin: Twin) -> None:
    made = twin.connector.upsert([op({"phone": "+1"})])[0]
    twin.connector.erase(remote_id=made.remote_id)
    twin.connector.erase(remote_id=made.remote_id)
    assert twin.count() == 0


def test_adopting_gives_a_record_our_key(twin: Twin) -> None:
    made = twin.connector.upsert([op({"phone": "+1"})])[0]
    ours = op({"phone": "+2"}, remote_id=made.remote_id)
    assert twin.connector.adopt([ours])[0].outcome is Outcome.UPDATED
    assert twin.connector.read([ours.key], fields=["phone"])[ours.key].id == made.remote_id
    assert twin.connector.adopt([op({"phone": "+2"}, remote_id="999999")])[0].outcome is Outcome.GONE


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "throttle", "retry_after": 7}, Throttled),
        ({"kind": "unauthorised"}, Refused),
        ({"kind": "error", "status": 503}, Down),
        ({"kind": "error", "status": 502}, Unsure),
        ({"kind": "drop"}, Unsure),
    ],
)
def test_trouble_with_the_whole_call_says_what_comes_next(
    fault: dict[str, object], error: type[Exception], twin: Twin
) -> None:
    twin.fault(fault | {"count": 1})
    with pytest.raises(error) as raised:
        twin.connector.upsert([op({"phone": "+1"})])
    if isinstance(raised.value, Throttled):
        assert raised.value.after == 7.0
    twin.connector.upsert([op({"phone": "+1"})])


def test_a_read_that_goes_unanswered_changed_nothing(twin: Twin) -> None:
    twin.fault({"kind": "drop", "count": 1})
    with pytest.raises(Down):
        twin.connector.read([str(uuid4())], fields=["phone"])


@pytest.mark.parametrize("name", sorted(registry.CONNECTORS))
def test_every_mapping_carries_the_key(name: str) -> None:
    assert key_field(registry.connect(name=name, base_url="http://127.0.0.1:9", token="x"))
