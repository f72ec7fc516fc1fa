"""The lint of the house sees what it forbids."""

from pathlib import Path

import pytest

from tools import house_numbers
from tools.sources import Source


def found_in(text: str, folder: Path, name: str = "identity/services.py") -> list[str]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return list(house_numbers.complaints(Source(path, folder)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\n" * 401, "401 lines"),
        ("def f():\n" + "    x = 1\n" * 60, "f has 61 lines"),
        ("class C:\n" + "    x = 1\n" * 200, "class C has 201 lines"),
        ("def merge(keep): ...\n", "keyword-only"),
        ("def merge(keep, /): ...\n", "keyword-only"),
        ("class LeadManager: ...\n", "LeadManager"),
        ("def f():\n    from capture import models\n", "imports our own code inside"),
        ("try: ...\nexcept Exception:  # noqa: BLE001\n    ...\n", "without a reason"),
    ],
    ids=lambda value: value[:20] if value.isprintable() else None,
)
def test_what_breaks_a_rule_is_named(text: str, says: str, tmp_path: Path) -> None:
    assert says in "\n".join(found_in(text, tmp_path))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def merge(*, keep): ...\ndef _fold(a, b): ...\n", "identity/services.py"),
        ("def fold(a, b): ...\n", "identity/survivorship.py"),
        ("def f():\n    from leadhub import checks\n", "leadhub/celery.py"),
        ("def f():\n    import json\n", "identity/keys.py"),
        ("import x  # noqa: PLC0415 - Django is set up only now\n", "identity/keys.py"),
    ],
)
def test_what_keeps_the_rules_is_left_alone(text: str, name: str, tmp_path: Path) -> None:
    assert found_in(text, tmp_path, name) == []


def test_a_fourth_broad_except_is_one_too_many(tmp_path: Path) -> None:
    path = tmp_path / "identity" / "keys.py"
    path.parent.mkdir()
    path.write_text("try: ...\nexcept Exception: ...\n" * 3)
    assert list(house_numbers._broad_excepts([Source(path, tmp_path)])) == []
    path.write_text("try: ...\nexcept Exception: ...\n" * 4)
    assert "4 broad excepts" in next(iter(house_numbers._broad_excepts([Source(path, tmp_path)])))
