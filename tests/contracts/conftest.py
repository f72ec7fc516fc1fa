"""One running twin per kind of CRM: a new connector is under test the moment its row exists in the registry."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from crm_sync.connectors import registry
from crm_sync.connectors.base import Connector
from leadhub.kernel import http
from leadhub.sandbox.hubspot.app import DEFAULT_TOKEN, HubSpot
from leadhub.sandbox.hubspot.portal import Portal
from leadhub.sandbox.server import SandboxServer


@dataclass(frozen=True, kw_only=True)
class Twin:
    """A simulated CRM and the connector that speaks to it."""

    url: str
    token: str
    connector: Connector
    count: Callable[[], int]
    writes: Callable[[], int]
    fault: Callable[[dict[str, object]], None]


@pytest.fixture
def hubspot_twin() -> Iterator[Twin]:
    hubspot = HubSpot(Portal())
    with SandboxServer(hubspot) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        connector = registry.connect(name="hubspot", base_url=server.url, token=DEFAULT_TOKEN)
        assert connector.preflight(fields=[row.remote for row in connector.mapping]) == []
        yield Twin(
            url=server.url,
            token=DEFAULT_TOKEN,
            connector=connector,
            count=lambda: len(hubspot.portal.shelf.contacts),
            writes=lambda: sum(contact.writes for contact in hubspot.portal.shelf.contacts.values()),
            fault=hubspot.faults.add,
        )
        http.close_all()
        server.shutdown()
        thread.join()


@pytest.fixture(params=sorted(registry.CONNECTORS))
def twin(request: pytest.FixtureRequest) -> Twin:
    found: Twin = request.getfixturevalue(f"{request.param}_twin")
    return found
