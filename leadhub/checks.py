"""System checks: a wrong or missing setting stops the start with a sentence that says what to do.

E001 a secret is missing or short   E002 key ring      E003 public address    E004 database address
E005 Redis                          E006 a number, switch or level            E007 home folder
W001 no https                       W002 Redis may forget    W003 Redis does not answer
W010 content is not protected
"""

import sys
from collections.abc import Sequence
from typing import Any

import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.checks import Warning as Advice
from django.db import connection

from leadhub.kernel import triggers

OURS = "leadhub"
PATIENCE = 2.0  # seconds Redis may take to answer a deployment check


def insist() -> None:
    """Stop this process, saying why, unless the settings can be used. Web and worker call it at their start."""
    wrong = [message for message in run_checks(tags=[OURS]) if message.is_serious()]
    if wrong:
        sys.stderr.write("LeadHub does not start:\n" + "".join(f"  {_sentence(message)}\n" for message in wrong))
        sys.exit(78)  # EX_CONFIG of sysexits.h


def _sentence(message: CheckMessage) -> str:
    return f"{message.id}: {message.msg} {message.hint or ''}".strip()


@register(OURS)
def settings_can_be_used(**_asked: Any) -> Sequence[CheckMessage]:
    """Say what settings.py could not use."""
    return [Error(wrong.said, hint=wrong.hint, id=f"leadhub.{wrong.number}") for wrong in settings.LEADHUB_WRONG]


@register(OURS)
def redis_needs_postgresql(**_asked: Any) -> Sequence[CheckMessage]:
    """Refuse separate workers on SQLite: one writer would hold up all of them."""
    if not (settings.REDIS_URL and settings.EMBEDDED):
        return []
    return [
        Error(
            "REDIS_URL is set, but the database is SQLite, which has one writer and cannot serve separate workers.",
            hint="Set DATABASE_URL to a PostgreSQL, or leave REDIS_URL out.",
            id="leadhub.E005",
        )
    ]


@register(Tags.security, deploy=True)
def doors_are_behind_https(**_asked: Any) -> Sequence[CheckMessage]:
    """Warn when providers send personal data in the clear."""
    if settings.PUBLIC_URL.startswith("https://"):
        return []
    return [
        Advice(
            f"LEADHUB_PUBLIC_URL is {settings.PUBLIC_URL}: deliveries and logins travel in the clear.",
            hint="Put a TLS proxy in front and set LEADHUB_PUBLIC_URL to its https:// address.",
            id="leadhub.W001",
        )
    ]


@register(OURS, deploy=True)
def redis_keeps_wake_ups(**_asked: Any) -> Sequence[CheckMessage]:
    """Warn when Redis may throw away wake-ups under memory pressure, or does not answer."""
    if not settings.REDIS_URL:
        return []
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as client:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
    except redis.ResponseError:
        return []  # managed services forbid CONFIG
    except redis.RedisError as trouble:
        return [Advice(f"Redis does not answer: {trouble}.", hint="Check REDIS_URL.", id="leadhub.W003")]
    if policy == "noeviction":
        return []
    return [
        Advice(
            f"Redis evicts keys under memory pressure (maxmemory-policy {policy}), Celery's messages among them.",
            hint="Set maxmemory-policy noeviction on this Redis.",
            id="leadhub.W002",
        )
    ]


@register(Tags.database)
def content_is_protected(*, databases: Sequence[str] | None = None, **_asked: Any) -> Sequence[CheckMessage]:
    """Look for the triggers that keep events and signals as they were written.

    A warning, for `migrate` runs this check first and is what mends it.
    """
    if not databases:
        return []
    tables = set(connection.introspection.table_names())
    return [
        Advice(
            f"The content of {table} can be changed: its triggers are missing.",
            hint="Run manage.py migrate, which puts them back.",
            id="leadhub.W010",
        )
        for table in triggers.missing()
        if table in tables
    ]
