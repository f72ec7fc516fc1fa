"""Health, readiness and metrics."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from leadhub.kernel import clock, ids, work
from leadhub.kernel.models import Breaker, Work


def numbers(client: Client | None = None, **request: Any) -> dict[tuple[str, str], float]:
    answer = (client or Client()).get("/metrics", **request)
    assert answer.status_code == 200, answer.content
    families = text_string_to_metric_families(answer.content.decode())
    samples = [sample for family in families for sample in family.samples]
    return {(s.name, s.labels.get("stage") or s.labels.get("name", "")): s.value for s in samples}


def test_health_asks_the_database_nothing() -> None:
    assert Client().get("/healthz").content == b"ok\n"  # no django_db mark: a query would fail the test


@pytest.mark.django_db
def test_ready_when_all_is_well() -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": []})


@pytest.mark.django_db
def test_not_ready_while_migrations_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'identity'")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "manage.py migrate" in answer.json()["reasons"][0]


@pytest.mark.django_db
def test_not_ready_when_redis_is_configured_and_gone(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr("leadhub.kernel.wake._client", None)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "Redis" in answer.json()["reasons"][0]


@pytest.fixture
def work_in_every_state(db: None) -> Iterator[None]:
    now = clock.now()
    work.put(stage="normalise", subjects=[ids.new() for _ in range(3)], now=now - timedelta(minutes=2))
    work.put(stage="push:crm", subjects=[ids.new()], now=now, due_at=now + timedelta(hours=1))
    batch = work.claim(stage="normalise", size=2)
    assert batch is not None
    batch.quarantine(batch.jobs[0], reason="unreadable")
    Breaker.objects.create(name="hubspot", state=Breaker.State.OPEN, changed_at=now)
    yield
    Work.objects.all().delete()


@pytest.mark.usefixtures("work_in_every_state")
def test_metrics_tell_what_the_database_holds() -> None:
    told = numbers()
    assert told["leadhub_work_due", "normalise"] == 1
    assert told["leadhub_work_in_flight", "normalise"] == 1
    assert told["leadhub_work_quarantined", "normalise"] == 1
    assert told["leadhub_work_waiting", "push:crm"] == 1
    assert told["leadhub_work_due", "push:crm"] == 0
    assert told["leadhub_work_oldest_seconds", "normalise"] >= 120
    assert told["leadhub_breaker_open", "hubspot"] == 1


@pytest.mark.parametrize(
    "request_from",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_metrics_are_for_this_machine_only(request_from: dict[str, str]) -> None:
    assert Client().get("/metrics", **request_from).status_code == 403  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_metrics_token_replaces_the_place(settings: Any) -> None:
    settings.LEADHUB_METRICS_TOKEN = "long-and-secret"
    assert Client().get("/metrics").status_code == 403
    assert Client().get("/metrics", HTTP_AUTHORIZATION="Bearer long-and-secrex").status_code == 403
    assert numbers(HTTP_AUTHORIZATION="Bearer long-and-secret", REMOTE_ADDR="203.0.113.9")


def test_health_is_answered_over_plain_http_from_inside(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/healthz").status_code == 200
