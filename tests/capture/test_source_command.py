"""Doors are opened and closed from the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from capture.models import Source
from tests.capture.senders import Program, Twilio, fields

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command("source", *words, stdout=out)
    return out.getvalue()


def secret(said: str) -> str:
    return next(line.split()[1] for line in said.splitlines() if line.startswith("secret:"))


def test_a_door_is_opened_and_its_key_shown_once() -> None:
    said = run("add", "json_api", "--slug", "shop")
    assert "/in/shop/" in said
    key = secret(said)
    assert key not in str(Source.objects.values_list("secrets", flat=True))
    assert Program("shop", key).post({"email": "a@example.com"}).status_code == 202


def test_a_pasted_secret_is_sealed_and_never_shown() -> None:
    said = run("add", "twilio_sms", "--slug", "texts", "--secret", "tok-en", "--region", "de", "--option", "rate=50")
    source = Source.objects.get()
    assert "tok-en" not in said + str(source.secrets)
    assert (source.region, source.options) == ("DE", {"rate": "50"})
    assert Twilio("texts", "tok-en").post(fields("sms/twilio/text.txt")).status_code == 200


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "twilio_sms", "--slug", "x", "--secret", " "), "needs its provider's secret"),
        (("add", "json_api", "--slug", "x", "--secret", "mine"), "leave --secret out"),
        (("add", "json_api", "--slug", "Not A Slug"), "slug:"),
        (("add", "json_api", "--slug", "x", "--option", "novalue"), "NAME=VALUE"),
        (("rotate", "nowhere"), "no source 'nowhere'"),
        (("disable", "nowhere"), "no source 'nowhere'"),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        run(*words)


def test_a_slug_is_given_once() -> None:
    run("add", "json_api", "--slug", "shop")
    with pytest.raises(CommandError, match="exists"):
        run("add", "json_api", "--slug", "shop")


def test_a_rotated_key_replaces_the_old_one_when_told_so() -> None:
    old = secret(run("add", "json_api", "--slug", "shop"))
    new = secret(run("rotate", "shop", "--drop-old"))
    assert [Program("shop", key).post({"a": 1}).status_code for key in (old, new)] == [401, 202]


def test_closing_and_opening_is_history() -> None:
    key = secret(run("add", "json_api", "--slug", "shop"))
    run("disable", "shop")
    assert Program("shop", key).post({"a": 1}).status_code == 404
    run("enable", "shop")
    assert Program("shop", key).post({"a": 1}).status_code == 202
    history = Source.history.order_by("history_id").values_list("history_type", "history_change_reason")
    assert list(history) == [("+", "opened"), ("~", "disabled"), ("~", "enabled")]


def test_the_list_shows_every_door() -> None:
    assert "No doors yet" in run("list")
    run("add", "json_api", "--slug", "shop")
    run("disable", "shop")
    assert "closed" in run("list")
