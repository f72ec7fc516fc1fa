"""The one door through which tracked models are written in bulk: rows and their history in one transaction.

django-simple-history sees neither `update()` nor bulk upserts, so this writes the history rows itself, each with the
signal, actor and trace that caused it. Every other bulk write on a tracked model is a lint error
(tests/house/test_history_lint.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction
from simple_history.models import HistoricalRecords

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a row changed: the signal that brought it, or the person who asked, and the trace of the request."""

    actor: str
    reason: str = ""
    signal_id: UUID | None = None
    trace: str = ""


class CausedHistory(models.Model):
    """Columns every history row of a tracked model carries."""

    actor = models.CharField(max_length=100, blank=True)
    signal_id = models.UUIDField(null=True, blank=True)
    trace = models.CharField(max_length=55, blank=True)

    class Meta:
        abstract = True


def track(**options: Any) -> HistoricalRecords:
    """Make the history manager for a tracked model."""
    return HistoricalRecords(bases=[CausedHistory], **options)


def write(rows: Sequence[Row], *, causes: Mapping[Any, Cause], new: frozenset[Any], now: datetime) -> None:
    """Upsert tracked rows with their history, in two statements.

    In: unsaved or changed rows of one model, the cause per primary key (a row without one changed nothing that history
    tracks), the keys that are new, the time. Runs in the caller's transaction, or its own.
    """
    if not rows:
        return
    model = type(rows[0])
    fields = [f.name for f in model._meta.concrete_fields if not f.primary_key]
    with transaction.atomic():
        model._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=[_key_name(model)], update_fields=fields
        )
        history = model.history.model  # type: ignore[attr-defined]
        history.objects.bulk_create(
            [_version(history, row, causes[row.pk], row.pk in new, now) for row in rows if row.pk in causes]
        )


def _key_name(model: type[models.Model]) -> str:
    key = model._meta.pk
    assert key is not None  # noqa: S101 - every saved model has one
    return key.name


def _version(history: Any, row: models.Model, cause: Cause, is_new: bool, now: datetime) -> Any:
    tracked = {field.attname: getattr(row, field.attname) for field in history.tracked_fields}
    return history(
        **tracked,
        history_date=now,
        history_type="+" if is_new else "~",
        history_change_reason=cause.reason[:100] or None,
        actor=cause.actor[:100],
        signal_id=cause.signal_id,
        trace=cause.trace,
    )
