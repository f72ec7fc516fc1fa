"""Fixtures every folder of tests may use."""

import os
from collections.abc import Iterator

import pytest
from django.db.backends.sqlite3.base import DatabaseWrapper  # before .operations: the two modules are a circle
from django.db.backends.sqlite3.operations import DatabaseOperations
from hypothesis import settings

from leadhub.kernel import triggers
from tests import services

# A landing must not depend on luck: CI tries the same examples every time, people's machines look for new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")

assert DatabaseWrapper.ops_class is DatabaseOperations


@pytest.fixture(autouse=True, scope="session")
def _tables_that_keep_their_rows_can_be_emptied_between_tests() -> Iterator[None]:
    """Lift the content triggers where Django empties the test database by DELETE; `post_migrate` puts them back."""
    empty = DatabaseOperations.execute_sql_flush

    def lift_and_empty(self: DatabaseOperations, sql_list: list[str]) -> None:
        for guard in triggers.guards():
            triggers.drop(guard, self.connection)
        empty(self, sql_list)

    DatabaseOperations.execute_sql_flush = lift_and_empty  # type: ignore[method-assign, assignment]
    yield
    DatabaseOperations.execute_sql_flush = empty  # type: ignore[method-assign]


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
