"""What a person can do about CRMs in the admin, and who may."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from crm_sync.models import Conflict, Connection, PushAttempt, RemoteLink
from leadhub.kernel import breaker, clock
from leadhub.kernel.models import Breaker, Outlet, Work
from tests.crm_sync.conftest import MakeLead, Sandbox, drain, push, want


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="correct horse battery"))
    return client


def act(client: Client, model: str, action: str, *rows: Connection | RemoteLink | PushAttempt | Conflict) -> str:
    content = {"action": action, "_selected_action": [row.pk for row in rows]}
    answer = client.post(f"/admin/crm_sync/{model}/", content, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_connection_is_shown_with_its_breaker_and_never_with_its_token(boss: Client, hubspot: Connection) -> None:
    breaker.refuse(name=hubspot.service, because="the token is not valid", now=clock.now())
    listed = boss.get("/admin/crm_sync/connection/").content.decode()
    shown = boss.get(f"/admin/crm_sync/connection/{hubspot.pk}/change/").content.decode()
    assert "the token is not valid" in listed
    assert "the token is not valid" in shown
    assert hubspot.credentials["ciphertext"] not in shown


def test_a_connection_is_paused_and_resumed(
    boss: Client, sandbox: Sandbox, hubspot: Connection, lead: MakeLead
) -> None:
    ada = lead(email="ada@example.org")
    act(boss, "connection", "pause", hubspot)
    assert not Outlet.objects.exists()
    act(boss, "connection", "resume", hubspot)
    drain(hubspot)
    assert sandbox.record(ada)["email"] == "ada@example.org"


def test_a_breaker_is_closed_by_hand(boss: Client, hubspot: Connection) -> None:
    breaker.refuse(name=hubspot.service, because="the token is not valid", now=clock.now())
    act(boss, "connection", "close_breaker", hubspot)
    assert Breaker.objects.get().state == Breaker.State.CLOSED


def test_quarantined_leads_are_tried_again(boss: Client, hubspot: Connection, lead: MakeLead) -> None:
    push(hubspot, lead(email="nonsense"))
    assert Work.objects.get().quarantined_at is not None
    act(boss, "connection", "retry_quarantined", hubspot)
    assert Work.objects.get().due_at is not None


def test_leads_are_pushed_again_from_their_links_and_attempts(
    boss: Client, hubspot: Connection, lead: MakeLead
) -> None:
    push(hubspot, lead(email="ada@example.org"))
    act(boss, "remotelink", "push_again", RemoteLink.objects.get())
    act(boss, "pushattempt", "push_again", PushAttempt.objects.get())
    assert Work.objects.get().wanted == 2


def test_a_conflict_is_settled_by_name(boss: Client, hubspot: Connection, lead: MakeLead) -> None:
    push(hubspot, lead(email="desk@example.org"))
    push(hubspot, lead(email="desk@example.org", first_name="Bob"))
    conflict = Conflict.objects.get()
    act(boss, "conflict", "close_conflict", conflict)
    conflict.refresh_from_db()
    assert (conflict.state, conflict.closed_by) == ("closed", "boss")


def test_who_may_only_look_may_not_act(hubspot: Connection, lead: MakeLead) -> None:
    want(hubspot, lead())
    looker = User.objects.create_user("looker", password="correct horse battery", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_connection"))
    client = Client()
    client.force_login(looker)
    assert client.get("/admin/crm_sync/connection/").status_code == 200
    act(client, "connection", "pause", hubspot)
    hubspot.refresh_from_db()
    assert hubspot.enabled
    assert Work.objects.exists()
