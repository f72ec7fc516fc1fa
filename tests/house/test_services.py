"""The servers the tests run on."""

import os

import pytest
from django.conf import settings
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for() -> None:
    wanted = {"sqlite": "sqlite", "postgres": "postgresql"}[os.environ.get("LEADHUB_TEST_ON", "sqlite")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connection.vendor == wanted
    assert bool(settings.REDIS_URL) == (wanted == "postgresql")
