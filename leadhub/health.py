"""Is it alive, is it ready, how far behind is it."""

import hmac
from collections.abc import Iterator

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from leadhub.kernel import backlog, clock, problems, wake
from leadhub.kernel.models import Breaker

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; looks at nothing else, so a database outage restarts nobody."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether a request can be served in full: 200, or 503 with the reasons."""
    reasons = [reason for probe in (_database, _broker) for reason in probe()]
    status = 503 if reasons else 200
    return JsonResponse({"ready": not reasons, "reasons": reasons}, status=status)


def _database() -> Iterator[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = _missing_migrations()
    except DatabaseError:
        yield "The database does not answer."
        return
    if missing:
        yield f"{missing} migrations are not applied: run `manage.py migrate`."


def _missing_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _broker() -> Iterator[str]:
    if not settings.REDIS_URL:
        return
    try:
        wake.broker_client().ping()
    except (redis.RedisError, OSError):
        # The door still takes everything in and the sweep still finds it; but wake-ups are lost, so say it.
        yield "Redis does not answer: wake-ups are lost, and work waits for the workers' sweep."


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give the metrics to this machine, or to who brings LEADHUB_METRICS_TOKEN."""
    if not _may_see(request):
        return problems.answer(403, "Metrics are for this machine, or for the bearer of LEADHUB_METRICS_TOKEN.")
    try:
        truth = generate_latest(_truth)
    except DatabaseError:
        return problems.answer(503, "The database does not answer right now.")
    return HttpResponse(truth + generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _may_see(request: HttpRequest) -> bool:
    token: str = settings.LEADHUB_METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    # Behind a proxy on this machine every visitor comes from the loopback address: what was forwarded is not local.
    forwarded = any(request.META.get(name) for name in FORWARDED)
    return not forwarded and request.META.get("REMOTE_ADDR") in LOOPBACK


class FromTheDatabase(Collector):
    """Count what the database holds: the truth after restarts, and the same from every process."""

    def collect(self) -> Iterator[Metric]:
        """Give the gauges."""
        yield from _stages()
        yield _breakers()


def _stages() -> Iterator[Metric]:
    rows = backlog.stages(now=clock.now())
    for name, said, column in (
        ("leadhub_work_due", "Work that may be claimed now.", "due"),
        ("leadhub_work_in_flight", "Work a worker holds.", "in_flight"),
        ("leadhub_work_waiting", "Work that waits for its time.", "waiting"),
        ("leadhub_work_quarantined", "Work set aside until a person acts.", "quarantined"),
        ("leadhub_work_oldest_seconds", "Age of the oldest unfinished work.", "oldest_seconds"),
    ):
        gauge = GaugeMetricFamily(name, said, labels=["stage"])
        for row in rows:
            gauge.add_metric([row.stage], getattr(row, column))
        yield gauge


def _breakers() -> Metric:
    gauge = GaugeMetricFamily("leadhub_breaker_open", "1 while calls to the service wait.", labels=["name", "state"])
    for breaker in Breaker.objects.order_by("name"):
        gauge.add_metric([breaker.name, breaker.state], float(breaker.state != Breaker.State.CLOSED))
    return gauge


_truth = CollectorRegistry()
_truth.register(FromTheDatabase())
