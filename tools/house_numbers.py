"""Hold the house numbers: sizes, keyword-only services, reasons beside exceptions, names that say something.

Run: python -m tools.house_numbers
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator

from tools.sources import AROUND, OURS, Source, sources

LONGEST_FILE, LONGEST_CLASS, LONGEST_FUNCTION = 400, 200, 60
MOST_BROAD_EXCEPTS = 3
# Django must be set up before these import our models; nobody else has a reason.
MAY_IMPORT_INSIDE = {"leadhub/apps.py", "leadhub/celery.py", "leadhub/wsgi.py"}
EMPTY_WORDS = re.compile(r"(Manager|Handler|Processor|Helper|Utils?|Data|Info)$")
MAY_SAY_HANDLER = {"CaptureHandler"}  # it is one of Django's WSGI handlers
PUBLIC_SERVICES = ("services.py",)
NEEDS_A_REASON = re.compile(r"#\s*noqa:\s*(?:\w+,\s*)*(BLE001|PLC0415)\b(?!.*\s-\s\S)")
BROAD = re.compile(r"^\s*except (Base)?Exception\b", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def complaints(source: Source) -> Iterator[str]:
    """Find what breaks a house rule in one file, each with its place."""
    yield from _sizes(source)
    yield from _reasons(source)
    if not source.name.startswith("tests/"):
        yield from _names(source)
        yield from _imports_inside(source)
    if source.path.name in PUBLIC_SERVICES and source.name.startswith(OURS):
        yield from _positional_services(source)


def _sizes(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > LONGEST_FILE:
        yield f"{source.name}: {lines} lines; a file has at most {LONGEST_FILE}: split it by what it decides."
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and _length(node) > LONGEST_CLASS:
            yield f"{_place(source, node)}: class {node.name} has {_length(node)} lines; the most is {LONGEST_CLASS}."
        if isinstance(node, Function) and _length(node) > LONGEST_FUNCTION:
            yield f"{_place(source, node)}: {node.name} has {_length(node)} lines; the most is {LONGEST_FUNCTION}."


def _reasons(source: Source) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and (found := NEEDS_A_REASON.search(token.string)):
            place = f"{source.name}:{token.start[0]}"
            yield f"{place}: {found[1]} is silenced without a reason: write `# noqa: {found[1]} - why`."


def _names(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and EMPTY_WORDS.search(node.name) and node.name not in MAY_SAY_HANDLER:
            yield f"{_place(source, node)}: {node.name} does not say what it is: find the sales desk's noun."


def _imports_inside(source: Source) -> Iterator[str]:
    if source.name in MAY_IMPORT_INSIDE:
        return
    for function in (node for node in ast.walk(source.tree) if isinstance(node, Function)):
        for node in ast.walk(function):
            if any(module.split(".")[0] in OURS for module in _imported(node)):
                yield f"{_place(source, node)}: {function.name} imports our own code inside: move it to the top."


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def _positional_services(source: Source) -> Iterator[str]:
    for node in source.tree.body:
        if isinstance(node, Function) and not node.name.startswith("_") and (node.args.args or node.args.posonlyargs):
            yield f"{_place(source, node)}: {node.name} takes positional arguments: services are keyword-only."


def _broad_excepts(all_sources: list[Source]) -> Iterator[str]:
    places = [
        f"{s.name}:{s.text[: found.start()].count(chr(10)) + 1}"
        for s in all_sources
        if s.name.startswith(OURS)
        for found in BROAD.finditer(s.text)
    ]
    if len(places) > MOST_BROAD_EXCEPTS:
        yield f"{len(places)} broad excepts, the most is {MOST_BROAD_EXCEPTS}: {', '.join(places)}"


def _length(node: ast.ClassDef | Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _place(source: Source, node: ast.AST) -> str:
    return f"{source.name}:{getattr(node, 'lineno', 0)}"


def main() -> int:
    """Print every complaint; give 1 when there is one."""
    found = list(sources(packages=OURS + AROUND))
    all_complaints = [line for source in found for line in complaints(source)] + list(_broad_excepts(found))
    print("\n".join(all_complaints) or f"House numbers hold in {len(found)} files.")
    return bool(all_complaints)


if __name__ == "__main__":
    sys.exit(main())
