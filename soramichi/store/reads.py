"""What the API reads: latest states, aircraft, flights and their tracks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from psycopg.rows import class_row, dict_row

from soramichi.domain.flight import Aircraft, AircraftClass, Flight, Name
from soramichi.domain.publication import HEIGHT_STEP_M, TIME_STEP, Discretion
from soramichi.domain.wire import LiveState, read_live_state
from soramichi.store import arrays, thinning
from soramichi.store.arrays import Integers
from soramichi.store.events import in_steps
from soramichi.store.pool import AsyncPool
from soramichi.store.rows import SAMPLE_COLUMNS


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


LATEST_STATES = f"""
    SELECT s.aircraft_id, a.operator_id, s.flight_id, s.received_at,
           {", ".join(f"s.{name}" for name in SAMPLE_COLUMNS)}
      FROM latest_state s JOIN aircraft a USING (aircraft_id)
     WHERE s.received_at >= %(since)s
       AND s.received_hour >= date_bin('1 hour', %(since)s, 'epoch')
"""


async def latest_states(pool: AsyncPool, *, since: datetime) -> list[LiveState]:
    """The newest state of each aircraft received at `since` or later."""
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(LATEST_STATES, {"since": since})
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


# A flight with what of it is public: all of it when it was received while it was published (known
# from the flight alone), else what its samples say; no row when that is nothing. Where the operator
# is shown coarsely it begins and ends with a step of time, and how many samples it has is not told:
# at a known rate that would be its length to a fraction of a second.
_PUBLIC_FLIGHTS = f"""
    SELECT f.flight_id, f.aircraft_id, p.first_observed_at, p.last_observed_at, p.sample_count
      FROM flights f JOIN aircraft a USING (aircraft_id) JOIN operators o USING (operator_id)
     CROSS JOIN LATERAL public_periods(a.operator_id, f.aircraft_id, f.flight_id) AS periods
     CROSS JOIN LATERAL tstzrange(f.first_received_at, f.last_received_at, '[]') AS received
     CROSS JOIN LATERAL (
           SELECT {in_steps("q.first_observed_at")}, {in_steps("q.last_observed_at")},
                  CASE WHEN o.public_grid_deg = 0 THEN q.sample_count END
             FROM (
           SELECT f.first_observed_at, f.last_observed_at, f.sample_count
            WHERE received <@ periods AND f.sample_count > 0
           UNION ALL
           SELECT min(t.time), max(t.time), count(*) FROM telemetry t
            WHERE received && periods AND NOT received <@ periods
              AND t.aircraft_id = f.aircraft_id AND t.flight_id = f.flight_id
              AND t.time BETWEEN f.first_observed_at AND f.last_observed_at
              AND t.received_at <@ periods
           HAVING count(*) > 0) AS q (first_observed_at, last_observed_at, sample_count)
           ) AS p (first_observed_at, last_observed_at, sample_count)
"""


# What is shown of a flight ends no later than the flight, so all that belong on a page are among
# those observed since the earliest of as many that surely come behind the mark. Asked first, since
# the planner reads the whole table for a bound that it does not know.
EARLIEST = f"""
    WITH near AS ({_PUBLIC_FLIGHTS} WHERE f.last_observed_at < %(mark)s
                     AND f.last_observed_hour <= date_bin('1 hour', %(mark)s, 'epoch')
                   ORDER BY f.last_observed_hour DESC, f.last_observed_at DESC LIMIT %(limit)s)
    SELECT CASE WHEN count(*) < %(limit)s THEN '-infinity' ELSE min(near.last_observed_at) END::text
      FROM near
"""
PAGE = f"""{_PUBLIC_FLIGHTS}
     WHERE f.last_observed_at >= %(earliest)s
       AND f.last_observed_hour >= date_bin('1 hour', %(earliest)s, 'epoch')
       AND (p.last_observed_at, f.flight_id) < (%(mark)s, %(after)s)
     ORDER BY p.last_observed_at DESC, f.flight_id DESC LIMIT %(limit)s
