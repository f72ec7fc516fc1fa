"""Every active lead gets one owner, once, with the reasons; and all go on to the CRMs."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from identity.models import Lead
from leadhub.kernel import work
from leadhub.kernel.errors import LeaseLost, Permanent
from leadhub.kernel.models import Outlet, Work
from routing import selectors, services
from routing.models import Assignment, Decision, FollowUp, Owner

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _crm() -> None:
    Outlet.objects.create(stage="push", name="crm")


def add(name: str, *territories: str) -> Owner:
    return services.add_owner(name=name, email=f"{name.lower()}@desk.example", territories=territories)


def lead(*, state: str = "active", merged_into: Lead | None = None, **fields: str) -> Lead:
    values = fields or {"phone": "+14155552671"}
    return Lead.objects.create(
        created_at=NOW, updated_at=NOW, state=state, merged_into=merged_into, provenance=known(**values), **values
    )


def known(**values: str) -> dict[str, dict[str, str]]:
    return {field: {"value": value, "signal": "", "at": NOW.isoformat()} for field, value in values.items()}


def claimed() -> work.Batch:
    batch = work.claim(stage="decide", size=200)
    assert batch is not None
    return batch


def decide(*leads: Lead) -> None:
    work.put(stage="decide", subjects=[one.id for one in leads], now=NOW)
    services.decide(batch=claimed(), now=NOW)


def to_push() -> dict[UUID, int]:
    return dict(Work.objects.filter(stage="push:crm").values_list("subject", "lane"))


def test_a_new_lead_gets_the_owner_of_its_territory_with_reasons_and_a_follow_up() -> None:
    add("Ada", "US-CA"), add("Bo", "US")
    new = lead()
    decide(new)
    assert selectors.owners([new.id]) == {new.id: "ada@desk.example"}
    (decision,) = selectors.decisions_for(new.id)
    assert (decision.verdict, decision.trigger, decision.policy) == ("assigned", "new", 0)
    assert decision.because[0] == "The lead is in US-CA; we know it by the area code of its phone number."
    assert FollowUp.objects.get().due_at > NOW


def test_owners_take_turns_within_a_batch_and_between_batches() -> None:
    add("Ada", "US"), add("Bo", "US")
    decide(*(lead() for _ in range(3)))
    decide(lead())
    assert list(Owner.objects.order_by("id").values_list("assigned", flat=True)) == [2, 2]


def test_a_lead_keeps_its_owner_however_often_it_comes_by() -> None:
    add("Ada", "US")
    one = lead()
    for _ in range(3):
        decide(one)
    assert Decision.objects.count() == Assignment.objects.count() == 1
    assert Owner.objects.get().assigned == 1


def test_without_any_owner_the_lead_goes_on_and_the_decision_says_why() -> None:
    one = lead()
    decide(one)
    (decision,) = selectors.decisions_for(one.id)
    assert decision.verdict == "unassigned"
    assert "Add one" in decision.because[1]
    assert selectors.owners([one.id]) == {}
    assert set(to_push()) == {one.id}


def test_a_lead_nobody_could_take_is_decided_again_when_somebody_can() -> None:
    one = lead()
    decide(one)
    decide(one)
    assert Decision.objects.count() == 1  # the same empty desk is no reason to decide again
    add("Ada", "US")
    assert services.reconsider(now=NOW) == 1
    services.decide(batch=claimed(), now=NOW)
    assert selectors.owners([one.id]) == {one.id: "ada@desk.example"}
    assert services.reconsider(now=NOW) == 0


def test_a_lead_nobody_could_take_is_decided_again_when_we_learn_where_it_is() -> None:
    add("Ada", "GB")
    one = lead(email="who@knows.example")
    decide(one)
    Lead.objects.filter(pk=one.pk).update(provenance=known(country="GB"))
    decide(one)
    assert selectors.owners([one.id]) == {one.id: "ada@desk.example"}


def test_all_leads_go_on_in_their_own_lane_even_merged_ones() -> None:
    add("Ada", "US")
    survivor = lead()
    absorbed = lead(state="merged", merged_into=survivor)
    work.put(stage="decide", subjects=[absorbed.id], now=NOW, lane=work.BACKFILL)
    decide(survivor)
    assert to_push() == {survivor.id: work.LIVE, absorbed.id: work.BACKFILL}
    assert not Decision.objects.filter(lead=absorbed).exists()


def test_a_survivor_without_an_owner_takes_the_absorbed_leads_and_both_have_one_after_the_undo() -> None:
    add("Ada", "US")
    early = lead()
    decide(early)
    add("Bo", "GB")
    survivor = lead(phone="+442079460958")
    Lead.objects.filter(pk=early.pk).update(state="merged", merged_into=survivor)
    decide(survivor, early)
    assert selectors.owners([survivor.id]) == {survivor.id: "ada@desk.example"}
    assert selectors.decisions_for(survivor.id)[0].verdict == "adopted"
    Lead.objects.filter(pk=early.pk).update(state="active", merged_into=None)
    decide(survivor, early)
    assert len(selectors.owners([survivor.id, early.id])) == 2


def test_a_survivor_with_an_owner_keeps_it() -> None:
    add("Ada", "US"), add("Bo", "GB")
    one, other = lead(), lead(phone="+442079460958")
    decide(one, other)
    Lead.objects.filter(pk=one.pk).update(state="merged", merged_into=other)
    decide(one, other)
    assert selectors.owners([other.id]) == {other.id: "bo@desk.example"}
    assert Decision.objects.count() == 2


def test_a_worker_that_lost_its_lease_leaves_no_decision() -> None:
    add("Ada", "US")
    one = lead()
    work.put(stage="decide", subjects=[one.id], now=NOW)
    batch = claimed()
    Work.objects.filter(stage="decide").update(token=1)
    with pytest.raises(LeaseLost):
        services.decide(batch=batch, now=NOW)
    assert not Decision.objects.exists()
    assert Owner.objects.get().assigned == 0


def test_a_new_owner_starts_level_with_the_least_loaded() -> None:
    add("Ada", "US")
    decide(*(lead() for _ in range(5)))
    assert add("Bo", "US").assigned == 5


def test_a_person_may_give_the_lead_to_somebody_else() -> None:
    add("Ada", "US")
    bo = add("Bo", "GB")
    one = lead()
    decide(one)
    services.reassign(lead_id=one.id, owner_id=bo.id, by="kim", because="old customer of Bo", now=NOW)
    assert selectors.owners([one.id]) == {one.id: "bo@desk.example"}
    assert selectors.decisions_for(one.id)[0].because == ("kim gave it to Bo: old customer of Bo",)
    decide(one)
    assert selectors.owners([one.id]) == {one.id: "bo@desk.example"}


def test_a_disabled_owner_gets_nothing_new() -> None:
    ada = add("Ada", "US")
    one = lead()
    decide(one)
    Owner.objects.update(enabled=False)
    other = lead()
    decide(other)
    assert selectors.owners([one.id, other.id]) == {one.id: "ada@desk.example"}
    with pytest.raises(Permanent):
        services.reassign(lead_id=other.id, owner_id=ada.id, by="kim", because="try", now=NOW)


def test_a_follow_up_is_done_once() -> None:
    add("Ada", "US")
    decide(lead())
    pk = FollowUp.objects.get().pk
    assert services.follow_up_done(decision_id=pk, by="kim", now=NOW)
    assert not services.follow_up_done(decision_id=pk, by="lee", now=NOW)
    assert FollowUp.objects.get().done_by == "kim"


def test_the_queries_of_a_batch_do_not_grow_with_it(django_assert_max_num_queries: Any) -> None:
    add("Ada", "US"), add("Bo", "*")
    leads = [lead() for _ in range(60)]
    work.put(stage="decide", subjects=[one.id for one in leads], now=NOW)
    batch = claimed()
    with django_assert_max_num_queries(20):
        services.decide(batch=batch, now=NOW)
    assert Assignment.objects.count() == 60
