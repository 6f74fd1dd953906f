"""What still waits for a receipt: the answer of `drain`, of `--status` and of a shutdown."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutstandingFlight:
    """The waiting samples of one flight: how many, and the lowest and highest number."""

    aircraft_id: str
    flight: str
    samples: int
    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Everything in a spool that no receipt covers; false when there is nothing.

    `bytes` counts payload only; `oldest_spooled_s` is Unix time, None when
    nothing waits; `dropped` were given up for room since the spool was made.
    """

    samples: int
    bytes: int
    oldest_spooled_s: int | None
    dropped: int
    flights: tuple[OutstandingFlight, ...]

    def __bool__(self) -> bool:
        return self.samples > 0


def outstanding(db: sqlite3.Connection) -> Outstanding:
    """Read it from an open spool."""
    samples, size, oldest = db.execute(
        "SELECT count(*), coalesce(sum(length(body)), 0), min(spooled_s) FROM waiting"
    ).fetchone()
    dropped = db.execute("SELECT value FROM fact WHERE name='dropped'").fetchone()
    rows = db.execute(
        "SELECT f.aircraft, f.flight, count(*), min(w.seq), max(w.seq) FROM waiting w"
        " JOIN flight f ON f.id = w.flight GROUP BY f.id ORDER BY f.id"
    )
    flights = tuple(OutstandingFlight(*row) for row in rows)
    return Outstanding(samples, size, oldest, dropped[0] if dropped else 0, flights)
