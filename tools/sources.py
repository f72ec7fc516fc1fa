"""Find and parse the Python files of the project."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = ("leadhub", "capture", "identity", "routing", "crm_sync")
AROUND = ("tests", "tools")


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path
    root: Path = ROOT

    @property
    def name(self) -> str:
        """Give its path inside the project."""
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def text(self) -> str:
        """Read it."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Parse it."""
        return ast.parse(self.text, filename=self.name)


def sources(*, packages: tuple[str, ...], root: Path = ROOT) -> Iterator[Source]:
    """Walk the Python files of these packages, migrations written by makemigrations left out."""
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            if "migrations" not in path.parts and "__pycache__" not in path.parts:
                yield Source(path, root)
