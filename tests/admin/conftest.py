"""The world of the admin tests."""

import pytest
from django.test import Client

from tests.api.world import Desk, boss, open_desk


@pytest.fixture
def desk(db: None) -> Desk:
    """Open a door to send signals through."""
    return open_desk()


@pytest.fixture
def admin_pages(db: None) -> Client:
    """Give a browser of somebody who may do everything."""
    client = Client()
    client.force_login(boss())
    return client
