"""What was rejected, with its bytes; and the books of every sample received."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import TupleRow

from soramichi.store.pool import AsyncPool, Connection
from soramichi.store.recordset import records, recordset


class Quarantined(NamedTuple):
    """One rejected sample or payload on its way into `quarantine`."""

    topic: str
    original: bytes
    reason: str
    field: str | None
    detail: str
    operator_id: str | None
    aircraft_id: str | None
    flight_label: str | None
    seq: int | None
    received_at: datetime


class Account(NamedTuple):
    """Where the samples of one operator ended; received is the sum of the other three."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0

    def __add__(self, other: object) -> Account:
        """Both together, member by member."""
        assert isinstance(other, Account)  # noqa: S101
        return Account(*(a + b for a, b in zip(self, other, strict=True)))


_ACCOUNTS = recordset(
    operator_id="text", received="int8", stored="int8", duplicate="int8", quarantined="int8"
)


def put(connection: Connection, items: Sequence[Quarantined]) -> list[bool]:
    """Keep each item once; True where it was new, False where the same bytes were there before.

    Rows are written in one order everywhere, so that two workers with the same
    items can wait for each other but never in a ring.
    """
    if not items:
        return []
    order = sorted(range(len(items)), key=lambda at: (items[at].topic, items[at].original))
    new = [False] * len(items)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO quarantine ({', '.join(Quarantined._fields)})"
            f" VALUES ({', '.join(['%s'] * len(Quarantined._fields))})"
            " ON CONFLICT (topic, original_hash) DO NOTHING RETURNING true",
            [items[at] for at in order],
            returning=True,
        )
        for at, result in zip(order, cursor.results(), strict=False):
            new[at] = result.fetchone() is not None
    return new


class Kept(NamedTuple):
    """One row of `quarantine`: an item, its number, and how and when it was settled, if it was."""

    quarantine_id: int
    item: Quarantined
    settled_at: datetime | None
    settled_as: str | None


_KEPT = f"SELECT quarantine_id, settled_at, settled_as, {', '.join(Quarantined._fields)}"


def listed(
    connection: Connection,
    *,
    reason: str | None = None,
    aircraft_id: str | None = None,
    settled: bool = False,
    limit: int | None = None,
) -> list[Kept]:
    """What waits (or, with `settled`, what no longer does), newest first."""
    rows = connection.execute(
        f"{_KEPT} FROM quarantine WHERE (settled_at IS NOT NULL) = %(settled)s"
        " AND (%(reason)s::text IS NULL OR reason = %(reason)s)"
        " AND (%(aircraft_id)s::text IS NULL OR aircraft_id = %(aircraft_id)s)"
        " ORDER BY quarantine_id DESC LIMIT %(limit)s",
        {"settled": settled, "reason": reason, "aircraft_id": aircraft_id, "limit": limit},
    )
    return [_kept(row) for row in rows]


def get(connection: Connection, quarantine_id: int, *, lock: bool = False) -> Kept | None:
    """One row, or None; `lock` keeps others from settling it until this transaction ends."""
    row = connection.execute(
        f"{_KEPT} FROM quarantine WHERE quarantine_id = %s {'FOR UPDATE' if lock else ''}",
        (quarantine_id,),
    ).fetchone()
    return _kept(row) if row else None


def settle(connection: Connection, quarantine_id: int, *, outcome: str) -> None:
    """Say that a row's samples have found their place; its bytes stay."""
    connection.execute(
        "UPDATE quarantine SET settled_at = clock_timestamp(), settled_as = %s"
        " WHERE quarantine_id = %s",
        (outcome, quarantine_id),
    )


def _kept(row: TupleRow) -> Kept:
    quarantine_id, settled_at, settled_as, *item = row
    return Kept(quarantine_id, Quarantined(*item), settled_at, settled_as)


class Mark(NamedTuple):
    """What the books of one worker say of one operator once a transaction is committed."""

    operator_id: str
    received: int


def book(
    connection: Connection, worker: str, accounts: Mapping[str, Account]
) -> Callable[[], dict[str, int]]:
    """Add a batch to the books, in the transaction that settles its samples.

    Returns what says, when called, how many samples the worker's books then hold received from
    each of these operators. In a pipeline it is called after its end.
    """
    if not accounts:
        return dict
    cursor = connection.execute(
        "INSERT INTO ingest_accounts"
        " (operator_id, worker, received, stored, duplicate, quarantined)"
        f" SELECT operator_id, %s, received, stored, duplicate, quarantined FROM {_ACCOUNTS}"
        " ORDER BY operator_id ON CONFLICT (operator_id, worker) DO UPDATE SET"
        " received = ingest_accounts.received + excluded.received,"
        " stored = ingest_accounts.stored + excluded.stored,"
        " duplicate = ingest_accounts.duplicate + excluded.duplicate,"
        " quarantined = ingest_accounts.quarantined + excluded.quarantined"
        " RETURNING operator_id, received",
        (worker, records((operator_id, *account) for operator_id, account in accounts.items())),
    )
    return lambda: dict(cursor.fetchall())


def booked(connection: Connection, worker: str, mark: Mark) -> bool:
    """Whether the transaction that gave `mark` was committed; the worker's last, its answer lost.

    Not asked by its number: after a crash PostgreSQL gives the number of a transaction that never
    reached the disk to the next one. Waits up to 2 s for a session that still works on
    it, then raises psycopg.errors.LockNotAvailable.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL lock_timeout = '2s'")
        row = connection.execute(
            # Writing waits for whoever else writes this row, or inserts it, where reading does not.
            "INSERT INTO ingest_accounts (operator_id, worker) VALUES (%s, %s)"
            " ON CONFLICT (operator_id, worker) DO UPDATE SET received = ingest_accounts.received"
            " RETURNING received",
            (mark.operator_id, worker),
        ).fetchone()
    return row == (mark.received,)


def accounts(connection: Connection) -> dict[str, Account]:
    """The books of every operator, all workers together; {} before the first sample."""
    rows = connection.execute(
        "SELECT operator_id, sum(received)::int8, sum(stored)::int8, sum(duplicate)::int8,"
        " sum(quarantined)::int8 FROM ingest_accounts GROUP BY operator_id ORDER BY operator_id"
    )
    return {operator_id: Account(*counts) for operator_id, *counts in rows}


class Overview(NamedTuple):
    """The books of everybody together, and how many rejected rows wait, by reason."""

    books: Account
    waiting: dict[str, int]


async def overview(pool: AsyncPool) -> Overview:
    """Both as one moment saw them."""
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor = await connection.execute(
            "SELECT coalesce(sum(received), 0)::int8, coalesce(sum(stored), 0)::int8,"
            " coalesce(sum(duplicate), 0)::int8, coalesce(sum(quarantined), 0)::int8"
            " FROM ingest_accounts"
        )
        (counts,) = await cursor.fetchall()
        cursor = await connection.execute(
            "SELECT reason, count(*) FROM quarantine WHERE settled_at IS NULL GROUP BY reason"
        )
        return Overview(Account(*counts), dict(await cursor.fetchall()))
