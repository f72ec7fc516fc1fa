"""A real simulator over real HTTP, and leads as identity would leave them."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from crm_sync import connections, services
from crm_sync.models import Connection, RemoteLink
from identity.models import Lead
from leadhub.kernel import clock, http, ids, work
from leadhub.kernel.models import Work
from leadhub.sandbox.hubspot.app import DEFAULT_TOKEN, HubSpot
from leadhub.sandbox.hubspot.portal import Portal
from leadhub.sandbox.server import SandboxServer


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A running simulator, and what a test asks of it."""

    url: str
    hubspot: HubSpot

    @property
    def records(self) -> list[dict[str, Any]]:
        return [contact.kept() for contact in self.hubspot.portal.shelf.contacts.values()]

    def record(self, lead: Lead | UUID) -> dict[str, str]:
        key = str(lead.pk if isinstance(lead, Lead) else lead)
        found = [one["properties"] for one in self.records if one["properties"].get("leadhub_id") == key]
        assert len(found) == 1, f"{len(found)} records for lead {key}"
        return dict(found[0])

    @property
    def calls(self) -> int:
        return sum(self.hubspot.calls.values())

    def called(self, ending: str) -> int:
        return sum(count for name, count in self.hubspot.calls.items() if name.endswith(ending))

    def settled(self) -> bool:
        """Wait until the one request that is under way is done."""
        return any(self.hubspot.calls or threading.Event().wait(0.05) for _ in range(200))

    def fault(self, **wanted: Any) -> None:
        self.hubspot.faults.add(wanted)

    def person(self, **properties: str) -> str:
        """Make a contact the way a salesperson would."""
        return self.hubspot.portal.write_one({"properties": properties}, how="create").contact.id


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    hubspot = HubSpot(Portal())
    with SandboxServer(hubspot) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield Sandbox(url=server.url, hubspot=hubspot)
        http.close_all()
        server.shutdown()
        thread.join()


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.hubspot.reset()
    return running


@pytest.fixture
def hubspot(sandbox: Sandbox, db: None) -> Connection:
    """An enabled connection to the simulator; its own set-up calls are not counted."""
    made = connections.add(kind="hubspot", slug="hub", base_url=sandbox.url, token=DEFAULT_TOKEN, now=clock.now())
    sandbox.hubspot.calls.clear()
    return made


MakeLead = Callable[..., Lead]


@pytest.fixture
def lead(db: None) -> MakeLead:
    return make_lead


def make_lead(**fields: str) -> Lead:
    now = clock.now()
    touch = {"at": "2026-11-20T10:00:00+00:00", "channel": "sms", "source": "shop", "signal": "", "tie": ""}
    made = Lead(id=ids.new(), created_at=now, updated_at=now, first_touch=touch, last_touch=touch)
    write(made, **({"first_name": "Ada", "phone": "+14155550100"} | fields))
    return made


def write(lead: Lead, **fields: str) -> None:
    """Give a lead values, with provenance as survivorship leaves it; an empty one takes a value away."""
    for name, value in fields.items():
        setattr(lead, name, value)
        held = {"value": value, "raw": value, "rank": "", "signal": None, "at": "2026-11-20T10:00:00+00:00"}
        lead.provenance = {**lead.provenance, name: held} if value else _without(lead.provenance, name)
    lead.version += 1
    lead.save()


def _without(held: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {kept: value for kept, value in held.items() if kept != name}


def want(connection: Connection, *leads: Lead | UUID) -> None:
    subjects = [one.pk if isinstance(one, Lead) else one for one in leads]
    work.put(stage=connection.stage, subjects=subjects, now=clock.now())


def push(connection: Connection, *leads: Lead | UUID) -> None:
    """Ask for the work and do it."""
    want(connection, *leads)
    drain(connection)


def drain(connection: Connection) -> None:
    """Work until nothing is due, as sweeps do."""
    for _ in range(20):
        services.drain(connection=connection, size=100)
        if not Work.objects.filter(stage=connection.stage, due_at__lte=clock.now()).exists():
            return


def due_now(connection: Connection) -> None:
    """Let waiting rows be due, as if the time had passed."""
    Work.objects.filter(stage=connection.stage, due_at__isnull=False).update(due_at=clock.now())


def link_of(lead: Lead) -> RemoteLink:
    return RemoteLink.objects.get(lead=lead)
