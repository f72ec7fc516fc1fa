"""The world of the API tests."""

import pytest
from django.test import Client

from tests.api.world import Desk, boss, caller, open_desk


@pytest.fixture
def desk(db: None) -> Desk:
    """Open a door to send signals through."""
    return open_desk()


@pytest.fixture
def api(db: None) -> Client:
    """Give a client that may do everything."""
    return caller(boss())
