"""Merged leads share one record; leads that part again have one each."""

import pytest

from crm_sync.models import Conflict, Connection, RemoteLink
from identity.models import Lead
from leadhub.kernel import clock
from leadhub.kernel.models import Breaker, Work
from tests.crm_sync.conftest import MakeLead, Sandbox, drain, link_of, push, want, write


def absorb(survivor: Lead, absorbed: Lead, **brings: str) -> None:
    absorbed.state, absorbed.merged_into, absorbed.version = Lead.State.MERGED, survivor, absorbed.version + 1
    absorbed.save()
    write(survivor, **brings)


def part(survivor: Lead, absorbed: Lead, **takes: str) -> None:
    absorbed.state, absorbed.merged_into, absorbed.version = Lead.State.ACTIVE, None, absorbed.version + 1
    absorbed.save()
    write(survivor, **takes)


def let_time_pass(connection: Connection) -> None:
    for _ in range(4):
        Breaker.objects.update(blocked_until=None)
        Work.objects.filter(due_at__isnull=False).update(due_at=clock.now())
        drain(connection)


@pytest.mark.parametrize("new_id", [True, False])
def test_the_absorbed_record_is_merged_into_the_survivors(
    new_id: bool, sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    sandbox.hubspot.portal.options.merge_makes_new_id = new_id
    ada = lead(email="ada@example.org")
    other = lead(email="a.lovelace@example.org", phone="+14155550111", company="Engines")
    push(hubspot, ada, other)
    absorb(ada, other, company="Engines")
    push(hubspot, other, ada)
    record = sandbox.record(ada)
    assert len(sandbox.records) == 1
    assert (record["company"], record["email"]) == ("Engines", "ada@example.org")
    assert link_of(other).state == RemoteLink.State.MERGED
    assert link_of(ada).remote_id == sandbox.records[0]["id"]
    assert not Work.objects.exists()


def test_pushing_merged_leads_again_changes_nothing(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada, other = lead(email="ada@example.org"), lead(email="b@example.org")
    push(hubspot, ada, other)
    absorb(ada, other)
    push(hubspot, ada, other)
    before = sandbox.calls
    push(hubspot, ada, other)
    assert sandbox.calls == before


def test_an_absorbed_lead_that_was_never_pushed_makes_no_record(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada, other = lead(email="ada@example.org"), lead(email="b@example.org")
    absorb(ada, other)
    push(hubspot, ada, other)
    assert len(sandbox.records) == 1
    assert sandbox.called("/merge") == 0


def test_the_merge_waits_for_the_survivors_record(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada, other = lead(email="ada@example.org"), lead(email="b@example.org")
    push(hubspot, other)
    absorb(ada, other)
    push(hubspot, other)
    assert sandbox.called("/merge") == 0
    push(hubspot, ada)
    let_time_pass(hubspot)
    assert len(sandbox.records) == 1
    assert not Work.objects.exists()


def test_a_survivor_that_takes_the_absorbed_address_gets_it_by_the_merge(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada, other = lead(), lead(email="ada@example.org", phone="+14155550111")
    push(hubspot, other)
    absorb(ada, other, email="ada@example.org")
    push(hubspot, ada, other)
    let_time_pass(hubspot)
    assert sandbox.record(ada)["email"] == "ada@example.org"
    assert not Conflict.objects.exists()
    assert link_of(ada).withheld == {}


@pytest.mark.parametrize("committed", [True, False])
def test_a_merge_that_goes_unanswered_is_harmless_to_repeat(
    committed: bool, sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada, other = lead(email="ada@example.org"), lead(email="b@example.org")
    push(hubspot, ada, other)
    absorb(ada, other)
    sandbox.fault(kind="drop", path="/merge", count=1, committed=committed)
    push(hubspot, ada, other)
    let_time_pass(hubspot)
    assert len(sandbox.records) == 1
    assert link_of(other).state == RemoteLink.State.MERGED
    write(ada, city="Paris")
    push(hubspot, ada)
    assert sandbox.record(ada)["city"] == "Paris"
    assert not Work.objects.exists()


def test_a_chain_of_merges_ends_in_one_record(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    first, second, third = (lead(email=f"p{n}@example.org") for n in range(3))
    push(hubspot, first, second, third)
    absorb(second, third)
    absorb(first, second)
    push(hubspot, third, second, first)
    assert len(sandbox.records) == 1
    assert sandbox.record(first)["email"] == "p0@example.org"


def test_after_an_unmerge_each_lead_has_a_record_and_its_address(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada, bob = lead(email="ada@example.org"), lead(email="bob@example.org", phone="+14155550111", company="Bob & Co")
    push(hubspot, ada, bob)
    absorb(ada, bob, company="Bob & Co")
    push(hubspot, ada, bob)
    part(ada, bob, company="")
    push(hubspot, ada, bob)
    let_time_pass(hubspot)
    assert (sandbox.record(ada)["email"], sandbox.record(bob)["email"]) == ("ada@example.org", "bob@example.org")
    assert "company" not in sandbox.record(ada)
    assert sandbox.record(bob)["company"] == "Bob & Co"
    assert len(sandbox.records) == 2
    assert not Conflict.objects.filter(state="open").exists()


def test_after_an_unmerge_an_address_the_survivor_had_taken_comes_back(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada, bob = lead(), lead(email="bob@example.org", phone="+14155550111")
    push(hubspot, ada, bob)
    absorb(ada, bob, email="bob@example.org")
    push(hubspot, ada, bob)
    part(ada, bob, email="")
    push(hubspot, bob)
    push(hubspot, ada)
    let_time_pass(hubspot)
    assert sandbox.record(bob)["email"] == "bob@example.org"
    assert "email" not in sandbox.record(ada)
    assert not Conflict.objects.filter(state="open").exists()


def test_merge_unmerge_merge_ends_in_one_record(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada, bob = lead(email="ada@example.org"), lead(email="bob@example.org")
    want(hubspot, ada, bob)
    for step in (None, absorb, part, absorb):
        if step:
            step(ada, bob)
        push(hubspot, ada, bob)
    let_time_pass(hubspot)
    assert len(sandbox.records) == 1
    assert not Work.objects.exists()


def test_an_erased_lead_is_erased_in_the_crm(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada = lead(email="ada@example.org")
    push(hubspot, ada)
    ada.state = Lead.State.ERASED
    ada.save()
    push(hubspot, ada)
    assert not sandbox.records
    assert link_of(ada).base == {}
    push(hubspot, ada)
    assert sandbox.called("gdpr-delete") == 1
