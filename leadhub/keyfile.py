"""Secrets of the embedded default: made once, kept in a file only its owner may read."""

import base64
import binascii
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def load_or_make(home: Path) -> Mapping[str, str]:
    """Read `keys.json` in the home folder, or make it with fresh secrets."""
    path = home / "keys.json"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _write_once(path, json.dumps(_fresh()))
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _fresh() -> dict[str, str]:
    return {
        "secret_key": secrets.token_urlsafe(50),
        "pepper": secrets.token_urlsafe(32),
        "keys": "dev1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    }


def _write_once(path: Path, text: str) -> None:
    # Two processes may start at once: write aside, then link, so that the first one wins and both read the same.
    aside = path.with_suffix(f".{os.getpid()}")
    aside.touch(mode=0o600)
    aside.write_text(text)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()


def parse_ring(text: str) -> dict[str, bytes]:
    """Read `id:base64,id:base64`; the first key seals. What cannot be read is left out, and leadhub.checks says so."""
    ring: dict[str, bytes] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key_id, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        if key_id and len(key) == 32:
            ring[key_id] = key
    return ring
