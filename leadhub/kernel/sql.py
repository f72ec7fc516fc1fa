"""Every statement that differs between SQLite and PostgreSQL, or that the ORM cannot say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg import Cursor

_PUT_ROW = "(%s, %s, %s, 1, 0, 0, 0, %s, %s, NULL, 0, false, '', '', NULL)"
_COLUMNS = (
    "stage, subject, lane, wanted, claimed, attempts, bounced, since, due_at, lease_until, token, orphaned, "
    "reason, detail, quarantined_at"
)
# A leased row or one that backs off keeps its time; a quarantined one (due_at NULL) becomes due.
_ON_CONFLICT = """
ON CONFLICT (stage, subject) DO UPDATE SET
  wanted = kernel_work.wanted + 1,
  lane = CASE WHEN excluded.lane < kernel_work.lane THEN excluded.lane ELSE kernel_work.lane END,
  due_at = CASE
    WHEN kernel_work.due_at IS NULL THEN excluded.due_at
    WHEN kernel_work.lease_until IS NOT NULL OR kernel_work.reason <> '' THEN kernel_work.due_at
    WHEN excluded.due_at < kernel_work.due_at THEN excluded.due_at
    ELSE kernel_work.due_at END,
  attempts = CASE WHEN kernel_work.due_at IS NULL THEN 0 ELSE kernel_work.attempts END,
  reason = CASE WHEN kernel_work.due_at IS NULL THEN '' ELSE kernel_work.reason END,
  quarantined_at = NULL"""


@cache
def put_sql(*, rows: int) -> str:
    """Make the upsert of work for `rows` rows of (stage, subject, lane, since, due_at)."""
    values = ", ".join([_PUT_ROW] * rows)
    return f"INSERT INTO kernel_work ({_COLUMNS}) VALUES {values}{_ON_CONFLICT}"  # noqa: S608 - placeholders only


@cache
def claim_sql(vendor: str) -> str:
    """Make the claim: one row alone if its lease ran out, else a batch. One autocommit statement on both databases.

    Parameters: stage, now, stage, now, size, token, due_at, lease_until.
    The outer column is named in full: a bare `id` would bind to the updated table and claim every row.
    """
    skip = "" if vendor == "sqlite" else "FOR UPDATE SKIP LOCKED"
    return f"""
WITH expired AS MATERIALIZED (
  SELECT w.id FROM kernel_work w WHERE w.stage = %s AND w.lease_until <= %s AND w.due_at IS NOT NULL
  ORDER BY w.lease_until LIMIT 1 {skip}
), fresh AS MATERIALIZED (
  SELECT w.id FROM kernel_work w
  WHERE w.stage = %s AND w.due_at <= %s AND w.lease_until IS NULL AND NOT EXISTS (SELECT 1 FROM expired)
  ORDER BY w.lane, w.due_at LIMIT %s {skip}
), picked AS MATERIALIZED (SELECT expired.id FROM expired UNION ALL SELECT fresh.id FROM fresh)
UPDATE kernel_work SET token = %s, due_at = %s, orphaned = (lease_until IS NOT NULL AND token <> 0), lease_until = %s,
  claimed = wanted, attempts = attempts + CASE WHEN (SELECT count(*) FROM picked) = 1 THEN 1 ELSE 0 END
WHERE kernel_work.id IN (SELECT picked.id FROM picked)
RETURNING kernel_work.id, kernel_work.subject, kernel_work.lane, kernel_work.attempts, kernel_work.bounced,
  kernel_work.orphaned"""  # noqa: S608 - placeholders only


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A column's value that the database finds out itself, in the same statement."""

    sql: str
    params: tuple[Any, ...]


def append_once(*, table: str, row: Mapping[str, object], stage: str, lane: int, now: datetime) -> bool:
    """Insert the row (its `id` a UUID) and its work in one commit; False when a unique constraint has it already."""
    on_sqlite = connection.vendor == "sqlite"  # asked once: each look costs more than a conversion
    marks: list[str] = []
    values: list[Any] = []
    for value in row.values():
        if isinstance(value, Asked):
            marks.append(f"({value.sql})")
            values += value.params
        else:
            marks.append("%s")
            values.append(_for_sqlite(value) if on_sqlite else value)
    insert, both = _append_sql(table, ", ".join(row), ", ".join(marks))
    if not on_sqlite:
        return _prepared(both, [*values, stage, lane, now, now])
    moment = _for_sqlite(now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insert, values)
        if not cursor.rowcount:
            return False
        cursor.execute(put_sql(rows=1), [stage, _for_sqlite(row["id"]), lane, moment, moment])
    return True


class _Prepared(Cursor[Any]):
    """Let the server plan a statement once per connection. Django binds on the client's side and cannot."""

    def execute(self, query: Any, params: Any = None, **_options: Any) -> "_Prepared":
        """Run the statement, prepared."""
        return super().execute(query, params, prepare=True)


def _prepared(statement: str, params: list[Any]) -> bool:
    """Run the door's one statement on a cursor of psycopg's own, with Django's errors and query log around it."""
    connection.ensure_connection()
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrapped(_Prepared(connection.connection)) as cursor:  # type: ignore[arg-type]  # the stubs want their own wrapper
        cursor.execute(statement, params)
        return bool(cursor.rowcount)


@cache
def _append_sql(table: str, columns: str, marks: str) -> tuple[str, str]:
    insert = f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - names are ours
    both = (
        f"WITH fresh AS ({insert} RETURNING id) INSERT INTO kernel_work ({_COLUMNS}) "  # noqa: S608 - placeholders only
        "SELECT %s, fresh.id, %s, 1, 0, 0, 0, %s, %s, NULL, 0, false, '', '', NULL FROM fresh"
    )
    return insert, both


def for_db(value: Any) -> Any:
    """Give a UUID or a time the form the ORM stores in this database; everything else as it is."""
    return _for_sqlite(value) if connection.vendor == "sqlite" else value


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None))
    return value


def as_uuid(value: object) -> UUID:
    """Read a UUID from a raw row."""
    return value if isinstance(value, UUID) else UUID(str(value))


def in_list(ids: Sequence[int]) -> str:
    """Give the placeholder list for an IN clause."""
    return "(" + ", ".join(["%s"] * len(ids)) + ")"
