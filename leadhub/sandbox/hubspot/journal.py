"""Keep what the portal committed, so that a killed simulator comes back with all it answered for."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """One JSON line per committed request. Without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = -1 if path is None else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def entries(self) -> Iterator[Entry]:
        """Read what was kept; a line torn by a kill was never answered for, and is cut off."""
        if self._path is None:
            return
        good = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                yield json.loads(line)
                good += len(line)
        os.truncate(self._path, good)

    def keep(self, entry: Entry) -> None:
        """Append in one write: it survives SIGKILL of this process (not a power cut, which nobody drills here)."""
        if self._path is not None:
            os.write(self._file, json.dumps(entry, separators=(",", ":")).encode() + b"\n")

    def wipe(self) -> None:
        """Forget everything."""
        if self._path is not None:
            os.truncate(self._path, 0)
