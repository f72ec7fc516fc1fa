"""Read settings from the environment without ever failing: what cannot be used is noted, and leadhub.checks says it.

A traceback out of settings.py tells an operator nothing; a check names the setting and what to write instead.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ

from leadhub import keyfile

Value = TypeVar("Value")

YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SHORTEST_SECRET = 32  # characters


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One setting that cannot be used: the check's number, what is wrong, what to do."""

    number: str
    said: str
    hint: str


class Environment:
    """The settings as the environment gives them; `wrong` lists what it could not use, and a default stands in."""

    def __init__(self, values: Mapping[str, str] = os.environ) -> None:
        self._values = values
        self.wrong: list[Wrong] = []

    def text(self, name: str, *, default: str = "") -> str:
        """Read a text, without the spaces around it."""
        return self._values.get(name, default).strip()

    def names(self, name: str, *, default: Sequence[str]) -> list[str]:
        """Read a list separated by commas."""
        given = self.text(name)
        return [part.strip() for part in given.split(",") if part.strip()] if given else list(default)

    def switch(self, name: str, *, default: bool) -> bool:
        """Read yes or no."""
        given = self.text(name, default="true" if default else "false").lower()
        if given not in YES + NO:
            self.note("E006", f"{name} is {given!r}, which is neither yes nor no.", f"Set {name} to true or false.")
            return default
        return given in YES

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        """Read a whole number between `least` and `most`."""
        given = self.text(name, default=str(default))
        if not (given.isascii() and given.isdigit() and least <= int(given[:18]) <= most):
            self.note(
                "E006",
                f"{name} is {given!r}, which is not a whole number from {least} to {most}.",
                f"Set {name} to a number from {least} to {most}, or leave it out for {default}.",
            )
            return default
        return int(given)

    def log_level(self, name: str) -> str:
        """Read the name of a log level."""
        given = self.text(name, default="INFO").upper()
        if given not in LOG_LEVELS:
            self.note("E006", f"{name} is {given!r}.", f"Set {name} to one of {', '.join(LOG_LEVELS)}.")
            return "INFO"
        return given

    def database(self, name: str, *, embedded: Path) -> dict[str, Any]:
        """Read the address of the database; none means a SQLite file in the home folder."""
        url = self.text(name)
        if not url:
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(embedded)}
        scheme = url.partition(":")[0]
        try:
            if scheme not in ("postgresql", "postgres", "sqlite"):
                raise ValueError("it does not begin with postgresql:// or sqlite:///")
            config: dict[str, Any] = environ.Env.db_url_config(url)
            if not config.get("NAME"):
                raise ValueError("it names no database")
        except ValueError as because:
            self.note(
                "E004",
                f"{name} cannot be used: {because}.",
                f"Set {name}=postgresql://user:password@host:5432/database, or leave it out for SQLite on one node.",
            )
            return {"ENGINE": "django.db.backends.dummy"}  # never some other database than the one meant
        return config

    def broker(self, name: str) -> str:
        """Read the address of Redis."""
        url = self.text(name)
        if url and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
            self.note("E005", f"{name} is no Redis address.", f"Set {name}=redis://host:6379/0.")
            return ""
        return url

    def made_secrets(self, home: Path, *, wanted: bool) -> Mapping[str, str]:
        """Read or make the secrets of the embedded default in the home folder."""
        try:
            return keyfile.load_or_make(home) if wanted else {}
        except (OSError, ValueError) as trouble:
            self.note(
                "E007",
                f"The secrets in {home / 'keys.json'} cannot be read or made: {trouble}.",
                "Set LEADHUB_HOME to a folder that this user may write, or put keys.json back from a backup.",
            )
            return {}

    def secret(self, name: str, *, made: str) -> str:
        """Read a long random text; without one nothing may start."""
        given = self.text(name, default=made)
        if len(given) < SHORTEST_SECRET:
            state = f"is shorter than {SHORTEST_SECRET} characters" if given else "is not set"
            self.note(
                "E001",
                f"{name} {state}.",
                'Set it to the output of: python -c "import secrets; print(secrets.token_urlsafe(50))", '
                "the same in every process, and keep it.",
            )
        return given

    def ring(self, name: str, *, made: str) -> dict[str, bytes]:
        """Read the key ring; one unreadable key stops the start, for what it sealed could not be opened."""
        given = self.text(name, default=made)
        ring = keyfile.parse_ring(given)
        how = (
            f'Set {name}=2026a:KEY with KEY from: python -c "import base64, os; print(base64.b64encode(os.urandom(32))'
            '.decode())". To rotate, put the new key first and keep the old ones behind a comma.'
        )
        if not given:
            self.note("E001", f"{name} is not set, so nothing can be sealed.", how)
        elif len(ring) != len([part for part in given.split(",") if part.strip()]):
            self.note("E002", f"{name} holds a key that is not `id:base64 of 32 bytes`, or an id twice.", how)
        return ring

    def public_url(self, name: str, *, default: str) -> str:
        """Read the address providers call, without the slash at its end."""
        url = self.text(name, default=default).rstrip("/")
        if not _is_web_address(url):
            state = f"is {url!r}, which is no http(s) address" if url else "is not set"
            self.note(
                "E003",
                f"{name} {state}; signatures of providers are checked against it.",
                f"Set {name} to the address providers call, such as https://leads.example.com.",
            )
        return url

    def note(self, number: str, said: str, hint: str) -> None:
        """Remember what is wrong."""
        self.wrong.append(Wrong(number=number, said=said, hint=hint))


def _is_web_address(url: str) -> bool:
    return bool(_quietly(lambda: urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname))


def host_of(url: str) -> list[str]:
    """Give the host of an address, in a list that is empty when there is none."""
    host = _quietly(lambda: urlsplit(url).hostname)
    return [host] if host else []


def _quietly(read: Callable[[], Value]) -> Value | None:
    try:
        return read()
    except ValueError:  # such as http://[
        return None
