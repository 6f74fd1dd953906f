"""Whole flights for those who run the platform: every stored sample, published or not."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from psycopg.rows import class_row, dict_row

from soramichi.domain.flight import Flight
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import NotFound
from soramichi.store.pool import Connection
from soramichi.store.rows import SAMPLE_COLUMNS

_FLIGHT = (
    "SELECT flight_id, aircraft_id, first_observed_at, last_observed_at, sample_count FROM flights"
)


class Record(NamedTuple):
    """One flight with all its samples, in order of observation."""

    flight: Flight
    samples: list[TelemetrySample]


def listing(connection: Connection, *, limit: int, aircraft_id: str | None = None) -> list[Flight]:
    """The flights last observed, newest first; of one aircraft when it is named, [] if unknown."""
    cursor = connection.cursor(row_factory=class_row(Flight))
    cursor.execute(
        f"{_FLIGHT} WHERE aircraft_id = coalesce(%s, aircraft_id)"
        " ORDER BY last_observed_hour DESC, last_observed_at DESC, flight_id DESC LIMIT %s",
        (aircraft_id, limit),
    )
    return cursor.fetchall()


def record(connection: Connection, flight_id: str) -> Record:
    """One flight whole. Raises `NotFound` for an unknown flight, and for one without samples."""
    flights = connection.cursor(row_factory=class_row(Flight))
    flight = flights.execute(f"{_FLIGHT} WHERE flight_id = %s", (flight_id,)).fetchone()
    if flight is None:
        raise NotFound(f"there is no flight {flight_id!r}; `soramichi flights list` names them")
    rows = connection.cursor(row_factory=dict_row)
    # By the primary key; the flight id alone would ask every partition.
    rows.execute(
        f"SELECT {', '.join(SAMPLE_COLUMNS)} FROM telemetry WHERE aircraft_id = %s"
        " AND flight_id = %s AND time BETWEEN %s AND %s ORDER BY time",
        (flight.aircraft_id, flight_id, flight.first_observed_at, flight.last_observed_at),
    )
    samples = [msgspec.convert(row, TelemetrySample) for row in rows]
    if not samples:
        raise NotFound(f"no sample of flight {flight_id!r} is kept any more")
    return Record(flight, samples)
