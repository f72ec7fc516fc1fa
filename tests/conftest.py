"""Fixtures every folder of tests may use."""

import os
from collections.abc import Iterator

import pytest

from tests import services


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give an empty PostgreSQL database with real processes in mind, whichever database the run is on."""
    url = os.environ.get("TEST_DATABASE_URL") or services.start_postgres(fast=True)
    yield url
    services.stop(url)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Give a real Redis, whichever database the run is on."""
    url = os.environ.get("TEST_REDIS_URL") or services.start_redis()
    yield url
    services.stop(url)
