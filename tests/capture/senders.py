"""Senders as the providers are: Twilio signs with its own package, programs send their key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.test import Client
from django.test.client import ClientHandler
from twilio.request_validator import RequestValidator

from leadhub.wsgi import CaptureHandler

PAYLOADS = Path(__file__).parent.parent / "payloads"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class _DoorHandler(ClientHandler):
    """Django's test handler with the empty middleware chain that leadhub.wsgi gives to /in/."""

    load_middleware = CaptureHandler.load_middleware


class Knocker(Client):
    """A test client that reaches the door as a provider does."""

    def __init__(self) -> None:
        super().__init__()
        self.handler = _DoorHandler(enforce_csrf_checks=True)


def payload(name: str) -> str:
    """Read a recorded payload by its path under tests/payloads."""
    return (PAYLOADS / name).read_text(encoding="utf-8").strip()


def fields(name: str) -> dict[str, str]:
    """Read a recorded form payload, one `name=value` a line."""
    return dict(line.split("=", 1) for line in payload(name).splitlines() if line)


@dataclass
class Twilio:
    """Twilio, calling one door with the auth token it knows."""

    slug: str
    token: str
    client: Client = field(default_factory=Knocker)

    def post(self, params: Mapping[str, str], *, query: str = "", **headers: str) -> Any:
        body = urlencode(params)
        return self.raw(
            body.encode(),
            signature=self.sign(dict(parse_qsl(body, keep_blank_values=True)), query),
            query=query,
            **headers,
        )

    def sign(self, params: Any, query: str = "") -> str:
        url = f"{settings.PUBLIC_URL}/in/{self.slug}/" + (f"?{query}" if query else "")
        made: str = RequestValidator(self.token).compute_signature(url, params)
        return made

    def raw(self, body: bytes, *, signature: str, query: str = "", content_type: str = FORM, **more: str) -> Any:
        path = f"/in/{self.slug}/" + (f"?{query}" if query else "")
        return self.client.generic("POST", path, body, content_type, headers={"x-twilio-signature": signature, **more})


@dataclass
class Program:
    """A program that speaks the JSON API with its key."""

    slug: str
    key: str
    client: Client = field(default_factory=Knocker)

    def post(self, what: object, **headers: str) -> Any:
        return self.raw(what if isinstance(what, bytes) else json.dumps(what).encode(), **headers)

    def raw(self, body: bytes, *, content_type: str = "application/json", **headers: str) -> Any:
        sent = {"authorization": f"Bearer {self.key}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.generic("POST", f"/in/{self.slug}/", body, content_type, headers=sent)
