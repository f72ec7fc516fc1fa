"""A wrong or missing setting stops the start with a sentence that says what to do."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadhub.environment import Environment
from tests import services

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "DATABASE_URL": "postgresql://leadhub:secret@database.invalid:5432/leadhub",
    "REDIS_URL": "redis://redis.invalid:6379/0",
    "LEADHUB_SECRET_KEY": "s" * 50,
    "LEADHUB_KEYS": "a:" + base64.b64encode(b"k" * 32).decode(),
    "LEADHUB_PEPPER": "p" * 40,
    "LEADHUB_PUBLIC_URL": "https://leads.example.com",
}


def manage(*command: str, home: Path, **values: str) -> "subprocess.CompletedProcess[str]":
    env = services.clean(os.environ) | {"LEADHUB_HOME": str(home)} | values
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


def test_nothing_set_needs_nothing(tmp_path: Path) -> None:
    done = manage("check", "--fail-level", "WARNING", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_a_complete_production_environment_passes(tmp_path: Path) -> None:
    done = manage("check", "--fail-level", "WARNING", home=tmp_path, **PRODUCTION)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changed", "number", "says"),
    [
        ({"LEADHUB_SECRET_KEY": ""}, "E001", "LEADHUB_SECRET_KEY is not set"),
        ({"LEADHUB_KEYS": ""}, "E001", "LEADHUB_KEYS is not set"),
        ({"LEADHUB_PEPPER": ""}, "E001", "LEADHUB_PEPPER is not set"),
        ({"LEADHUB_PEPPER": "short"}, "E001", "shorter than 32"),
        ({"LEADHUB_KEYS": "a:bm90IDMyIGJ5dGVz"}, "E002", "32 bytes"),
        ({"LEADHUB_PUBLIC_URL": ""}, "E003", "LEADHUB_PUBLIC_URL is not set"),
        ({"LEADHUB_PUBLIC_URL": "leads.example.com"}, "E003", "no http(s) address"),
        ({"DATABASE_URL": "mysql://host/leadhub"}, "E004", "postgresql://"),
        ({"DATABASE_URL": ""}, "E005", "SQLite"),
        ({"REDIS_URL": "amqp://host"}, "E005", "redis://"),
        ({"LEADHUB_RATE": "abc"}, "E006", "LEADHUB_RATE is 'abc'"),
        ({"LEADHUB_MAX_BODY": "1"}, "E006", "LEADHUB_MAX_BODY"),
        ({"LEADHUB_DEBUG": "maybe"}, "E006", "LEADHUB_DEBUG"),
        ({"LEADHUB_LOG_LEVEL": "LOUD"}, "E006", "LEADHUB_LOG_LEVEL"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_a_wrong_setting_is_named_with_what_to_do(
    changed: dict[str, str], number: str, says: str, tmp_path: Path
) -> None:
    done = manage("check", home=tmp_path, **(PRODUCTION | changed))
    assert done.returncode == 1
    assert f"leadhub.{number}" in done.stderr
    assert says in done.stderr
    assert "HINT: Set " in done.stderr
    assert "Traceback" not in done.stderr


def test_several_wrong_settings_are_named_at_once(tmp_path: Path) -> None:
    done = manage("check", home=tmp_path, DATABASE_URL="postgresql://host/leadhub")
    for name in ("LEADHUB_SECRET_KEY", "LEADHUB_KEYS", "LEADHUB_PEPPER", "LEADHUB_PUBLIC_URL"):
        assert f"{name} is not set" in done.stderr


def test_damaged_keys_stop_the_start_and_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{half a fi")
    done = manage("check", home=tmp_path)
    assert "leadhub.E007" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "keys.json").read_text() == "{half a fi"


def test_plain_http_is_a_warning_of_the_deployment_check(tmp_path: Path) -> None:
    done = manage(
        "check", "--deploy", home=tmp_path, **(PRODUCTION | {"LEADHUB_PUBLIC_URL": "http://leads.example.com"})
    )
    assert "leadhub.W001" in done.stderr


def test_a_silent_redis_is_a_warning_of_the_deployment_check(tmp_path: Path) -> None:
    done = manage("check", "--deploy", home=tmp_path, **(PRODUCTION | {"REDIS_URL": "redis://127.0.0.1:1/0"}))
    assert "leadhub.W003" in done.stderr


def test_a_redis_that_evicts_is_a_warning_of_the_deployment_check(tmp_path: Path) -> None:
    url = services.start_redis(policy="allkeys-lru")
    try:
        done = manage("check", "--deploy", home=tmp_path, **(PRODUCTION | {"REDIS_URL": url}))
    finally:
        services.stop(url)
    assert "leadhub.W002" in done.stderr
    assert "allkeys-lru" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["granian", "--interface", "wsgi", "leadhub.wsgi:application", "--port", "0", "--workers", "1"],
        ["celery", "-A", "leadhub", "worker", "-Q", "pipeline", "-c", "1"],
    ],
    ids=["web", "worker"],
)
def test_web_and_worker_do_not_start_either(command: list[str], tmp_path: Path) -> None:
    program, *arguments = command
    done = subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=ROOT,
        env=services.clean(os.environ) | PRODUCTION | {"LEADHUB_HOME": str(tmp_path), "LEADHUB_RATE": "abc"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "LeadHub does not start:" in done.stderr
    assert "leadhub.E006: LEADHUB_RATE is 'abc'" in done.stderr


def test_an_unusable_address_never_leads_to_another_database(tmp_path: Path) -> None:
    read = Environment({"DATABASE_URL": "postgresql://host:port/leadhub"})
    config = read.database("DATABASE_URL", embedded=tmp_path / "leadhub.sqlite3")
    assert config["ENGINE"] == "django.db.backends.dummy"
    assert [wrong.number for wrong in read.wrong] == ["E004"]


def test_a_ring_may_hold_several_keys_and_the_first_seals() -> None:
    one, two = (base64.b64encode(letter * 32).decode() for letter in (b"1", b"2"))
    read = Environment({"LEADHUB_KEYS": f"new:{one}, old:{two}"})
    assert list(read.ring("LEADHUB_KEYS", made="")) == ["new", "old"]
    assert read.wrong == []
