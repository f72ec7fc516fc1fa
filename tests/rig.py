"""LeadHub as it runs in production, on this machine: real PostgreSQL and Redis, web, workers and a CRM, each a process.

For drills, benchmarks and tests that need processes. Every process leads a group of its own, so that a kill takes its
children too, and all of them end with the rig.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import django
import httpx2

from tests import services

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
CRM_TOKEN = "pat-rig"
PATIENCE = 60.0  # seconds to wait for a process before giving up


def free_port() -> int:
    """Find a port nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def until(true: Callable[[], object], *, what: str, seconds: float = PATIENCE, every: float = 0.05) -> None:
    """Wait until something is true. Raises TimeoutError naming what was waited for."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(every)


@dataclass
class Rig:
    """Everything LeadHub needs. Use it as a context; `django_here` makes this process part of it."""

    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    web_workers: int = 2
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    starts: dict[str, list[str]] = field(default_factory=dict)

    def __enter__(self) -> "Rig":
        self.database_url = services.start_postgres(fast=not self.durable)
        self.redis_url = services.start_redis()
        self.web_port, self.crm_port = free_port(), free_port()
        self.env = services.clean(os.environ) | services.environment(
            database_url=self.database_url, redis_url=self.redis_url
        )
        self.env |= {
            "LEADHUB_PUBLIC_URL": self.web_url,
            "LEADHUB_RATE": "1000000",
            "LEADHUB_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "leadhub.settings",
            **self.settings,
        }
        self.home = Path(self.env["LEADHUB_HOME"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self.processes):
            self.kill(name)
        services.stop(self.database_url)
        services.stop(self.redis_url)

    @property
    def web_url(self) -> str:
        """Give the web process's address."""
        return f"http://{HOST}:{self.web_port}"

    @property
    def crm_url(self) -> str:
        """Give the CRM simulator's address."""
        return f"http://{HOST}:{self.crm_port}"

    def django_here(self) -> None:
        """Set Django up in this process on the rig's servers, and migrate. The waker stays off here."""
        os.environ.update(self.env | {"LEADHUB_WAKE": "false"})
        django.setup()
        self.manage("migrate", "--verbosity", "0")

    def manage(self, *arguments: str) -> str:
        """Run a management command in a process of its own and give what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)}: {done.stderr[-2000:]}{done.stdout[-2000:]}")
        return done.stdout

    def start(self, name: str, command: list[str]) -> None:
        """Start a process under a name; its log goes to a file of that name."""
        self.starts[name] = command
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def start_web(self) -> None:
        """Start the web process and wait for it."""
        self.start(
            "web",
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "leadhub.wsgi:application", "--host", HOST,
                "--port", str(self.web_port), "--workers", str(self.web_workers), "--blocking-threads", "1",
                "--log-level", "warning",
            ],
        )  # fmt: skip
        until(lambda: self.answers(f"{self.web_url}/healthz"), what="the web process")

    def start_worker(self, name: str = "worker", *, processes: int = 2) -> None:
        """Start a Celery worker; what it is given waits in the tables until it is up."""
        self.start(
            name,
            [
                sys.executable, "-m", "celery", "-A", "leadhub.celery", "worker", "-Q", "pipeline",
                "-c", str(processes), "--loglevel", "warning", "--hostname", f"{name}@%h",
                "--without-gossip", "--without-mingle", "--without-heartbeat",
            ],
        )  # fmt: skip

    def start_crm(self) -> None:
        """Start the HubSpot simulator, with a store that outlives a kill."""
        self.start(
            "crm",
            [
                sys.executable, "-m", "leadhub.sandbox.hubspot", "--port", str(self.crm_port), "--token", CRM_TOKEN,
                "--store", str(self.home / "crm.store"),
            ],
        )  # fmt: skip
        until(lambda: self.answers(f"{self.crm_url}/__sandbox__/faults"), what="the CRM simulator")

    def connect_crm(self) -> None:
        """Make the connection to the simulator."""
        self.manage("connection", "add", "hubspot", "--slug", "hubspot", "--url", self.crm_url, "--token", CRM_TOKEN)

    def answers(self, url: str) -> bool:
        """Tell whether something answers there with success."""
        try:
            return httpx2.get(url, timeout=2.0, trust_env=False).is_success
        except httpx2.TransportError:
            return False

    def crm_stats(self, *, records: bool = False) -> dict[str, object]:
        """Ask the simulator what really happened."""
        url = f"{self.crm_url}/__sandbox__/stats" + ("?records=1" if records else "")
        found: dict[str, object] = httpx2.get(url, timeout=30.0, trust_env=False).json()
        return found

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill a process with all its children."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        process.wait()

    def restart(self, name: str) -> None:
        """Start a killed process again, as it was."""
        self.start(name, self.starts[name])

    def log(self, name: str) -> str:
        """Give a process's log."""
        return (self.home / f"{name}.log").read_text(errors="replace")


@contextmanager
def whole(
    *, durable: bool = True, workers: int = 1, processes: int = 2, settings: Mapping[str, str] | None = None
) -> Iterator[Rig]:
    """Give a rig with everything running: web, workers, CRM, connection, and Django set up in this process."""
    with Rig(durable=durable, settings=settings or {}) as rig:
        rig.django_here()
        rig.start_crm()
        rig.connect_crm()
        rig.start_web()
        for number in range(workers):
            rig.start_worker(f"worker{number}", processes=processes)
        yield rig
