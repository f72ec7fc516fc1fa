"""Forbid writes that django-simple-history cannot see on tracked models, outside leadhub/kernel/history.py.

A tracked model is a class with `history = history.track(…)`. Forbidden on it: `update`, `bulk_create`,
`bulk_update` and raw SQL that writes its table. Run: python -m tools.history_lint
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator

from tools.sources import OURS, Source, sources

THE_DOOR = "leadhub/kernel/history.py"
BLIND = {"update", "aupdate", "bulk_create", "abulk_create", "bulk_update", "abulk_update"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def tracked_models(found: Iterable[Source]) -> dict[str, str]:
    """Find the tracked models: class name → table name."""
    return {
        node.name: f"{source.path.parent.name}_{node.name.lower()}"
        for source in found
        if source.path.name == "models.py"
        for node in source.tree.body
        if isinstance(node, ast.ClassDef) and any(_tracks(statement) for statement in node.body)
    }


def _tracks(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Call)
        and ast.unparse(statement.value.func) in ("history.track", "HistoricalRecords", "track")
    )


def complaints(source: Source, models: dict[str, str]) -> Iterator[str]:
    """Find blind writes in one file."""
    if source.name == THE_DOOR:
        return
    for scope in [source.tree, *(n for n in ast.walk(source.tree) if isinstance(n, Function))]:
        names = set(models) | _rows_of(scope, set(models))
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BLIND:
                model = _stem(node.func.value, names)
                if model:
                    yield f"{source.name}:{node.lineno}: {node.func.attr}() on {model} leaves no history: {_ADVICE}"
    yield from _raw_sql(source, models)


_ADVICE = "write through leadhub.kernel.history.write, or save() one row."


def _rows_of(scope: ast.AST, models: set[str]) -> set[str]:
    """Name the variables of a scope that were assigned from a tracked model's query."""
    return {
        target.id
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and _stem(node.value, models)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _stem(node: ast.AST, names: set[str]) -> str:
    """Follow `Lead.objects.filter(…).order_by(…)` back to `Lead`; a related query such as `lead.x` is not it."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(node, ast.Attribute) and node.attr in names:
            return node.attr
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) and node.id in names else ""


def _raw_sql(source: Source, models: dict[str, str]) -> Iterator[str]:
    tables = "|".join(map(re.escape, models.values()))
    writes = re.compile(rf"\b(update|insert\s+into)\s+\"?({tables})\b", re.IGNORECASE)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (found := writes.search(node.value)):
            yield f"{source.name}:{node.lineno}: SQL writes {found[2]} without history: {_ADVICE}"


def main() -> int:
    """Print every blind write; give 1 when there is one."""
    found = list(sources(packages=OURS))
    models = tracked_models(found)
    if not models:
        print("No tracked model found: the lint looks in the wrong place.")
        return 1
    all_complaints = sorted({line for source in found for line in complaints(source, models)})
    print("\n".join(all_complaints) or f"Nothing writes around the history of {', '.join(sorted(models))}.")
    return bool(all_complaints)


if __name__ == "__main__":
    sys.exit(main())
