"""Settle a batch of messages in one transaction: stored, duplicate or in quarantine.

Everything a batch changes is committed together or not at all, and committing it
again changes nothing, so a batch may be tried as often as it takes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import psycopg
from psycopg import errors

from ingest import following, placing, rejecting, sorting
from ingest.following import Gains, Newest
from ingest.inbox import Received
from ingest.jumps import IMPLIED_SPEED, Jumps
from ingest.placing import Placing
from ingest.screening import Limits
from ingest.sorting import Sorted
from soramichi.domain.flight import AircraftClass
from soramichi.store import flights, quarantine, registry, telemetry
from soramichi.store.copying import Draft
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account, Quarantined
from soramichi.store.rows import Records, Rows, pick

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a committed batch did."""

    accounts: dict[str, Account]
    quarantined: list[Quarantined]
    live: Newest | None
    flights: set[flights.Key]


class _SomeKnown(Exception):
    """Something of a batch is stored already."""


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
    jumps: Jumps = field(default_factory=Jumps)
    _placing: Placing = field(init=False)
    _connection: Connection | None = None
    # Whether the last batch held something that was stored already.
    _expects_known: bool = False
    _months: set[datetime] = field(default_factory=set)
    # What the books say if the transaction was committed whose COMMIT was sent but not answered,
    # and the batch it was for.
    _in_doubt: quarantine.Mark | None = None
    _tried: Sequence[Received] = ()
    # Samples received from each operator, by our books as they were last committed.
    _books: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._placing = Placing(self.flight_gap)

    def prepare(self, batch: Sorted) -> None:
        """Do what needs no database, unless it is done; before `settle` any thread may."""
        if batch.steps is not None:
            return
        batch.steps = self.jumps.steps(_plain(batch))
        guess = self._placing.guess(batch)
        batch.draft = Draft.of(guess) if guess else None

    def settle(self, messages: Sequence[Received], batch: Sorted | None = None) -> Settled:
        """Commit the batch, which is what is in the messages if it was sorted before.

        Raises psycopg.Error when the database cannot do it now
        (`soramichi.store.telemetry.is_temporary`) or will never take one of the
        messages (otherwise); then nothing of the batch is in the database.
        """
        batch = batch or sorting.sort(messages, self.limits)
        if not self._expects_known:
            try:
                return self._committed(messages, batch, self._settle_all)
            except _SomeKnown:
                # What a broker sends again it sends in a row.
                self._expects_known = True
                batch = sorting.sort(messages, self.limits)  # the attempt has changed it
        return self._committed(messages, batch, self._settle_new)

    def refuse(self, messages: Sequence[Received], why: str) -> Settled:
        """Put every good sample of these messages into quarantine as well, without storing it.

        Raises psycopg.Error like `settle`.
        """
        batch = sorting.sort(messages, self.limits)
        batch.refuse(np.arange(len(batch.records)), "store-refused", why)
        return self._committed(messages, batch, self._keep_apart)

    def _committed(
        self,
        messages: Sequence[Received],
        batch: Sorted,
        work: Callable[[Connection, Sorted], Settled],
    ) -> Settled:
        try:
            connection = self.connection()
            if self._was_committed(connection, messages):
                # The lost answer was a yes; only the live states are not announced, and the next
                # batch of these aircraft makes up for that.
                return Settled(batch.accounts, [], None, placing.labelled(batch))
            self._tried = messages
            self._ensure_partitions(connection, batch.records)
            settled = work(connection, batch)
        except _SomeKnown:
            raise
        except BaseException:
            self.close()  # and with it ends the transaction
            raise
        self._in_doubt = None
        return settled

    def _keep_apart(self, connection: Connection, batch: Sorted) -> Settled:
        with connection.transaction():
            kept = self._book_quarantined(connection, batch)
            self._in_doubt = _mark(quarantine.book(connection, self.worker, batch.accounts)())
        return Settled(batch.accounts, kept, None, placing.owed(Rows(batch.records, [], []), batch))

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
        self._ensure_partitions(connection, batch.records)
        try:
            with connection.transaction():
                return self._settle_again(connection, quarantine_id, batch)
        except _RejectedAgain as rejected:
            # What was made and booked on the way is undone.
            self._placing.forget()
            self._books.clear()
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
        self._settle_new(connection, batch)
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
        self._placing.forget()
        self._months.clear()
        self._books.clear()

    def connection(self) -> Connection:
        """The connection, opened anew when it was lost. Raises `Unavailable`."""
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
            self._connection.autocommit = True
            # Every statement of ours looks up a few rows by their keys. The planner, which keeps
            # its plans from when tables were small, would rather read all of `flights` each time.
            self._connection.execute("SET enable_hashjoin = off; SET enable_seqscan = off")
        return self._connection

    def _was_committed(self, connection: Connection, messages: Sequence[Received]) -> bool:
        """Whether this very batch reached the disk before the answer to its COMMIT was lost."""
        if self._in_doubt is None:
            return False
        committed = self._tried is messages and quarantine.booked(
            connection, self.worker, self._in_doubt
        )
        self._in_doubt = None
        return committed

    def _ensure_partitions(self, connection: Connection, records: Records) -> None:
        if missing := [one for one in placing.months(records) if one not in self._months]:
            telemetry.ensure_partitions(connection, missing)
            self._months.update(missing)

    def _settle_all(self, connection: Connection, batch: Sorted) -> Settled:
        """Settle a batch of which nothing is stored, in as few journeys as it takes.

        Raises `_SomeKnown`, with nothing of it in the database, when something is.
        """
        classes = self._claim(connection, batch, begin=True, meanwhile=lambda: self.prepare(batch))
        self._screen(batch, classes)
        placed = self._placing.rows(connection, batch)
        gains: list[Gains] = []
        try:
            telemetry.append_all(
                connection,
                placed,
                draft=batch.draft,
                meanwhile=lambda: gains.append(following.of(placed, placed, batch)),
            )
        except errors.UniqueViolation as error:
            connection.execute("ROLLBACK")
            self._placing.forget()  # the flights made on the way are undone
            raise _SomeKnown from error
        return self._gained(connection, batch, gains[0], commit=True)

    def _settle_new(self, connection: Connection, batch: Sorted) -> Settled:
        """Settle what of a batch is not stored yet."""
        with connection.transaction():
            self._screen(batch, self._claim(connection, batch))
            placed = self._placing.rows(connection, batch)
            appended = telemetry.append_new(connection, placed)
            duplicates = batch.by_operator(batch.records[appended.duplicates])
            for operator_id, count in duplicates.items():
                batch.book(operator_id, Account(duplicate=count))
            conflicts = [rejecting.conflicting(batch.item(at)) for at in appended.conflicts]
            batch.quarantined += conflicts
            stored = placed.take(appended.stored)
            settled = self._gained(connection, batch, following.of(placed, stored, batch))
        self._expects_known = len(stored) < len(placed)
        return settled

    def _gained(
        self, connection: Connection, batch: Sorted, gains: Gains, *, commit: bool = False
    ) -> Settled:
        """Write what follows from the rows that were stored, and the books; and `commit` all."""
        for operator_id, count in gains.samples.items():
            batch.book(operator_id, Account(stored=count))
        kept = self._book_quarantined(connection, batch)
        newest = gains.newest
        craft = newest.aircraft()
        keys = list(zip(craft, newest.times(), strict=True))
        with connection.pipeline():  # one journey, since none needs the answer of another
            telemetry.mark(connection, gains.minutes)
            flights.advance(connection, gains.progress)
            changed = telemetry.advance_latest(connection, keys)
            booked = quarantine.book(connection, self.worker, batch.accounts)
            foreseen = self._foreseen(batch.accounts) if commit else None
            if foreseen:
                self._in_doubt = foreseen
                connection.execute("COMMIT")
        books = booked()
        if not foreseen:
            self._in_doubt = _mark(books)
            if commit:
                connection.execute("COMMIT")
        self._books |= books
        moved = changed()
        live = newest.only([at for at, aircraft_id in enumerate(craft) if aircraft_id in moved])
        return Settled(batch.accounts, kept, live, gains.owed)

    def _foreseen(self, accounts: Mapping[str, Account]) -> quarantine.Mark | None:
        """`_mark` of the books once these are added; None when what they said is not known."""
        return _mark(
            {
                operator_id: self._books[operator_id] + account.received
                for operator_id, account in accounts.items()
                if operator_id in self._books and account.received
            }
        )

    def _claim(
        self,
        connection: Connection,
        batch: Sorted,
        *,
        begin: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> list[AircraftClass]:
        """Lock the aircraft of the batch; samples under another operator's aircraft are refused.

        Returns the class of each aircraft. For `begin` and `meanwhile` see `registry.claim`.
        """
        claims: dict[str, str] = {}
        for at in np.unique(batch.records["topic"]).tolist():
            claims.setdefault(batch.topics[at].aircraft_id, batch.topics[at].operator_id)
        claimed = registry.claim(connection, claims, begin=begin, meanwhile=meanwhile)
        foreign = [
            at
            for at, topic in enumerate(batch.topics)
            if topic.aircraft_id in claimed
            and claimed[topic.aircraft_id].operator_id != topic.operator_id
        ]
        if foreign:
            theirs = np.flatnonzero(np.isin(batch.records["topic"], foreign))
            detail = "this aircraft is registered by another operator"
            batch.refuse(theirs, "foreign-aircraft", detail)
        return [
            claimed[one].aircraft_class if one in claimed else AircraftClass.UNKNOWN
            for one in batch.aircraft_ids
        ]

    def _screen(self, batch: Sorted, classes: Sequence[AircraftClass]) -> None:
        """Flag those samples that their aircraft cannot have flown to."""
        steps = batch.steps or self.jumps.steps(_plain(batch))
        jumps = self.jumps.find(steps, batch.aircraft_ids, classes)
        if len(jumps):
            plain = np.flatnonzero(batch.records["flags"] == 0)
            batch.flag(plain[jumps], (IMPLIED_SPEED,))

    def _book_quarantined(self, connection: Connection, batch: Sorted) -> list[Quarantined]:
        """Keep what is rejected; those whose very bytes are there already are duplicates."""
        # In one order, so that two workers with the same bad bytes never wait in a ring.
        batch.quarantined.sort(key=lambda one: (one.topic, one.original))
        new = quarantine.put(connection, batch.quarantined)
        for item, is_new in zip(batch.quarantined, new, strict=True):
            account = Account(quarantined=1) if is_new else Account(duplicate=1)
            batch.book(item.operator_id or sorting.NOBODY, account)
        return [item for item, is_new in zip(batch.quarantined, new, strict=True) if is_new]


def _mark(books: Mapping[str, int]) -> quarantine.Mark | None:
    """By what to know that a transaction was committed after which the books say this."""
    return next((quarantine.Mark(*one) for one in books.items()), None)


def _plain(batch: Sorted) -> Records:
    """The records that raise no doubt."""
    plain = np.flatnonzero(batch.records["flags"] == 0)
    return batch.records if len(plain) == len(batch.records) else pick(batch.records, plain)


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
