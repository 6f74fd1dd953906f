"""Which flight a sample belongs to and which number it has there.

Receipts speak of (flight, number), so that pair must never mean two samples.
Numbers given by the publisher are taken as they are, and refused when they are
used a second time; missing ones are given, contiguous from 0. A sample without
a flight joins one that the bridge names `auto-<start>-<random>`, never the
unnamed one: a second spool, or a wiped one, would begin at 0 in it again, and
old receipts would cover samples that never arrived.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import NamedTuple

from soramichi.bridge.sample import Draft
from soramichi.errors import BadInput


class FlightKey(NamedTuple):
    """Which sequence a sample belongs to."""

    aircraft_id: str
    flight: str


class Spooled(NamedTuple):
    """One accepted sample: its number, or the number of its earlier twin."""

    key: FlightKey
    seq: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class _Flight:
    """A row of the table: the next number to give and the newest observation (Unix time)."""

    id: int
    key: FlightKey
    next_seq: int
    newest_s: float | None

    def restarted(self, draft: Draft) -> bool:
        """A lower number on a later observation: the publisher counts anew, it is not late."""
        if draft.seq is None or draft.seq >= self.next_seq or draft.observed_s is None:
            return False
        return self.newest_s is not None and draft.observed_s > self.newest_s


def insert(db: sqlite3.Connection, draft: Draft, new_flight_after_s: float) -> Spooled:
    """Store one sample as waiting; inside the caller's transaction.

    An unnamed flight ends when the next sample was observed more than
    `new_flight_after_s` later, or when its own numbers restart. Raises
    `BadInput` when a number of a named flight was used for another sample.
    """
    flight = _flight_of(db, draft, new_flight_after_s)
    seq = flight.next_seq if draft.seq is None else draft.seq
    body = draft.body(flight=flight.key.flight, seq=seq)
    if seq < flight.next_seq:
        twin = db.execute(
            "SELECT body FROM waiting WHERE flight=? AND seq=?", (flight.id, seq)
        ).fetchone()
        if twin is not None and twin[0] == body:
            return Spooled(flight.key, seq, duplicate=True)
        if twin is not None or flight.restarted(draft):
            raise BadInput(
                f"seq {seq} of flight {flight.key.flight} of {draft.aircraft_id} was used for "
                f"another sample before; a counter that restarts needs a new flight id"
            )
    db.execute(
        "INSERT INTO waiting (flight, seq, spooled_s, body) VALUES (?,?,?,?)",
        (flight.id, seq, int(time.time()), body),
    )
    times = [t for t in (draft.observed_s, flight.newest_s) if t is not None]
    db.execute(
        "UPDATE flight SET next_seq=?, newest_s=? WHERE id=?",
        (max(flight.next_seq, seq + 1), max(times, default=None), flight.id),
    )
    return Spooled(flight.key, seq, duplicate=False)


def _flight_of(db: sqlite3.Connection, draft: Draft, new_flight_after_s: float) -> _Flight:
    columns = "SELECT id, flight, next_seq, newest_s FROM flight WHERE aircraft=?"
    if draft.flight is not None:
        cursor = db.execute(f"{columns} AND flight=?", (draft.aircraft_id, draft.flight))
    else:
        cursor = db.execute(f"{columns} AND own=1 ORDER BY id DESC LIMIT 1", (draft.aircraft_id,))
    row = cursor.fetchone()
    if row is None:
        return _new_flight(db, draft)
    flight = _Flight(row[0], FlightKey(draft.aircraft_id, row[1]), row[2], row[3])
    if draft.flight is not None:
        return flight
    pause_s = (draft.observed_s or 0.0) - (flight.newest_s or draft.observed_s or 0.0)
    if pause_s > new_flight_after_s or flight.restarted(draft):
        return _new_flight(db, draft)
    return flight


def _new_flight(db: sqlite3.Connection, draft: Draft) -> _Flight:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    name = draft.flight or f"auto-{stamp}-{secrets.token_hex(4)}"
    cursor = db.execute(
        "INSERT INTO flight (aircraft, flight, own, next_seq) VALUES (?,?,?,0)",
        (draft.aircraft_id, name, draft.flight is None),
    )
    assert cursor.lastrowid is not None  # noqa: S101  # just inserted
    return _Flight(cursor.lastrowid, FlightKey(draft.aircraft_id, name), 0, None)
