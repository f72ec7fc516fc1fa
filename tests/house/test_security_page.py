"""The page on security names tests that exist."""

import re

from leadhub.settings import BASE_DIR

PAGE = BASE_DIR / "docs" / "security.md"
NAMED = re.compile(r"\[([^\]]+)\]\(\.\./(tests/[^)]+\.py)\)")


def test_every_test_it_names_is_there() -> None:
    named = [(words, file) for words, file in NAMED.findall(PAGE.read_text()) if not words.startswith("tests/")]
    missing = [
        words
        for words, file in named
        if f"def test_{words.replace(' ', '_')}(" not in (BASE_DIR / file).read_text(encoding="utf-8")
    ]
    assert len(named) > 60
    assert missing == []


def test_no_number_of_the_list_is_left_out() -> None:
    rows = re.findall(r"^\| (\d+)(?:([,–]) ?(\d+))? \|", PAGE.read_text(), re.MULTILINE)
    numbers = {int(n) for first, sign, last in rows for n in ([first, last] if sign == "," else [first])}
    for first, sign, last in rows:
        numbers |= set(range(int(first), int(last) + 1)) if sign == "–" else set()
    assert numbers == set(range(1, 45))
