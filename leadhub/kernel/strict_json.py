"""JSON that means one thing: UTF-8, bounded depth, no duplicate keys, no NaN, no NUL, no lone surrogates (pure)."""

import json
import math
import re
from collections.abc import Iterable
from typing import NoReturn

LARGEST = 2**63  # what a database column keeps
_DIGITS = 20
# An unclosed string matches to the end (possessively), so that hostile quotes cost one pass and not a square of it.
_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NotJson(ValueError):
    """Say why the bytes are refused: `code` for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def loads(raw: bytes, *, max_depth: int = 32) -> object:
    """Parse the bytes, or raise NotJson."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise NotJson("not_utf8", "The text is not UTF-8.") from wrong
    _measure(text, max_depth)
    try:
        found: object = json.loads(
            text,
            object_pairs_hook=_without_twins,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
            parse_float=_finite_float,
        )
    except json.JSONDecodeError as wrong:
        raise NotJson("not_json", f"This is not JSON: {wrong.msg} at character {wrong.pos}.") from wrong
    _walk(found)
    return found


def _measure(text: str, max_depth: int) -> None:
    """Count brackets outside strings before parsing: deep nesting would exhaust the parser's stack."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    for found in _BRACKET_OR_STRING.finditer(text):
        sign = found.group()
        if sign in "[{":
            depth += 1
            if depth > max_depth:
                raise NotJson("json_too_deep", f"The JSON is nested deeper than {max_depth} levels.")
        elif sign in "]}":
            depth -= 1


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("duplicate_key", "A key occurs twice in one object.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise NotJson("not_json", f"{name} is not JSON.")


def _bounded_int(digits: str) -> int:
    if len(digits) > _DIGITS or not -LARGEST <= int(digits) < LARGEST:
        raise NotJson("number_too_large", "An integer is larger than 64 bits.")
    return int(digits)


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJson("number_too_large", "A number is larger than a float can hold.")
    return number


def _walk(found: object) -> None:
    if isinstance(found, str):
        _check_text(found)
    elif isinstance(found, dict):
        _walk_all([*found.keys(), *found.values()])
    elif isinstance(found, list):
        _walk_all(found)


def _walk_all(items: Iterable[object]) -> None:
    for item in items:
        _walk(item)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise NotJson("nul", "A text holds a NUL character.")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise NotJson("lone_surrogate", "A text holds half of a character.")
