"""Settle a batch of messages in one transaction: stored, duplicate or in quarantine.

Everything a batch changes is committed together or not at all, and committing it
again changes nothing, so a batch may be tried as often as it takes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg

from ingest import sorting
from ingest.inbox import Received
from ingest.screening import TIME_AHEAD, Limits
from ingest.sorting import Item, Sorted
from soramichi.domain import wire
from soramichi.errors import MalformedTelemetry
from soramichi.store import flights, quarantine, registry, telemetry
from soramichi.store.flights import Progress
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account, Quarantined
from soramichi.store.telemetry import Row

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a committed batch did."""

    accounts: dict[str, Account]
    quarantined: list[Quarantined]
    live: list[wire.LiveState]
    flights: set[flights.Key]


class _RejectedAgain(Exception):
    """Undoes a retry; `item` says for what the whole row was rejected this time."""

    def __init__(self, item: Quarantined) -> None:
        super().__init__(item.reason)
        self.item = item


@dataclass(slots=True)
class Writer:
    """Writes batches over one connection that it opens, and reopens, itself."""

    connect: Callable[[], Connection]
    worker: str
    limits: Limits
    flight_gap: timedelta
    _connection: Connection | None = None
    _labels: dict[tuple[str, str], str] = field(default_factory=dict)
    _months: set[tuple[int, int]] = field(default_factory=set)
    # The transaction whose COMMIT was sent but not answered.
    _in_doubt: str | None = None

    def settle(self, messages: Sequence[Received]) -> Settled:
        """Commit the batch.

        Raises psycopg.Error when the database cannot do it now
        (`soramichi.store.telemetry.is_temporary`) or will never take one of the
        messages (otherwise); then nothing of the batch is in the database.
        """
        batch = sorting.sort(messages, self.limits)
        try:
            connection = self.connection()
            if self._was_committed(connection):
                # The lost answer was a yes; only the live states are not announced, and the next
                # batch of these aircraft makes up for that.
                return Settled(batch.accounts, [], [], _labelled(batch))
            self._ensure_partitions(connection, batch.items)
            with connection.transaction():
                settled = self._settle(connection, batch)
        except psycopg.Error:
            self.close()
            raise
        self._in_doubt = None
        return settled

    def refuse(self, message: Received, why: str) -> Settled:
        """Put one whole message into quarantine, without looking into it."""
        rejected = sorting.unowned(message, MalformedTelemetry("store-refused", detail=why))
        batch = Sorted(quarantined=[rejected])
        batch.book(sorting.NOBODY, Account(received=1))
        connection = self.connection()
        with connection.transaction():
            self._book_quarantined(connection, batch)
            quarantine.book(connection, self.worker, batch.accounts)
        return Settled(batch.accounts, batch.quarantined, [], set())

    def retry(self, quarantine_id: int) -> Account | Quarantined | None:
        """Put one row of the quarantine through the same decoding, screening and storing again.

        Judged as of its first reception. Returns what that adds to the books: `received` is what
        its bytes now hold beyond the one sample they were booked as, and `quarantined` is one
        less, so received = stored + duplicate + quarantined still holds. A whole that is rejected
        again, now for what is returned, stays as it is; its original bytes are kept in either
        case. None when the row does not exist or is settled. Raises psycopg.Error like `settle`.
        """
        connection = self.connection()
        kept = quarantine.get(connection, quarantine_id)
        if kept is None:
            return None
        item = kept.item
        batch = sorting.sort(
            [Received(item.topic, item.original, 0, 0, item.received_at)], self.limits
        )
        self._ensure_partitions(connection, batch.items)
        try:
            with connection.transaction():
                return self._settle_again(connection, quarantine_id, batch)
        except _RejectedAgain as rejected:
            self._labels.clear()  # the flights made on the way are undone
            return rejected.item
        except psycopg.Error:
            self.close()
            raise
        finally:
            self._in_doubt = None  # asked again, a row that is settled says so itself

    def _settle_again(
        self, connection: Connection, quarantine_id: int, batch: Sorted
    ) -> Account | None:
        kept = quarantine.get(connection, quarantine_id, lock=True)
        if kept is None or kept.settled_at is not None:
            return None
        batch.book(kept.item.operator_id or sorting.NOBODY, Account(received=-1, quarantined=-1))
        self._settle(connection, batch)
        for one in batch.quarantined:
            if one.original == kept.item.original:
                raise _RejectedAgain(one)
        change = sum(batch.accounts.values(), start=Account())
        quarantine.settle(connection, quarantine_id, outcome=_outcome(change))
        return change

    def close(self) -> None:
        """Drop the connection and all that is known only on its word."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._labels.clear()
        self._months.clear()

    def connection(self) -> Connection:
        """The connection, opened anew when it was lost. Raises `Unavailable`."""
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
            self._connection.autocommit = True
        return self._connection

    def _was_committed(self, connection: Connection) -> bool:
        """Whether the transaction in doubt reached the disk before its answer was lost."""
        if self._in_doubt is None:
            return False
        row = connection.execute(
            "SELECT pg_xact_status(%s::text::xid8)", (self._in_doubt,)
        ).fetchone()
        status = row[0] if row else None
        if status == "in progress":
            raise psycopg.OperationalError("the previous commit is still under way")
        self._in_doubt = None
        return status == "committed"

    def _ensure_partitions(self, connection: Connection, items: Sequence[Item]) -> None:
        needed: dict[tuple[int, int], datetime] = {}
        for item in items:
            moment = item.sample.time.astimezone(self.limits.oldest.tzinfo)
            needed.setdefault((moment.year, moment.month), moment)
        if missing := needed.keys() - self._months:
            telemetry.ensure_partitions(connection, [needed[month] for month in sorted(missing)])
            self._months |= missing

    def _settle(self, connection: Connection, batch: Sorted) -> Settled:
        items = self._owned(connection, batch)
        rows = self._rows(connection, items)
        appended = telemetry.append(connection, rows)
        for position in appended.duplicates:
            batch.book(items[position].topic.operator_id, Account(duplicate=1))
        batch.quarantined += [sorting.conflicting(items[at]) for at in appended.conflicts]
        stored = [(items[at], rows[at]) for at in appended.stored]
        for item, _ in stored:
            batch.book(item.topic.operator_id, Account(stored=1))
        self._book_quarantined(connection, batch)
        live = _advance_latest(connection, stored)
        flights.advance(connection, _progress(row for _, row in stored))
        self._in_doubt = quarantine.book(connection, self.worker, batch.accounts)
        return Settled(batch.accounts, batch.quarantined, live, _keys(items, rows, batch))

    def _owned(self, connection: Connection, batch: Sorted) -> list[Item]:
        """Lock the aircraft of the batch; samples under another operator's aircraft are refused."""
        claims: dict[str, str] = {}
        for item in batch.items:
            claims.setdefault(item.topic.aircraft_id, item.topic.operator_id)
        owners = registry.claim(connection, claims)
        owned = []
        for item in batch.items:
            owner = owners[item.topic.aircraft_id]
            if owner == item.topic.operator_id:
                owned.append(item)
            else:
                detail = "this aircraft is registered by another operator"
                batch.quarantined.append(sorting.refused(item, "foreign-aircraft", None, detail))
        return owned

    def _rows(self, connection: Connection, items: Sequence[Item]) -> list[Row]:
        labels: dict[tuple[str, str], datetime] = {}
        times: dict[str, list[datetime]] = {}
        for item in items:
            aircraft_id, label = item.topic.aircraft_id, item.sample.flight
            if label is None:
                times.setdefault(aircraft_id, []).append(item.sample.time)
            elif (aircraft_id, label) not in self._labels:
                labels.setdefault((aircraft_id, label), item.sample.time)
        named = {**self._labels, **flights.named(connection, labels)}
        unnamed = flights.unnamed(connection, times, gap=self.flight_gap)
        self._labels = named
        return [
            Row(
                item.topic.aircraft_id,
                unnamed[item.topic.aircraft_id, item.sample.time]
                if item.sample.flight is None
                else named[item.topic.aircraft_id, item.sample.flight],
                item.flags,
                item.message.received_at,
                item.sample,
            )
            for item in items
        ]

    def _book_quarantined(self, connection: Connection, batch: Sorted) -> None:
        # In one order, so that two workers with the same bad bytes never wait in a ring.
        batch.quarantined.sort(key=lambda one: (one.topic, one.original))
        new = quarantine.put(connection, batch.quarantined)
        for item, is_new in zip(batch.quarantined, new, strict=True):
            account = Account(quarantined=1) if is_new else Account(duplicate=1)
            batch.book(item.operator_id or sorting.NOBODY, account)


