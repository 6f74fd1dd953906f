"""The transaction that settles a batch: its aircraft locked, its rows, what follows, the books."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from psycopg import errors

from ingest import following, placing, rejecting, sorting
from ingest.following import Gains, Newest
from ingest.jumps import IMPLIED_SPEED, Jumps
from ingest.placing import Placing
from ingest.sorting import Sorted
from soramichi.domain.flight import AircraftClass
from soramichi.store import flights, quarantine, registry, telemetry
from soramichi.store.copying import Draft
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account, Quarantined
from soramichi.store.rows import Records, Rows, pick


@dataclass(frozen=True, slots=True)
class Settled:
    """What a committed batch did."""

    accounts: dict[str, Account]
    quarantined: list[Quarantined]
    live: Newest | None
    flights: set[flights.Key]


class SomeKnown(Exception):
    """Something of a batch is stored already."""


@dataclass(slots=True)
class Settling:
    """What is done on a connection that is handed in, and what is known on the word of that one.

    `in_doubt` is what the books say if the transaction was committed whose COMMIT was sent: it is
    there before the answer is. `expects_known` says whether the last batch held something that was
    stored already.
    """

    worker: str
    jumps: Jumps
    placing: Placing
    in_doubt: quarantine.Mark | None = None
    expects_known: bool = False
    # Samples received from each operator, by our books as they were last committed.
    _books: dict[str, int] = field(default_factory=dict)

    def forget(self) -> None:
        """The connection is lost, or undid what it was told."""
        self.placing.forget()
        self._books.clear()

    def prepare(self, batch: Sorted) -> None:
        """Do what needs no database, unless it is done; before `settle` any thread may."""
        if batch.steps is not None:
            return
        batch.steps = self.jumps.steps(_plain(batch))
        guess = self.placing.guess(batch)
        batch.draft = Draft.of(guess) if guess else None

    def everything(self, connection: Connection, batch: Sorted) -> Settled:
        """Settle a batch of which nothing is stored, in as few journeys as it takes.

        Raises `SomeKnown`, with nothing of it in the database, when something is.
        """
        classes = self._claim(connection, batch, begin=True, meanwhile=lambda: self.prepare(batch))
        self._screen(batch, classes)
        placed = self.placing.rows(connection, batch)
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
            self.forget()  # the flights made on the way are undone
            raise SomeKnown from error
        return self._gained(connection, batch, gains[0], commit=True)

    def what_is_new(self, connection: Connection, batch: Sorted) -> Settled:
        """Settle what of a batch is not stored yet."""
        with connection.transaction():
            self._screen(batch, self._claim(connection, batch))
            placed = self.placing.rows(connection, batch)
            appended = telemetry.append_new(connection, placed)
            duplicates = batch.by_operator(batch.records[appended.duplicates])
            for operator_id, count in duplicates.items():
                batch.book(operator_id, Account(duplicate=count))
            conflicts = [rejecting.conflicting(batch.item(at)) for at in appended.conflicts]
            batch.quarantined += conflicts
            stored = placed.take(appended.stored)
            settled = self._gained(connection, batch, following.of(placed, stored, batch))
        self.expects_known = len(stored) < len(placed)
        return settled

    def apart(self, connection: Connection, batch: Sorted) -> Settled:
        """Settle a batch of which only what is rejected is left."""
        with connection.transaction():
            kept = self._book_quarantined(connection, batch)
            self.in_doubt = _mark(quarantine.book(connection, self.worker, batch.accounts)())
        return Settled(batch.accounts, kept, None, placing.owed(Rows(batch.records, [], []), batch))

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
                self.in_doubt = foreseen
                connection.execute("COMMIT")
        books = booked()
        if not foreseen:
            self.in_doubt = _mark(books)
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
