"""Doors to knock at."""

from collections.abc import Iterator

import pytest

from capture import doors, services
from leadhub.kernel import clock
from tests.capture.senders import Program, Twilio


@pytest.fixture(autouse=True)
def _no_door_is_remembered_from_the_last_test() -> Iterator[None]:
    doors.forget()
    yield
    doors.forget()


def _add(adapter: str, slug: str, **more: object) -> services.Opened:
    return services.add_source(slug=slug, adapter=adapter, by="a test", now=clock.now(), **more)  # type: ignore[arg-type]


@pytest.fixture
def sms(db: None) -> Twilio:
    """Open a Twilio messaging door."""
    _add("twilio_sms", "texts", secret="sms-auth-token")
    return Twilio("texts", "sms-auth-token")


@pytest.fixture
def voice(db: None) -> Twilio:
    """Open a Twilio voice door."""
    _add("twilio_voice", "calls", secret="voice-auth-token")
    return Twilio("calls", "voice-auth-token")


@pytest.fixture
def program(db: None) -> Program:
    """Open a JSON API door."""
    return Program("shop", _add("json_api", "shop").secret)


@pytest.fixture
def form(db: None) -> services.Opened:
    """Open a web form door for two sites."""
    options = {"origins": "https://acme.example https://www.acme.example", "next": "https://acme.example/thanks"}
    return _add("web_form", "contact", options=options)
