"""The simulator as a process of its own, as the drills run it."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

TOKEN = "pat-test"
CONTACTS = "/crm/v3/objects/contacts"
KEY = {
    "name": "leadhub_id",
    "label": "LeadHub ID",
    "groupName": "contactinformation",
    "type": "string",
    "fieldType": "text",
    "hasUniqueValue": True,
}


@dataclass
class Simulator:
    """One simulator process; `start` again after `kill` to see what it kept."""

    store: Path
    process: "subprocess.Popen[str] | None" = None
    url: str = ""
    client: httpx2.Client = field(default_factory=lambda: httpx2.Client(trust_env=False, timeout=10))

    def start(self) -> None:
        command = [sys.executable, "-m", "leadhub.sandbox.hubspot", "--port", "0", "--token", TOKEN]
        self.process = subprocess.Popen(
            [*command, "--store", str(self.store)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def call(self, method: str, path: str, content: Any = None, token: str = TOKEN) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token}"}
        return self.client.request(method, self.url + path, json=content, headers=headers)

    def upsert(self, *people: tuple[str, dict[str, str]]) -> httpx2.Response:
        inputs = [
            {"idProperty": "leadhub_id", "id": key, "objectWriteTraceId": f"{key}:1", "properties": properties}
            for key, properties in people
        ]
        return self.call("POST", f"{CONTACTS}/batch/upsert", {"inputs": inputs})

    def control(self, verb: str, **content: Any) -> Any:
        return self.call("POST", f"/__sandbox__/{verb}", content).json()

    def stats(self, *, records: bool = False) -> Any:
        return self.call("GET", "/__sandbox__/stats" + ("?records=1" if records else "")).json()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    simulator = Simulator(store=tmp_path_factory.mktemp("hubspot") / "journal")
    simulator.start()
    yield simulator
    simulator.client.close()
    simulator.kill()


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.control("reset")
    assert running.call("POST", "/crm/v3/properties/contacts", KEY).status_code == 201
    return running
