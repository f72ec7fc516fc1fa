"""The servers the tests run on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection

from tests import services

ROOT = Path(__file__).resolve().parent.parent.parent
START_AND_DIE = """
import json, os, signal
from tests import services
services.start_postgres(fast=True), services.start_redis()
print(json.dumps([(s.process.pid, str(s.folder)) for s in services._running]), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for() -> None:
    wanted = {"sqlite": "sqlite", "postgres": "postgresql"}[os.environ.get("LEADHUB_TEST_ON", "sqlite")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connection.vendor == wanted
    assert bool(settings.REDIS_URL) == (wanted == "postgresql")


def test_the_machines_own_settings_reach_no_test() -> None:
    given = {"PATH": "/bin", "DATABASE_URL": "x", "REDIS_URL": "x", "LEADHUB_RATE": "1", "TEST_REDIS_URL": "x"}
    assert services.clean(given) == {"PATH": "/bin", "TEST_REDIS_URL": "x"}


def test_a_killed_run_leaves_no_server_behind() -> None:
    died = subprocess.run([sys.executable, "-c", START_AND_DIE], cwd=ROOT, capture_output=True, text=True, check=False)
    left = json.loads(died.stdout)
    services._reap_orphans()
    for pid, folder in left:
        if psutil.pid_exists(pid):
            psutil.Process(pid).wait(timeout=20)
        assert not Path(folder).exists()
    assert len(left) == 2


def test_other_processes_may_use_the_servers(postgres_url: str, redis_url: str) -> None:
    with psycopg.connect(postgres_url) as one, psycopg.connect(postgres_url) as two:
        assert one.execute("SELECT 1").fetchone() == two.execute("SELECT 1").fetchone()
    with redis.Redis.from_url(redis_url) as client:
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=services.port_of(redis_url)) as stranger:
        stranger.ping()
