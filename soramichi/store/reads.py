"""What the API reads: latest states, aircraft, flights and their tracks."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row, dict_row

from soramichi.domain.flight import Aircraft, AircraftClass, Flight, Name
from soramichi.domain.wire import LiveState, read_live_state
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


async def track(pool: AsyncPool, of: Flight, *, points: int) -> Track:
    """A flight's samples, thinned to about `points` evenly spread in order, first and last kept."""
    stride = max(1, -(-of.sample_count // points))
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT time, longitude_deg, latitude_deg, altitude_m, altitude_datum,"
            " ground_speed_mps, track_deg, received_at FROM ("
            "  SELECT *, row_number() OVER (ORDER BY time) AS position,"
            "         count(*) OVER () AS total"
            "  FROM telemetry WHERE aircraft_id = %s AND flight_id = %s"
            "  AND time BETWEEN %s AND %s) AS numbered"
            " WHERE (position - 1) %% %s = 0 OR position = total ORDER BY time",
            (of.aircraft_id, of.flight_id, of.first_observed_at, of.last_observed_at, stride),
        )
        rows = await cursor.fetchall()
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 8
    datums = set(columns[4])
    return Track(
        times=columns[0],
        longitudes_deg=columns[1],
        latitudes_deg=columns[2],
        altitudes_m=columns[3],
        altitude_datum=datums.pop() if len(datums) == 1 else None,
        ground_speeds_mps=columns[5],
        tracks_deg=columns[6],
        received_at=columns[7],
    )
