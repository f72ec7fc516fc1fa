"""Faults on demand: what the portal does wrong when it is told to, each bounded by a count or until cleared."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["throttle", "error", "drop", "slow", "unauthorised"]


@dataclass(kw_only=True)
class Fault:
    """One way to fail. `count` None lasts until cleared; `path` and `body` limit it to requests with that text."""

    kind: Kind
    count: int | None = None
    path: str = ""
    body: str = ""
    status: int = 500  # error
    retry_after: int = 1  # throttle: seconds
    policy: str = "TEN_SECONDLY_ROLLING"  # throttle
    seconds: float = 0.0  # slow
    committed: bool = True  # drop: the work is done before the line goes


class Faults:
    """The faults that are set, first in, first used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[Fault] = []

    def add(self, wanted: Mapping[str, Any]) -> None:
        """Set a fault; raises ValueError in words when it makes no sense."""
        if wanted.get("kind") not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}")
        try:
            fault = Fault(**wanted)
        except TypeError as wrong:
            raise ValueError(f"a fault has no such option: {wrong}") from wrong
        with self._lock:
            self._set.append(fault)

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._set.clear()

    def take(self, path: str, body: bytes) -> Fault | None:
        """Use up one turn of the first fault that is meant for this request."""
        with self._lock:
            for fault in self._set:
                if fault.path in path and fault.body.encode() in body:
                    self._use(fault)
                    return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.count is None:
            return
        fault.count -= 1
        if fault.count <= 0:
            self._set.remove(fault)

    def listed(self) -> list[dict[str, Any]]:
        """Show what is set."""
        with self._lock:
            return [vars(fault) | {} for fault in self._set]
