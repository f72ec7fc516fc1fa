"""Connections are switched on only when the account can be worked with, and off without losing anything."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from crm_sync import connections
from crm_sync.credentials import unseal
from crm_sync.models import Connection
from leadhub.kernel import clock, work
from leadhub.kernel.errors import LeadHubError, Permanent
from leadhub.kernel.models import Outlet, Work
from leadhub.sandbox.hubspot.app import DEFAULT_TOKEN
from tests.crm_sync.conftest import MakeLead, Sandbox, drain, want, write


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("connection", *arguments, stdout=out)
    return out.getvalue()


def test_adding_a_connection_makes_the_properties_it_needs(sandbox: Sandbox, hubspot: Connection) -> None:
    properties = sandbox.hubspot.portal.properties
    assert properties["leadhub_id"]["hasUniqueValue"]
    assert properties["leadhub_sms_opt_out"]["type"] == "bool"


def test_every_lead_there_is_gets_pushed_behind_the_fresh_ones(sandbox: Sandbox, lead: MakeLead) -> None:
    old = lead(email="old@example.org")
    made = connections.add(kind="hubspot", slug="hub", base_url=sandbox.url, token=DEFAULT_TOKEN, now=clock.now())
    assert Work.objects.get(subject=old.pk).lane == work.BACKFILL
    drain(made)
    assert sandbox.record(old)["email"] == "old@example.org"


def test_upstream_work_fans_out_to_an_enabled_connection(hubspot: Connection, lead: MakeLead) -> None:
    ada = lead()
    work.fan_out(stage="push", subjects=[ada.pk], now=clock.now())
    assert Work.objects.get().stage == "push:hub"


@pytest.mark.django_db
def test_a_wrong_token_keeps_the_connection_switched_off_and_says_why(sandbox: Sandbox) -> None:
    with pytest.raises(Permanent, match=r"switched off.*refuses our credentials"):
        connections.add(kind="hubspot", slug="hub", base_url=sandbox.url, token="wrong", now=clock.now())
    assert not Connection.objects.get().enabled
    assert not Outlet.objects.exists()


@pytest.mark.django_db
def test_a_key_property_that_is_not_unique_is_named(sandbox: Sandbox) -> None:
    plain = {"name": "leadhub_id", "label": "x", "groupName": "g", "type": "string", "fieldType": "text"}
    sandbox.hubspot.portal.define(plain)
    with pytest.raises(Permanent, match="leadhub_id is not unique"):
        connections.add(kind="hubspot", slug="hub", base_url=sandbox.url, token=DEFAULT_TOKEN, now=clock.now())


@pytest.mark.django_db
def test_an_empty_token_and_an_unknown_kind_are_refused() -> None:
    with pytest.raises(Permanent, match="empty access token"):
        connections.add(kind="hubspot", slug="hub", base_url="http://127.0.0.1:9", token="", now=clock.now())
    with pytest.raises(Permanent, match="no connector"):
        connections.add(kind="rolodex", slug="hub", base_url="http://127.0.0.1:9", token="x", now=clock.now())


def test_the_token_is_sealed_and_bound_to_its_connection(hubspot: Connection) -> None:
    assert DEFAULT_TOKEN not in str(hubspot.credentials)
    assert unseal(hubspot.credentials, slug="hub") == DEFAULT_TOKEN
    with pytest.raises(Permanent):
        unseal(hubspot.credentials, slug="other")


def test_switching_off_and_on_brings_everything_up_to_date(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(email="ada@example.org")
    want(hubspot, ada)
    connections.disable(connection=hubspot)
    assert not Work.objects.exists()
    assert not Outlet.objects.exists()
    with pytest.raises(LeadHubError, match="switched off"):
        connections.push_again(connection=hubspot, lead_ids=[ada.pk], now=clock.now())
    connections.enable(connection=hubspot, now=clock.now())
    drain(hubspot)
    assert sandbox.record(ada)["email"] == "ada@example.org"


def test_a_quarantined_lead_goes_through_once_it_is_mended(
    sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(email="nonsense")
    want(hubspot, ada)
    drain(hubspot)
    assert Work.objects.get().quarantined_at is not None
    write(ada, email="ada@example.org")
    connections.retry_quarantined(connection=hubspot, now=clock.now())
    drain(hubspot)
    assert sandbox.record(ada)["email"] == "ada@example.org"


@pytest.mark.django_db
def test_the_command_adds_lists_checks_and_switches(sandbox: Sandbox) -> None:
    said = run("add", "hubspot", "--slug", "hub", "--url", sandbox.url, "--token", DEFAULT_TOKEN)
    assert "hub is on" in said
    assert DEFAULT_TOKEN not in said
    assert f"hub  hubspot  {sandbox.url}  on" in run("list")
    assert "is well" in run("check", "hub")
    assert "is off" in run("disable", "hub")
    assert "is on" in run("enable", "hub")
    assert "new token" in run("token", "hub", "--token", "pat-other")
    with pytest.raises(CommandError, match="refuses our credentials"):
        run("check", "hub")
    with pytest.raises(CommandError, match="no connection nowhere"):
        run("check", "nowhere")
