"""An e-mail address belongs to one record: adopt it, give way, or let a person decide; never steal."""

from crm_sync import connections
from crm_sync.models import Conflict, Connection
from leadhub.kernel import clock
from leadhub.kernel.models import Work
from tests.crm_sync.conftest import MakeLead, Sandbox, drain, link_of, push, want, write


def test_a_contact_a_salesperson_made_is_adopted(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    by_hand = sandbox.person(email="ada@example.org", company="Typed by hand")
    ada = lead(email="Ada@example.org")
    push(hubspot, ada)
    record = sandbox.record(ada)
    assert link_of(ada).remote_id == by_hand
    assert (record["firstname"], record["company"]) == ("Ada", "Typed by hand")
    assert len(sandbox.records) == 1
    assert not Work.objects.exists()


def test_a_hundred_contacts_are_adopted_in_three_calls(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    for n in range(100):
        sandbox.person(email=f"p{n}@example.org")
    push(hubspot, *[lead(email=f"p{n}@example.org") for n in range(100)])
    assert sandbox.calls == 3
    assert len(sandbox.records) == 100


def test_two_leads_with_one_address_are_two_records_and_an_open_conflict(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada, bob = lead(email="desk@example.org"), lead(email="desk@example.org", first_name="Bob", phone="+14155550111")
    push(hubspot, ada)
    push(hubspot, bob)
    assert sandbox.record(ada)["email"] == "desk@example.org"
    assert "email" not in sandbox.record(bob)
    conflict = Conflict.objects.get()
    assert (conflict.lead_id, conflict.holder, conflict.state) == (bob.pk, ada.pk, "open")
    assert "desk" not in conflict.reason


def test_two_leads_with_one_address_in_one_batch_are_two_records(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    push(hubspot, lead(email="desk@example.org"), lead(email="desk@example.org", first_name="Bob"))
    assert len(sandbox.records) == 2
    assert Conflict.objects.count() == 1
    assert not Work.objects.exists()


def test_an_open_conflict_costs_no_further_calls(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada, bob = lead(email="desk@example.org"), lead(email="desk@example.org", first_name="Bob")
    push(hubspot, ada, bob)
    before = sandbox.calls
    write(bob, city="Paris")
    push(hubspot, bob)
    push(hubspot, bob)
    assert sandbox.calls == before + 1


def test_the_other_gets_the_address_when_the_holder_lets_go(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada, bob = lead(email="desk@example.org"), lead(email="desk@example.org", first_name="Bob")
    push(hubspot, ada)
    push(hubspot, bob)
    write(ada, email="ada@example.org")
    push(hubspot, ada)
    assert sandbox.record(bob)["email"] == "desk@example.org"
    assert Conflict.objects.get().state == "moot"


def test_an_address_not_wanted_any_more_is_no_conflict(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada, bob = lead(email="desk@example.org"), lead(email="desk@example.org", first_name="Bob")
    push(hubspot, ada)
    push(hubspot, bob)
    write(bob, email="bob@example.org")
    push(hubspot, bob)
    assert sandbox.record(bob)["email"] == "bob@example.org"
    assert Conflict.objects.get().state == "moot"


def test_closing_a_conflict_offers_the_value_again(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada, bob = lead(email="desk@example.org"), lead(email="desk@example.org", first_name="Bob")
    push(hubspot, ada)
    push(hubspot, bob)
    portal = sandbox.hubspot.portal
    portal.write_one({"id": link_of(ada).remote_id, "properties": {"email": ""}}, how="update")
    connections.close_conflict(conflict=Conflict.objects.get(), by="sam", now=clock.now())
    drain(hubspot)
    assert sandbox.record(bob)["email"] == "desk@example.org"


def test_a_lead_that_has_a_record_does_not_take_a_second_one_over(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead()
    push(hubspot, ada)
    stranger = sandbox.person(email="ada@example.org")
    write(ada, email="ada@example.org", city="Paris")
    push(hubspot, ada)
    conflict = Conflict.objects.get()
    assert (conflict.theirs, conflict.holder) == (stranger, None)
    assert sandbox.record(ada)["city"] == "Paris"
    assert "email" not in sandbox.record(ada)


def test_an_adoption_that_goes_unanswered_is_looked_up(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    by_hand = sandbox.person(email="ada@example.org")
    sandbox.fault(kind="drop", path="batch/update", count=1)
    ada = lead(email="ada@example.org")
    want(hubspot, ada)
    for _ in range(3):
        Work.objects.update(due_at=clock.now())
        drain(hubspot)
    assert link_of(ada).remote_id == by_hand
    assert [one["writes"] for one in sandbox.records] == [2]  # by hand, and the adoption
