"""Nothing writes a tracked model around its history, and the lint would see it."""

from pathlib import Path

import pytest

from tools import history_lint
from tools.sources import OURS, Source, sources

MODELS = {"Lead": "identity_lead", "Source": "capture_source"}


def found_in(text: str, folder: Path, name: str = "identity/services.py") -> list[str]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return list(history_lint.complaints(Source(path, folder), MODELS))


def test_the_tracked_models_are_found_in_the_source() -> None:
    models = history_lint.tracked_models(sources(packages=OURS))
    assert models.items() >= MODELS.items()


def test_the_project_writes_no_tracked_model_around_its_history() -> None:
    assert [line for source in sources(packages=OURS) for line in history_lint.complaints(source, MODELS)] == []


@pytest.mark.parametrize(
    "write",
    [
        "Lead.objects.filter(pk=1).update(email='')",
        "models.Lead.objects.bulk_create(rows)",
        "Source._default_manager.exclude(x=1).order_by('y').bulk_update(rows, ['x'])",
        "rows = Lead.objects.select_for_update()\nrows.filter(pk=1).update(email='')",
        "def f():\n    mine = Source.objects.all()\n    return mine.update(enabled=False)",
        "cursor.execute('UPDATE identity_lead SET email = NULL')",
        "cursor.execute('insert into capture_source (slug) values (1)')",
    ],
)
def test_a_write_without_history_is_seen(write: str, tmp_path: Path) -> None:
    assert found_in(write, tmp_path)


@pytest.mark.parametrize(
    "write",
    [
        "history.write([lead], causes={}, new=frozenset(), now=now)",
        "lead.save()",
        "Work.objects.filter(pk=1).update(token=0)",
        "Lead.objects.get(pk=1).merged_by.count()",
        "digest.update(b'bytes')",
        "cursor.execute('SELECT 1 FROM identity_lead')",
    ],
)
def test_other_code_is_left_alone(write: str, tmp_path: Path) -> None:
    assert found_in(write, tmp_path) == []


def test_the_door_itself_may_write(tmp_path: Path) -> None:
    assert found_in("Lead.objects.bulk_create(rows)", tmp_path, history_lint.THE_DOOR) == []
