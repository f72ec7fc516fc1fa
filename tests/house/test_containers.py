"""The container files say what the design promises; no daemon is needed to see that."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadhub.environment import Environment
from tools import make_env

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_there_is_a_service_for_every_part() -> None:
    assert set(SERVICES) == {"migrate", "web", "worker", "postgres", "redis"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_locked_down(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_listens_beyond_this_host(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", ["web", "worker"])
def test_web_and_worker_wait_for_the_migration(name: str) -> None:
    conditions = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}
    assert conditions == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }


@pytest.mark.parametrize("name", ["worker", "postgres", "redis"])
def test_every_lasting_service_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


def test_redis_never_evicts_a_wake_up() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_no_secret_stands_in_the_compose_file_or_the_example() -> None:
    assert re.findall(r"^(?:POSTGRES_PASSWORD|LEADHUB_\w*(?:KEY|KEYS|PEPPER))=(.+)$", _example(), re.MULTILINE) == []
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_the_filled_example_is_a_configuration_that_starts() -> None:
    values = dict(line.split("=", 1) for line in make_env.filled(_example()).splitlines() if re.match(r"[A-Z]", line))
    read = Environment(values)
    database = read.database("DATABASE_URL", embedded=ROOT)
    read.secret("LEADHUB_SECRET_KEY", made="")
    read.secret("LEADHUB_PEPPER", made="")
    read.ring("LEADHUB_KEYS", made="")
    read.public_url("LEADHUB_PUBLIC_URL", default="")
    assert read.wrong == []
    assert database["PASSWORD"] == values["POSTGRES_PASSWORD"]


def test_the_image_runs_without_root_and_keeps_no_keys() -> None:
    last_stage = DOCKERFILE.split("\nFROM ")[-1]
    assert "\nUSER leadhub" in last_stage
    assert "rm -f /app/home/keys.json" in last_stage
    assert "--require-hashes" in DOCKERFILE
    assert "/healthz" in last_stage


def test_every_package_of_ours_is_in_the_image() -> None:
    for package in ("leadhub", "capture", "identity", "routing", "crm_sync"):
        assert f"COPY {package} {package}" in DOCKERFILE
        assert f"!{package}" in (ROOT / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_requirements_carry_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    packages = re.split(r"^(?=[a-z0-9][\w.\-\[\]]*==)", text, flags=re.MULTILINE | re.IGNORECASE)[1:]
    assert len(packages) > 20
    assert all("--hash=sha256:" in package for package in packages)


def _example() -> str:
    return (ROOT / ".env.example").read_text()
