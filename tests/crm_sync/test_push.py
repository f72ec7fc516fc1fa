"""Leads reach the CRM once, whole, and never twice."""

from uuid import UUID

from crm_sync.models import Connection, PushAttempt, RemoteLink
from leadhub.kernel import clock, ids, work
from leadhub.kernel.models import Work
from tests.crm_sync.conftest import MakeLead, Sandbox, due_now, link_of, push, want, write


def test_a_new_lead_becomes_one_record_with_all_its_values(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(email="Ada@Example.org", last_name="Lovelace", city="London")
    push(hubspot, ada)
    record = sandbox.record(ada)
    assert (record["email"], record["firstname"], record["lastname"]) == ("ada@example.org", "Ada", "Lovelace")
    assert (record["leadhub_first_channel"], record["leadhub_sms_opt_out"]) == ("sms", "false")
    assert record["leadhub_last_touch_at"] == "2026-11-20T10:00:00Z"
    assert sandbox.calls == 1
    assert not Work.objects.exists()


def test_nothing_changed_means_no_call(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada = lead(email="ada@example.org")
    push(hubspot, ada)
    push(hubspot, ada)
    assert sandbox.calls == 1
    assert not Work.objects.exists()


def test_five_changes_are_one_call_with_what_changed_only(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(email="ada@example.org")
    push(hubspot, ada)
    for city in ("Rome", "Oslo", "Bern", "Bonn", "Paris"):
        write(ada, city=city)
        want(hubspot, ada)
    push(hubspot, ada)
    assert sandbox.calls == 2
    assert PushAttempt.objects.latest("id").sent == {"city": "Paris"}


def test_a_hundred_leads_are_one_call(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    push(hubspot, *[lead(email=f"p{n}@example.org") for n in range(100)])
    assert (sandbox.calls, len(sandbox.records)) == (1, 100)


def test_a_value_taken_away_is_cleared(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada = lead(company="Engines")
    push(hubspot, ada)
    write(ada, company="")
    push(hubspot, ada)
    assert "company" not in sandbox.record(ada)


def test_a_value_only_the_crm_has_is_left_alone(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada = lead()
    push(hubspot, ada)
    record_id = link_of(ada).remote_id
    sandbox.hubspot.portal.write_one({"id": record_id, "properties": {"company": "Typed by hand"}}, how="update")
    RemoteLink.objects.update(doubts=1)
    push(hubspot, ada)
    assert sandbox.record(ada)["company"] == "Typed by hand"


def test_a_lead_without_a_contact_point_is_not_pushed(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    push(hubspot, lead(phone=""))
    assert (sandbox.calls, Work.objects.count()) == (0, 0)


def test_work_for_a_lead_nobody_knows_just_ends(sandbox: Sandbox, hubspot: Connection) -> None:
    push(hubspot, ids.new())
    assert (sandbox.calls, Work.objects.count()) == (0, 0)


def test_one_refused_record_is_set_aside_and_the_others_go(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    bad, good = lead(email="not an address"), lead(email="good@example.org")
    push(hubspot, bad, good)
    row = Work.objects.get()
    assert row.subject == bad.pk
    assert row.quarantined_at is not None
    assert "email" in row.reason
    assert sandbox.record(good)["email"] == "good@example.org"


def test_a_batch_that_is_refused_whole_still_delivers_the_good_ones(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    sandbox.hubspot.portal.options.errors_fail_the_batch = True
    bad = lead(email="not an address")
    good = [lead(email=f"good{n}@example.org") for n in range(20)]
    push(hubspot, bad, *good)
    assert len(sandbox.records) == 20
    assert [row.subject for row in Work.objects.all()] == [bad.pk]


def test_a_record_deleted_in_the_crm_comes_back_whole(sandbox: Sandbox, hubspot: Connection, lead: MakeLead) -> None:
    ada = lead(email="ada@example.org", last_name="Lovelace")
    push(hubspot, ada)
    portal = sandbox.hubspot.portal
    portal.remove(portal.get(link_of(ada).remote_id))
    write(ada, city="London")
    push(hubspot, ada)
    record = sandbox.record(ada)
    assert (record["city"], record["lastname"], record["email"]) == ("London", "Lovelace", "ada@example.org")


def test_a_change_that_comes_while_the_call_runs_is_pushed_after_it(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead()
    want(hubspot, ada)
    batch = work.claim(stage=hubspot.stage, size=100)
    assert batch is not None
    write(ada, city="Paris")
    want(hubspot, ada)
    batch.finish()
    assert Work.objects.get().due_at is not None


def test_every_value_sent_is_noted_with_the_mapping_and_the_lead_version(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(email="ada@example.org")
    push(hubspot, ada)
    attempt = PushAttempt.objects.get()
    assert (attempt.outcome, attempt.status_code, attempt.mapping_version) == ("created", 200, 1)
    assert attempt.lead_version == ada.version
    assert attempt.sent["email"] == "ada@example.org"
    assert UUID(attempt.trace_id.split(":")[0]) == ada.pk
    assert clock.now() >= attempt.at
    due_now(hubspot)
