"""Locks on identity keys, held to the end of the transaction.

PostgreSQL: advisory transaction locks, sorted, at most 500 (its lock table is shared by the cluster). SQLite has one
writer, and that is the lock.
"""

from collections.abc import Iterable

from django.db import connection

MOST = 500


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big", signed=True)


def try_all(digests: Iterable[bytes]) -> set[bytes]:
    """Take every lock that is free now and give those digests; the others are somebody else's for the moment."""
    wanted = {_number(digest): digest for digest in digests}
    if connection.vendor != "postgresql" or not wanted:
        return set(wanted.values())
    if len(wanted) > MOST:
        raise ValueError(f"{len(wanted)} locks in one transaction; the most is {MOST}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n, pg_try_advisory_xact_lock(n) FROM unnest(%s::bigint[]) AS n ORDER BY n", [sorted(wanted)]
        )
        return {wanted[number] for number, got in cursor.fetchall() if got}


def wait_for(digests: Iterable[bytes]) -> None:
    """Take the locks one after the other, in order, and wait for each."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for number in sorted({_number(digest) for digest in digests}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def leader(name: str) -> bool:
    """Try to be the only one doing `name` until the transaction ends."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [name])
        return bool(cursor.fetchone()[0])
