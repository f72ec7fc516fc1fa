"""The demo, as a stranger runs it: its own processes, its own folder, every outcome checked by itself."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadhub.sandbox.story import home
from leadhub.settings import BASE_DIR

PATIENCE = 240  # seconds


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    servers = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    env = {name: value for name, value in os.environ.items() if not name.startswith("LEADHUB_")}
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(home.free_port()), *arguments],
        cwd=BASE_DIR,
        env=env | servers | {"LEADHUB_HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    with start(tmp_path_factory.mktemp("demo"), "--once") as demo:
        said, _ = demo.communicate(timeout=PATIENCE)
    return demo.returncode, said


def test_three_hundred_deliveries_come_out_as_the_script_says(shown: tuple[int, str]) -> None:
    code, said = shown
    assert code == 0, said
    assert "300 deliveries by" in said
    assert "WRONG" not in said
    assert re.search(r"merges +\d+ +\d+  ok", said)
    assert re.search(r"p50 \d", said)


def test_the_quarantine_says_why_in_sentences(shown: tuple[int, str]) -> None:
    reasons = re.findall(r"\d+ × (.+)", shown[1])
    assert any(reason.startswith("Looks like a bot") for reason in reasons)
    assert any("not JSON" in reason for reason in reasons)


@pytest.fixture
def running(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    with start(tmp_path, "--deliveries", "0") as demo:
        yield demo
        demo.kill()


def test_it_stays_up_until_it_is_told_to_end(running: "subprocess.Popen[str]") -> None:
    assert running.stdout is not None
    said: list[str] = []
    for line in running.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    assert any("/admin/" in line and "password" in line for line in said), said
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=PATIENCE)
    assert (running.returncode, rest.strip()) == (0, "Ending.")
