"""The processes of the demo: start them, see that they stay up, end them."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType

import httpx2

ROOT = Path(__file__).resolve().parents[3]
START_WITHIN = 60.0  # seconds; a cold start on a busy machine takes some
END_WITHIN = 10.0


class Broken(Exception):
    """A process is not what it should be; the sentence says which log to read."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One process and the file it writes to."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path


class Crew:
    """All processes of one demo. Leaving the block ends them, the last one first."""

    def __init__(self, *, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.logs = logs
        self._members: list[Member] = []

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in reversed(self._members):
            _end(member.process)

    def start(self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        """Start `python -m …` with a log of its own."""
        log = self.logs / f"{name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the demo, which ends the others in order
            )
        self._members.append(Member(name=name, process=process, log=log))

    def wait_for(self, name: str, url: str) -> None:
        """Wait until a process answers. Raises Broken when it does not."""
        enough = monotonic() + START_WITHIN
        with httpx2.Client(trust_env=False, timeout=2.0) as client:
            while monotonic() < enough:
                self.check()
                try:
                    if client.get(url).is_success:
                        return
                except httpx2.TransportError:
                    pass
                sleep(0.05)
        raise Broken(f"{name} did not answer within {START_WITHIN:.0f} s; read {self.logs / name}.log")

    def check(self) -> None:
        """Raise Broken when a process has ended."""
        for member in self._members:
            code = member.process.poll()
            if code is not None:
                raise Broken(f"{member.name} ended with code {code}:\n{_tail(member.log)}\nAll of it: {member.log}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(END_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-8:])
