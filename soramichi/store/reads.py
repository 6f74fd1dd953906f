"""What the API reads: latest states, aircraft, flights and their tracks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from psycopg.rows import class_row, dict_row

from soramichi.domain.flight import Aircraft, AircraftClass, Flight, Name
from soramichi.domain.wire import LiveState, read_live_state
from soramichi.store import arrays, thinning
from soramichi.store.pool import AsyncPool
from soramichi.store.telemetry import SAMPLE_COLUMNS


class Track(NamedTuple):
    """One flight's samples in order of observation, column by column; all of one length.

    `altitude_datum` is the datum of every height, or None when a flight mixes
    several, in which case its heights are not comparable.
    """

    times: list[datetime]
    longitudes_deg: list[float]
    latitudes_deg: list[float]
    altitudes_m: list[float]
    altitude_datum: str | None
    ground_speeds_mps: list[float | None]
    tracks_deg: list[float | None]
    received_at: list[datetime]


async def latest_states(pool: AsyncPool, *, since: datetime) -> list[LiveState]:
    """The newest state of each aircraft received at `since` or later."""
    sample = ", ".join(f"s.{name}" for name in SAMPLE_COLUMNS)
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(
            f"SELECT s.aircraft_id, a.operator_id, s.flight_id, s.received_at, {sample}"
            " FROM latest_state s JOIN aircraft a USING (aircraft_id) WHERE s.received_at >= %s",
            (since,),
        )
        return [read_live_state(row) for row in await cursor.fetchall()]


async def aircraft(pool: AsyncPool) -> dict[str, Aircraft]:
    """Every registered aircraft by its id."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT aircraft_id, operator_id, name_ja, name_en, aircraft_class FROM aircraft"
        )
        return {
            row[0]: Aircraft(
                aircraft_id=row[0],
                operator_id=row[1],
                name=Name(ja=row[2], en=row[3]),
                aircraft_class=AircraftClass(row[4]),
            )
            for row in await cursor.fetchall()
        }


async def flights(
    pool: AsyncPool, *, limit: int, before: tuple[datetime, str] | None = None
) -> list[Flight]:
    """The flights last observed, newest first; `before` continues after that (time, id)."""
    condition = "WHERE (last_observed_at, flight_id) < (%s, %s)" if before else ""
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Flight))
        await cursor.execute(
            "SELECT flight_id, aircraft_id, first_observed_at, last_observed_at, sample_count"
            f" FROM flights {condition} ORDER BY last_observed_at DESC, flight_id DESC LIMIT %s",
            (*(before or ()), limit),
        )
        return await cursor.fetchall()


async def flight(pool: AsyncPool, flight_id: str) -> Flight | None:
    """One flight, or None."""
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Flight))
        await cursor.execute(
            "SELECT flight_id, aircraft_id, first_observed_at, last_observed_at, sample_count"
            " FROM flights WHERE flight_id = %s",
            (flight_id,),
        )
        return await cursor.fetchone()


_TRACK = arrays.aggregates(
    (
        "time",
        "received_at",
        "longitude_deg",
        "latitude_deg",
        "altitude_m",
        "coalesce(ground_speed_mps, 'NaN')",
        "coalesce(track_deg, 'NaN')",
    )
)
# All samples of one flight by the primary key; without the times every partition would be asked.
OF_FLIGHT = (
    "(SELECT * FROM telemetry WHERE aircraft_id = %s AND flight_id = %s"
    " AND time BETWEEN %s AND %s ORDER BY time) AS sample"
)


async def track(pool: AsyncPool, of: Flight, *, points: int) -> Track:
    """A flight's samples, thinned to at most `points` (two or more) that keep its shape in time.

    First and last are kept; see `soramichi.store.thinning`. Empty for a flight without samples.
    """
    async with pool.connection() as connection:
        row = await arrays.fetch(
            connection,
            f"SELECT min(altitude_datum), max(altitude_datum), {_TRACK} FROM {OF_FLIGHT}",
            (of.aircraft_id, of.flight_id, of.first_observed_at, of.last_observed_at),
        )
    # Tens of milliseconds for the longest flights: not on the event loop.
    return await asyncio.to_thread(_thinned, row, points)


def _thinned(row: Sequence[Any], points: int) -> Track:
    lowest, highest, *columns = row
    datum = lowest if lowest == highest else None
    times, received_at = (arrays.integers(column) for column in columns[:2])
    longitudes, latitudes, altitudes, speeds, tracks = (
        arrays.floats(column) for column in columns[2:]
    )
    at = np.arange(len(times))
    if len(times) > points:
        # Heights of several datums are not comparable, so they say nothing about the shape.
        heights = altitudes if datum else np.zeros_like(altitudes)
        place_m = thinning.metres(longitudes, latitudes, heights)
        at = thinning.kept((times - times[0]) / 1e6, place_m, points=points)
    return Track(
        times=arrays.moments(times[at]),
        longitudes_deg=longitudes[at].tolist(),
        latitudes_deg=latitudes[at].tolist(),
        altitudes_m=altitudes[at].tolist(),
        altitude_datum=datum,
        ground_speeds_mps=[None if np.isnan(one) else one for one in speeds[at].tolist()],
        tracks_deg=[None if np.isnan(one) else one for one in tracks[at].tolist()],
        received_at=arrays.moments(received_at[at]),
    )


class Box(NamedTuple):
    """Degrees of longitude and latitude, edges inside; `west_deg` <= `east_deg`."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


class Seen(NamedTuple):
    """One sample found by place and time."""

    aircraft_id: str
    flight_id: str
    time: datetime
    longitude_deg: float
    latitude_deg: float
    altitude_m: float
    altitude_datum: str


WITHIN = (
    f"SELECT {', '.join(Seen._fields)} FROM telemetry_within(%s, %s, %s, %s, %s, %s)"
    " ORDER BY time, aircraft_id LIMIT %s"
)


async def within(
    pool: AsyncPool, box: Box, since: datetime, until: datetime, *, limit: int
) -> list[Seen]:
    """The samples in `box` observed in [since, until), the first `limit` of them by time."""
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Seen))
        await cursor.execute(WITHIN, (*box, since, until, limit))
        return await cursor.fetchall()
