"""The spool: samples on disk from the moment they are accepted until a receipt covers them.

Pure storage: no broker, no thread of its own. Every call may come from any
thread. Callers of `append` that come together share one commit and so one wait
for the disk.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from soramichi.bridge.numbering import FlightKey, Spooled, insert
from soramichi.bridge.outstanding import Outstanding, outstanding
from soramichi.bridge.receipt import Interval, Receipt
from soramichi.bridge.sample import MAX_BATCH_BYTES, MAX_SAMPLES_PER_MESSAGE, Draft
from soramichi.bridge.spool_file import open_spool
from soramichi.errors import BadInput, SpoolFull, Unavailable

WhenFull = Literal["refuse", "drop-oldest"]

DEFAULT_MAX_BYTES = 1 << 30
DEFAULT_KEEP_S = 86_400.0  # a platform restored from yesterday's backup
DEFAULT_NEW_FLIGHT_AFTER_S = 1_800.0
# What a row costs beyond its body: row and index entry in SQLite's pages, with room to spare.
ROW_BYTES = 96
ROOM_STEP = 512  # rows given up at a time to make room


class Batch(NamedTuple):
    """Samples of one flight, ascending in `seqs`, not more than one message carries."""

    seqs: tuple[int, ...]
    payload: bytes


class Ends(NamedTuple):
    """A stretch of waiting samples; both ends None when there is none."""

    samples: int
    first: int | None
    last: int | None


class Settled(NamedTuple):
    """What one receipt changed."""

    samples: int  # covered by it and no longer waiting
    doubted: int  # kept as covered earlier, and not covered by this one


@dataclass(slots=True)
class _Request:
    drafts: Sequence[Draft]
    result: list[Spooled] | None = None
    error: Exception | None = None


class Spool:
    """Samples waiting for a receipt, and for `keep_s` seconds after it.

    At `max_bytes` of used pages, samples that were receipted go first; then
    `when_full` decides: "refuse" raises `SpoolFull` and keeps what it has,
    "drop-oldest" gives up the oldest waiting samples and counts them in
    `dropped`. The write-ahead log comes on top, about 16 MiB.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        when_full: WhenFull = "refuse",
        keep_s: float = DEFAULT_KEEP_S,
        new_flight_after_s: float = DEFAULT_NEW_FLIGHT_AFTER_S,
    ) -> None:
        self._db, self._file_lock = open_spool(path)
        self._max_bytes = max_bytes
        self._when_full = when_full
        self._keep_s = keep_s
        self._new_flight_after_s = new_flight_after_s
        self._page_bytes: int = self._db.execute("PRAGMA page_size").fetchone()[0]
        self._lock = threading.Lock()
        self._requests: list[_Request] = []
        self._requests_lock = threading.Lock()

    # ---- writing ---------------------------------------------------------------------------

    def append(self, drafts: Sequence[Draft]) -> list[Spooled]:
        """Number and store these samples, all or none; on disk when it returns.

        A sample that waits already is a duplicate, not an error. Raises
        `BadInput` when a `seq` was used for another sample, `SpoolFull` at the
        bound, `Unavailable` when the disk refuses.
        """
        request = _Request(drafts)
        with self._requests_lock:
            self._requests.append(request)
        with self._lock:
            if request.result is None and request.error is None:
                with self._requests_lock:
                    together, self._requests = self._requests, []
                self._append_together(together)
        if request.error is not None:
            raise request.error
        assert request.result is not None  # noqa: S101  # one of the two was set under the lock
        return request.result

    def _append_together(self, requests: list[_Request]) -> None:
        """Store what several callers brought in one transaction; each succeeds or fails alone."""
        done: list[tuple[_Request, list[Spooled]]] = []
        try:
            with self._transaction():
                for request in requests:
                    self._db.execute("SAVEPOINT request")
                    try:
                        self._make_room(request.drafts)
                        done.append((request, self._number(request.drafts)))
                    except (BadInput, SpoolFull) as error:
                        request.error = error
                        self._db.execute("ROLLBACK TO request")
                    self._db.execute("RELEASE request")
        except Unavailable as error:
            for request in requests:
                request.error = request.error or error
            return
        for request, result in done:
            request.result = result

    def _number(self, drafts: Sequence[Draft]) -> list[Spooled]:
        return [insert(self._db, draft, self._new_flight_after_s) for draft in drafts]

    # ---- the bound -------------------------------------------------------------------------

    def _make_room(self, drafts: Sequence[Draft]) -> None:
        # A body grows by the names and values of seq and flight, at most 110 bytes.
        need = sum(len(draft.text) + 110 + ROW_BYTES for draft in drafts)
        while self._used_bytes() + need > self._max_bytes:
            if self._delete_oldest("kept"):
                continue
            if self._when_full == "refuse" or not (dropped := self._delete_oldest("waiting")):
                raise SpoolFull(
                    f"the spool holds its {self._max_bytes} bytes of samples without a receipt; "
                    f"restore the link, or allow more with --max-bytes"
                )
            self._add_to_fact("dropped", dropped)

    def _used_bytes(self) -> int:
        pages: int = self._db.execute("PRAGMA page_count").fetchone()[0]
        free: int = self._db.execute("PRAGMA freelist_count").fetchone()[0]
        return (pages - free) * self._page_bytes

    def _delete_oldest(self, table: str) -> int:
        return self._db.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT ?)",  # noqa: S608
            (ROOM_STEP,),
        ).rowcount

    def _add_to_fact(self, name: str, amount: int) -> None:
        self._db.execute(
            "INSERT INTO fact VALUES (?,?) ON CONFLICT DO UPDATE SET value=value+excluded.value",
            (name, amount),
        )

    # ---- receipts --------------------------------------------------------------------------

    def settle(self, aircraft_id: str, receipt: Receipt, *, believe_loss: bool) -> Settled:
        """Take from the waiting samples what a receipt covers; empty when it is of no flight here.

        A receipt that no longer covers samples which an earlier one covered
        means that the platform lost them. With `believe_loss` those that are
        still kept wait again.
        """
        with self._lock, self._transaction():
            row = self._db.execute(
                "SELECT id, next_seq FROM flight WHERE aircraft=? AND flight=?",
                (aircraft_id, receipt.flight),
            ).fetchone()
            if row is None:
                return Settled(0, 0)
            flight_id, next_seq = row
            samples = sum(self._cover(flight_id, interval) for interval in receipt.settled())
            doubted = 0
            for interval in receipt.owed(next_seq - 1) if self._keep_s else ():
                doubted += self._uncover(flight_id, interval, believe_loss=believe_loss)
            return Settled(samples, doubted)

    def _cover(self, flight_id: int, interval: Interval) -> int:
        if self._keep_s:
            self._db.execute(
                "INSERT OR IGNORE INTO kept (flight, seq, kept_s, body) SELECT flight, seq, ?, body"
                " FROM waiting WHERE flight=? AND seq BETWEEN ? AND ? ORDER BY seq",
                (int(time.time()), flight_id, *interval),
            )
        return self._db.execute(
            "DELETE FROM waiting WHERE flight=? AND seq BETWEEN ? AND ?", (flight_id, *interval)
        ).rowcount

    def _uncover(self, flight_id: int, interval: Interval, *, believe_loss: bool) -> int:
        where = "FROM kept WHERE flight=? AND seq BETWEEN ? AND ?"
        count: int = self._db.execute(
            f"SELECT count(*) {where}", (flight_id, *interval)
        ).fetchone()[0]
        if count and believe_loss:
            self._db.execute(
                "INSERT OR IGNORE INTO waiting (flight, seq, spooled_s, body)"
                f" SELECT flight, seq, kept_s, body {where} ORDER BY seq",
                (flight_id, *interval),
            )
            self._db.execute(f"DELETE {where}", (flight_id, *interval))
        return count

    def forget(self, now_s: float) -> int:
        """Delete what was receipted more than `keep_s` seconds before `now_s` (Unix time)."""
        with self._lock, self._transaction():
            return self._db.execute(
                "DELETE FROM kept WHERE id < coalesce("
                "(SELECT id FROM kept WHERE kept_s > ? ORDER BY id LIMIT 1), 1 << 62)",
                (now_s - self._keep_s,),
            ).rowcount

    # ---- reading ---------------------------------------------------------------------------

    def batch(self, key: FlightKey, first: int, last: int) -> Batch | None:
        """The lowest waiting samples of first..last (closed) that fit a message; None: none."""
        seqs: list[int] = []
        bodies: list[bytes] = []
        room = MAX_BATCH_BYTES
        with self._lock:
            rows = self._db.execute(
                "SELECT seq, body FROM waiting WHERE flight=(SELECT id FROM flight WHERE aircraft=?"
                " AND flight=?) AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
                (*key, first, last, MAX_SAMPLES_PER_MESSAGE),
            )
            for seq, body in rows:
                room -= len(body) + 1
                if room < 0 and seqs:
                    break
                seqs.append(seq)
                bodies.append(body)
        if not seqs:
            return None
        return Batch(tuple(seqs), bodies[0] if len(seqs) == 1 else b"[" + b",".join(bodies) + b"]")

    def newest_kept(self, key: FlightKey) -> bytes | None:
        """A sample to ask after, for a flight whose every sample is receipted; None: not kept."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM kept WHERE flight=(SELECT id FROM flight WHERE aircraft=?"
                " AND flight=?) ORDER BY seq DESC LIMIT 1",
                key,
            ).fetchone()
        return row[0] if row else None

    def ends(self, key: FlightKey, *, below: int) -> Ends:
        """How many samples numbered under `below` wait, and the lowest and highest of them."""
        with self._lock:
            row = self._db.execute(
                "SELECT count(*), min(seq), max(seq) FROM waiting WHERE flight=(SELECT id FROM"
                " flight WHERE aircraft=? AND flight=?) AND seq < ?",
                (*key, below),
            ).fetchone()
        return Ends(*row)

    def flights(self) -> list[FlightKey]:
        """Every flight with a sample waiting or kept, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT aircraft, flight FROM flight f WHERE EXISTS (SELECT 1 FROM waiting"
                " WHERE flight=f.id) OR EXISTS (SELECT 1 FROM kept WHERE flight=f.id) ORDER BY id"
            ).fetchall()
        return [FlightKey(*row) for row in rows]

    def fact(self, name: str, default: str | int) -> str | int:
        """A lasting fact by its name; `default` is written when it has none yet."""
        with self._lock, self._transaction():
            self._db.execute("INSERT OR IGNORE INTO fact VALUES (?,?)", (name, default))
            row = self._db.execute("SELECT value FROM fact WHERE name=?", (name,)).fetchone()
            value: str | int = row[0]
            return value

    def empty(self) -> bool:
        """Whether nothing waits; cheap, however much does."""
        with self._lock:
            return self._db.execute("SELECT 1 FROM waiting LIMIT 1").fetchone() is None

    def outstanding(self) -> Outstanding:
        """Everything that waits."""
        with self._lock:
            return outstanding(self._db)

    def close(self) -> None:
        """Let go of the file; what waits stays in it."""
        with self._lock:
            self._db.close()
            if self._file_lock is not None:
                self._file_lock.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise Unavailable(f"the spool cannot be written: {error}") from error
