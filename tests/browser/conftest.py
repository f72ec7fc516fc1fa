"""A real server with a real house behind it, and a real browser in front of it."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
TRIES = 100
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-default-apps", "--disable-sync", "--no-first-run",
]  # fmt: skip


@dataclass(frozen=True)
class House:
    """Where the server is, how to get in, and where pictures go."""

    address: str
    password: str
    pictures: Path


@dataclass
class Visit:
    """One visit in a browser, and what went wrong in it."""

    page: Page
    house: House
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str, *, name: str = "") -> None:
        """Open a page, and take a picture of it."""
        self.page.goto(self.house.address + path, wait_until="networkidle")
        self.picture(name or path)

    def picture(self, name: str) -> None:
        """Keep a picture of the page as it is."""
        file = self.house.pictures / f"{name.strip('/').replace('/', '-')}.png"
        self.page.screenshot(path=file, full_page=True)

    def heard(self, message: ConsoleMessage) -> None:
        """Note what the console complains about."""
        if message.type == "error":
            self.wrong.append(f"console at {self.page.url}: {message.text}")

    def answered(self, response: Response) -> None:
        """Note every answer that is not fine."""
        if response.status >= 400:
            self.wrong.append(f"{response.status} {response.url}")

    def asked(self, request: Request) -> None:
        """Note what leaves the house."""
        if urlsplit(request.url).scheme in ("http", "https") and not request.url.startswith(self.house.address):
            self.wrong.append(f"left the house: {request.url}")


def _environment(home: Path, password: str) -> dict[str, str]:
    ours = ("LEADHUB_", "DATABASE_", "REDIS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"LEADHUB_HOME": str(home), "LEADHUB_WAKE": "false", "BROWSER_PASSWORD": password}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(TRIES):
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                break
            try:
                server.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
    raise AssertionError("the server did not come up")


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Furnish a fresh house and start Granian on it."""
    home, password = tmp_path_factory.mktemp("house"), secrets.token_urlsafe(12)
    pictures = Path(os.environ.get("BROWSER_PICTURES") or tmp_path_factory.mktemp("pictures"))
    environment = _environment(home, password)
    subprocess.run([sys.executable, "-m", "tests.browser.furnish"], cwd=ROOT, env=environment, check=True)
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "leadhub.wsgi:application", "--workers", "1"]
    command += ["--blocking-threads", "1", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait_for(f"http://127.0.0.1:{port}", server)
        yield House(f"http://127.0.0.1:{port}", password, pictures)
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "No Chromium here: install it (Debian: apt-get install chromium), or name it chromium on the PATH."
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=FLAGS)


@pytest.fixture
def visit(house: House, browser: Browser) -> Iterator[Visit]:
    """Log in, and at the end hold the visit to nothing having gone wrong."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(10_000)  # milliseconds
    seen = Visit(page, house)
    page.on("console", seen.heard)
    page.on("response", seen.answered)
    page.on("request", seen.asked)
    page.on("pageerror", lambda error: seen.wrong.append(f"script at {page.url}: {error}"))
    seen.open("/admin/login/")
    page.fill("input[name=username]", "boss")
    page.fill("input[name=password]", house.password)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
    yield seen
    page.close()
    assert seen.wrong == []
