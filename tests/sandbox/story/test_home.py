"""The demo empties only a folder of its own, and finds a free port."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from leadhub.sandbox.story import home


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (home.HOME, home.FIXED, "LEADHUB_PUBLIC_URL", "LEADHUB_ALLOWED_HOSTS"):
        monkeypatch.setenv(name, "")
    for name in ("LEADHUB_SECRET_KEY", "LEADHUB_KEYS", "LEADHUB_PEPPER"):
        monkeypatch.setenv(name, "given")
    monkeypatch.setenv("LEADHUB_HOME", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def release() -> None:
    while home._locks:
        os.close(home._locks.pop())


def test_what_an_earlier_demo_left_is_removed_but_its_keys_stay(tmp_path: Path) -> None:
    home.enter([])
    left, keys = tmp_path / "demo" / "leadhub.sqlite3", (tmp_path / "demo" / "keys.json").read_text()
    left.write_text("old")
    (tmp_path / "demo" / "logs").mkdir()
    release()
    os.environ["LEADHUB_HOME"] = str(tmp_path)
    home.enter([])
    release()
    assert not left.exists()
    assert not (tmp_path / "demo" / "logs").exists()
    assert (tmp_path / "demo" / "keys.json").read_text() == keys


def test_a_folder_that_is_not_a_demos_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "demo" / "precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    home.enter([])
    release()
    assert precious.read_text() == "mine"
    assert Path(os.environ[home.HOME]).parent.name.startswith(home.TEMPORARY)
    home.leave()
    assert not Path(os.environ[home.HOME]).exists()
    assert precious.exists()


def test_a_second_demo_does_not_touch_the_first(tmp_path: Path) -> None:
    home.enter([])
    first = os.environ[home.HOME]
    os.environ["LEADHUB_HOME"] = str(tmp_path)
    home.enter([])
    release()
    assert os.environ[home.HOME] != first


def test_another_port_is_taken_when_the_wanted_one_is_not_free() -> None:
    with socket.socket() as busy:
        busy.bind((home.LOOPBACK, 0))
        busy.listen()
        taken = busy.getsockname()[1]
        home.enter(["--once", "--port", str(taken)])
        release()
        assert int(os.environ[home.FIXED]) not in (0, taken)
    assert os.environ["LEADHUB_PUBLIC_URL"].endswith(os.environ[home.FIXED])
