"""A house with everything in it."""

from collections.abc import Iterator

import pytest

from capture import doors
from crm_sync.models import Connection
from tests.crm_sync.conftest import Sandbox, hubspot, running, sandbox
from tests.flows.house import House

__all__ = ["house", "hubspot", "running", "sandbox"]


@pytest.fixture
def house(hubspot: Connection, sandbox: Sandbox) -> Iterator[House]:
    """Open a LeadHub with four doors and a CRM."""
    doors.forget()
    yield House.open(hubspot, sandbox)
    doors.forget()
