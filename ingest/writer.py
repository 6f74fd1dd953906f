"""Settle a batch of messages in one transaction: stored, duplicate or in quarantine.

Everything a batch changes is committed together or not at all, and committing it
again changes nothing, so a batch may be tried as often as it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import psycopg

from ingest import placing, sorting
from ingest.inbox import Received
from ingest.jumps import Jumps
from ingest.placing import Placing
from ingest.screening import Limits
from ingest.settling import Settled, Settling, SomeKnown
from ingest.sorting import Sorted
from soramichi.store import quarantine, telemetry
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account, Quarantined
from soramichi.store.rows import Records


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
    _settling: Settling = field(init=False)
    _connection: Connection | None = None
    _months: set[datetime] = field(default_factory=set)
    # The batch whose COMMIT, if one is in doubt, was sent but not answered.
    _tried: Sequence[Received] = ()

    def __post_init__(self) -> None:
        self._settling = Settling(self.worker, self.jumps, Placing(self.flight_gap))

    def prepare(self, batch: Sorted) -> None:
        """Do what needs no database; before `settle` any thread may."""
        self._settling.prepare(batch)

    def settle(self, messages: Sequence[Received], batch: Sorted | None = None) -> Settled:
        """Commit the batch, which is what is in the messages if it was sorted before.

        Raises psycopg.Error when the database cannot do it now
        (`soramichi.store.telemetry.is_temporary`) or will never take one of the
        messages (otherwise); then nothing of the batch is in the database.
        """
        batch = batch or sorting.sort(messages, self.limits)
        if not self._settling.expects_known:
            try:
                return self._committed(messages, batch, self._settling.everything)
            except SomeKnown:
                # What a broker sends again it sends in a row.
                self._settling.expects_known = True
                batch = sorting.sort(messages, self.limits)  # the attempt has changed it
        return self._committed(messages, batch, self._settling.what_is_new)

    def refuse(self, messages: Sequence[Received], why: str) -> Settled:
        """Put every good sample of these messages into quarantine as well, without storing it.

        Raises psycopg.Error like `settle`.
        """
        batch = sorting.sort(messages, self.limits)
        batch.refuse(np.arange(len(batch.records)), "store-refused", why)
        return self._committed(messages, batch, self._settling.apart)

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
        except SomeKnown:
            raise
        except BaseException:
            self.close()  # and with it ends the transaction
            raise
        self._settling.in_doubt = None
        return settled

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
            self._settling.forget()
            return rejected.item
        except psycopg.Error:
            self.close()
            raise
        finally:
            self._settling.in_doubt = None  # asked again, a row that is settled says so itself

    def _settle_again(
        self, connection: Connection, quarantine_id: int, batch: Sorted
    ) -> Account | None:
        kept = quarantine.get(connection, quarantine_id, lock=True)
        if kept is None or kept.settled_at is not None:
            return None
        batch.book(kept.item.operator_id or sorting.NOBODY, Account(received=-1, quarantined=-1))
        self._settling.what_is_new(connection, batch)
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
        self._months.clear()
        self._settling.forget()

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
        if self._settling.in_doubt is None:
            return False
        committed = self._tried is messages and quarantine.booked(
            connection, self.worker, self._settling.in_doubt
        )
        self._settling.in_doubt = None
        return committed

    def _ensure_partitions(self, connection: Connection, records: Records) -> None:
        if missing := [one for one in placing.months(records) if one not in self._months]:
            telemetry.ensure_partitions(connection, missing)
            self._months.update(missing)


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