def _outcome(change: Account) -> str:
    """What became of a row that was settled, in words for people."""
    parts = [
        f"{count} {word}"
        for count, word in (
            (change.stored, "stored"),
            (change.duplicate, "duplicate"),
            (change.quarantined + 1, "quarantined"),
        )
        if count
    ]
    return ", ".join(parts) or "nothing"


def _advance_latest(
    connection: Connection, stored: Sequence[tuple[Item, Row]]
) -> list[wire.LiveState]:
    newest: dict[str, tuple[Item, Row]] = {}
    for item, row in stored:
        if row.flags and TIME_AHEAD in row.flags:
            continue
        best = newest.get(row.aircraft_id)
        if best is None or best[1].sample.time < row.sample.time:
            newest[row.aircraft_id] = (item, row)
    changed = telemetry.advance_latest(connection, (row for _, (_, row) in sorted(newest.items())))
    return [
        wire.LiveState(
            aircraft_id=aircraft_id,
            operator_id=item.topic.operator_id,
            flight_id=row.flight_id,
            received_at=row.received_at,
            sample=row.sample,
        )
        for aircraft_id, (item, row) in newest.items()
        if aircraft_id in changed
    ]


def _progress(rows: Iterable[Row]) -> dict[str, Progress]:
    """What the stored rows add to each flight."""
    progress: dict[str, Progress] = {}
    for row in rows:
        one = progress.setdefault(row.flight_id, Progress([], [], []))
        one.times.append(row.sample.time)
        one.received.append(row.received_at)
        if row.sample.seq is not None:
            one.seqs.append(row.sample.seq)
    return progress


def _labelled(batch: Sorted) -> set[flights.Key]:
    """The flights that the good samples of a batch name themselves."""
    return {
        flights.Key(item.topic.operator_id, item.topic.aircraft_id, item.sample.flight, None)
        for item in batch.items
        if item.sample.flight
    }


def _keys(items: Iterable[Item], rows: Iterable[Row], batch: Sorted) -> set[flights.Key]:
    """The flights whose publishers are owed a receipt, also for what was a duplicate."""
    keys = {
        flights.Key(
            item.topic.operator_id,
            row.aircraft_id,
            item.sample.flight,
            row.flight_id if item.sample.flight is None else None,
        )
        for item, row in zip(items, rows, strict=True)
    }
    keys |= {
        flights.Key(item.operator_id, item.aircraft_id, item.flight_label, None)
        for item in batch.quarantined
        if item.operator_id and item.aircraft_id and item.flight_label
    }
    return keys
