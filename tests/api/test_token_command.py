"""manage.py token."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.api.world import boss, person

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("token", *words, stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue()


def test_a_token_is_printed_once_and_works() -> None:
    boss("ann")
    plain, _ = run("add", "ann", "--name", "reporting")
    assert Client(headers={"Authorization": f"Bearer {plain}"}).get("/api/v1/leads/").status_code == 200
    listed, _ = run("list")
    assert "reporting" in listed
    assert plain not in listed


def test_a_revoked_token_is_gone() -> None:
    boss("ann")
    plain, _ = run("add", "ann", "--name", "reporting")
    run("revoke", plain[:12])
    assert "No tokens yet" in run("list")[0]


def test_mistakes_are_answered_with_what_to_do() -> None:
    with pytest.raises(CommandError, match="createsuperuser"):
        run("add", "nobody", "--name", "x")
    with pytest.raises(CommandError, match="token list"):
        run("revoke", "lh_nothing")


def test_a_token_for_somebody_who_is_not_staff_comes_with_a_warning() -> None:
    person("guest", staff=False)
    assert "not staff" in run("add", "guest", "--name", "x")[1]
