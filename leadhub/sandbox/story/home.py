"""Where the demo lives: a folder, a port and secrets of its own. Runs before the settings are read: no Django here."""

import argparse
import fcntl
import os
import shutil
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

from leadhub import keyfile

PORT = 8000
LOOPBACK = "127.0.0.1"
TEMPORARY = "leadhub-demo-"
MARK = ".leadhub-demo"  # only a folder that carries it is ever emptied
KEPT = frozenset({MARK, "keys.json"})  # what an earlier demo sealed in a database of its own stays readable
HOME, FIXED = "LEADHUB_DEMO_HOME", "LEADHUB_DEMO_PORT"
_locks: list[int] = []  # held until this process ends


def enter(arguments: Sequence[str]) -> None:
    """Choose folder and port, empty the folder, and point the settings at them."""
    base = Path(__file__).resolve().parents[3] / ".leadhub"
    folder = _take(Path(os.environ.get("LEADHUB_HOME") or base) / "demo")
    if folder is None:  # another user's clone, or another demo is still up
        folder = _take(Path(tempfile.mkdtemp(prefix=TEMPORARY)) / "demo")
    if folder is None:
        raise SystemExit("The demo needs a folder it may write: set LEADHUB_HOME to one.")
    port = free_port(_wanted_port(arguments))
    os.environ |= {
        HOME: str(folder),
        FIXED: str(port),
        "LEADHUB_HOME": str(folder),
        "LEADHUB_PUBLIC_URL": f"http://{LOOPBACK}:{port}",
        "LEADHUB_ALLOWED_HOSTS": f"{LOOPBACK},localhost",
    }
    made = keyfile.load_or_make(folder)
    os.environ.setdefault("LEADHUB_SECRET_KEY", made["secret_key"])
    os.environ.setdefault("LEADHUB_KEYS", made["keys"])
    os.environ.setdefault("LEADHUB_PEPPER", made["pepper"])


def leave() -> None:
    """Remove a temporary folder; the usual one stays to be looked at, until the next demo."""
    parent = Path(os.environ[HOME]).parent
    if parent.name.startswith(TEMPORARY):
        shutil.rmtree(parent, ignore_errors=True)


def free_port(wanted: int = 0) -> int:
    """Give the wanted port if it is free, else another one that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("No port is free on this machine.")


def _wanted_port(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--port", type=int, default=PORT)
    try:
        return int(parser.parse_known_args(list(arguments))[0].port)
    except (SystemExit, argparse.ArgumentError):  # the command itself explains what is wrong with it
        return PORT


def _take(folder: Path) -> Path | None:
    """Empty the folder and hold it; None when it is not ours to use."""
    try:
        for one in (folder.parent, folder):  # `parents=True` would leave the parent open to everybody
            one.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / MARK, os.O_RDWR | (0 if any(folder.iterdir()) else os.O_CREAT), 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _empty(folder)
    except OSError:
        os.close(lock)
        return None
    _locks.append(lock)
    return folder


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name in KEPT:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