"""


async def public_flights(pool: AsyncPool, *, limit: int, after: str | None = None) -> list[Flight]:
    """The public flights, the last shown first, each as far as it is public.

    Their order follows what is shown and nothing else: that a delayed one flies on is not told.
    `after` continues behind that flight; one that is not public gives [], like an unknown one.
    """
    mark: datetime | str = "infinity"
    if after is not None:
        known = await public_flight(pool, after)
        if known is None:
            return []
        mark = known.last_observed_at
    async with pool.connection() as connection:
        found = await connection.execute(EARLIEST, {"mark": mark, "limit": limit})
        [(earliest,)] = await found.fetchall()
        cursor = connection.cursor(row_factory=class_row(Flight))
        await cursor.execute(
            PAGE, {"earliest": earliest, "mark": mark, "after": after or "", "limit": limit}
        )
        return await cursor.fetchall()


async def public_flight(pool: AsyncPool, flight_id: str) -> Flight | None:
    """One flight as far as it is public; None when nothing of it is, or there is none."""
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Flight))
        await cursor.execute(f"{_PUBLIC_FLIGHTS} WHERE f.flight_id = %s", (flight_id,))
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


# The same, but only what was received while it was published and long enough ago.
_PUBLIC_PART = (
    "(SELECT * FROM telemetry WHERE aircraft_id = %s AND flight_id = %s"
    " AND time BETWEEN %s AND %s AND received_at <@ (SELECT"
    " public_periods(a.operator_id, f.aircraft_id, f.flight_id)"
    " FROM flights f JOIN aircraft a USING (aircraft_id) WHERE f.flight_id = %s)"
    " ORDER BY time) AS sample"
)


_STEP_US = TIME_STEP // timedelta(microseconds=1)


async def public_track(pool: AsyncPool, of: Flight, *, points: int) -> Track:
    """A flight's public samples, thinned to at most `points` (two or more) that keep its shape.

    First and last are kept; see `soramichi.store.thinning`. Empty for a flight without samples.
    Where the operator is shown coarsely there is no speed, no direction and one sample a step of
    time, as on the live map.
    """
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT public_grid_deg FROM aircraft JOIN operators USING (operator_id)"
            " WHERE aircraft_id = %s",
            (of.aircraft_id,),
        )
        [(grid_deg,)] = await cursor.fetchall()
        discretion = Discretion(grid_deg=grid_deg)
        # The last step that is shown is known by its beginning.
        until = of.last_observed_at + (TIME_STEP if discretion.is_coarse else timedelta(0))
        row = await arrays.fetch(
            connection,
            f"SELECT min(altitude_datum), max(altitude_datum), {_TRACK} FROM {_PUBLIC_PART}",
            (
                of.aircraft_id,
                of.flight_id,
                of.first_observed_at,
                until,
                of.flight_id,
            ),
        )
    # Tens of milliseconds for the longest flights: not on the event loop.
    return await asyncio.to_thread(_thinned, row, points, discretion)


def _thinned(row: Sequence[Any], points: int, discretion: Discretion) -> Track:
    lowest, highest, *columns = row
    datum = lowest if lowest == highest else None
    times, received_at = (arrays.integers(column) for column in columns[:2])
    longitudes, latitudes, altitudes, speeds, tracks = (
        arrays.floats(column) for column in columns[2:]
    )
    at = np.arange(len(times))
    if discretion.is_coarse:
        # Before all else, so that which samples are kept tells nothing either.
        at = _first_of_each_step(times)
        times, received_at = (column - column % _STEP_US for column in (times, received_at))
        longitudes, latitudes = (
            np.array([discretion.coarse(one) for one in column.tolist()])
            for column in (longitudes, latitudes)
        )
        altitudes = np.round(altitudes / HEIGHT_STEP_M) * HEIGHT_STEP_M
        speeds, tracks = np.full_like(speeds, np.nan), np.full_like(tracks, np.nan)
    if len(at) > points:
        # Heights of several datums are not comparable, so they say nothing about the shape.
        heights = altitudes if datum else np.zeros_like(altitudes)
        place_m = thinning.metres(longitudes[at], latitudes[at], heights[at])
        at = at[thinning.kept((times[at] - times[0]) / 1e6, place_m, points=points)]
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


def _first_of_each_step(times: Integers) -> Integers:
    """Where, in times that ascend, each step of time begins; they count from a step's beginning."""
    steps = times // _STEP_US
    return np.flatnonzero(np.diff(steps, prepend=steps[:1] - 1))


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
