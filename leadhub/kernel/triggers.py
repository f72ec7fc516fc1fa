"""Triggers that keep the content of a table as it was written, on both databases.

Erasure, which empties the erasable columns all at once, is the one change they let through; rows are never deleted.
Django rebuilds SQLite tables in some migrations, which drops triggers: every `migrate` puts the missing ones back.
"""

from dataclasses import dataclass

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What must not change in one table. `erased` tells, per erasable column, when it counts as emptied (SQL)."""

    table: str
    fixed: tuple[str, ...]
    erased: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """Name the triggers after the table."""
        return f"{self.table}_keep"

    @property
    def columns(self) -> frozenset[str]:
        """List every column the guard knows."""
        return frozenset(self.fixed) | {column for column, _ in self.erased}


_guards: dict[str, Guard] = {}


def expect(guard: Guard) -> None:
    """Make the guard known, so that `ensure` and `missing` ask for it."""
    _guards[guard.table] = guard


def ensure(database: BaseDatabaseWrapper = connection) -> None:
    """Create the triggers that are missing on tables that exist."""
    tables = set(database.introspection.table_names())
    for guard in absent(database):
        if guard.table in tables:
            create(guard, database)


def missing() -> list[str]:
    """Name the tables whose content is not protected."""
    return [guard.table for guard in absent(connection)]


def absent(database: BaseDatabaseWrapper) -> list[Guard]:
    """List the expected guards whose triggers the database lacks."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if database.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with database.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    return [g for g in _guards.values() if not {f"{g.name}_content", f"{g.name}_rows"} <= present]


def create(guard: Guard, database: BaseDatabaseWrapper) -> None:
    """Create the guard's two triggers, in place of older ones."""
    drop(guard, database)
    with database.cursor() as cursor:
        for statement in _postgres(guard) if database.vendor == "postgresql" else _sqlite(guard):
            cursor.execute(statement)


def drop(guard: Guard, database: BaseDatabaseWrapper) -> None:
    """Remove the guard's triggers: only for a migration that goes backwards, and for emptying a test database."""
    on = f" ON {guard.table}" if database.vendor == "postgresql" else ""
    with database.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name}_content{on}")
        cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name}_rows{on}")


def guards() -> tuple[Guard, ...]:
    """List the known guards."""
    return tuple(_guards.values())


def _changed(guard: Guard, differs: str) -> str:
    fixed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in guard.fixed)
    if not guard.erased:
        return fixed
    touched = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column, _ in guard.erased)
    emptied = " AND ".join(condition for _, condition in guard.erased)
    return f"{fixed} OR (({touched}) AND NOT ({emptied}))"


def _sqlite(guard: Guard) -> tuple[str, str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{guard.table} keeps its content: only erasure may change it'); END"
    return (
        f"CREATE TRIGGER {guard.name}_content BEFORE UPDATE ON {guard.table} WHEN {_changed(guard, 'IS NOT')} {refuse}",
        f"CREATE TRIGGER {guard.name}_rows BEFORE DELETE ON {guard.table} {refuse}",
    )


def _postgres(guard: Guard) -> tuple[str, str, str]:
    run = "EXECUTE FUNCTION leadhub_keep_content()"
    return (
        "CREATE OR REPLACE FUNCTION leadhub_keep_content() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% keeps its content: only erasure may change it', TG_TABLE_NAME "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER {guard.name}_content BEFORE UPDATE ON {guard.table} FOR EACH ROW "
        f"WHEN ({_changed(guard, 'IS DISTINCT FROM')}) {run}",
        f"CREATE TRIGGER {guard.name}_rows BEFORE DELETE ON {guard.table} FOR EACH ROW {run}",
    )
