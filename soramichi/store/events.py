"""Flight events: announced once stored, whole for staff, and as far as they may leave for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString, NamedTuple

import msgspec
import psycopg
from psycopg.rows import TupleRow

from soramichi.domain.events import Event, EventKind, Evidence, Place, Severity
from soramichi.domain.publication import TIME_STEP, Discretion
from soramichi.errors import Unavailable
from soramichi.store.pool import AsyncPool, Connection


class Told(NamedTuple):
    """One stored event; `discretion` is how coarsely its operator is shown to the public.

    `public_id` is what the public calls it: it tells nothing of how many others there are.
    """

    event_id: int
    public_id: str
    operator_id: str
    aircraft_id: str
    event: Event
    discretion: Discretion
    acknowledged_by: str | None
    acknowledged_at: datetime | None


_STEP = f"make_interval(secs => {TIME_STEP // timedelta(seconds=1)})"


def in_steps(column: str) -> str:
    """SQL for what `Discretion.moment` says of a column, the operator being `o`."""
    return (
        f"CASE WHEN o.public_grid_deg = 0 THEN {column}"
        f" ELSE date_bin({_STEP}, {column}, 'epoch'::timestamptz) END"
    )


_COLUMNS = """
    SELECT e.event_id, public_event_id(e.event_id), a.operator_id, e.aircraft_id,
           e.kind, e.severity, e.observed_at, e.flight_id,
           e.longitude_deg, e.latitude_deg, e.altitude_m, e.altitude_datum, e.evidence,
           lower(e.received), upper(e.received), o.public_grid_deg,
           e.acknowledged_by, e.acknowledged_at
"""
_FROM = (
    " FROM flight_events e JOIN aircraft a USING (aircraft_id) JOIN operators o USING (operator_id)"
)
_TOLD = _COLUMNS + _FROM
# Listed kind by kind, so that a new one is private until somebody decides. What tells a position
# finer than the operator's grid stays private with it; a corridor is named where it is published.
_PUBLIC = """
    e.received <@ public_periods(a.operator_id, e.aircraft_id, e.flight_id)
    AND (e.kind IN ('takeoff', 'landing', 'link_lost', 'link_recovered', 'emergency')
      OR (e.kind IN ('geozone_entered', 'geozone_exited') AND o.public_grid_deg = 0)
      OR (e.kind IN ('corridor_deviation', 'corridor_never_entered') AND o.public_grid_deg = 0
          AND EXISTS (SELECT FROM publications p JOIN symposiums s USING (symposium_id)
                       WHERE p.kind = 'corridor' AND p.subject_id = e.evidence #>> '{corridor,id}'
                         AND s.starts_at <= now())))
"""
# As `Discretion.public_from` says.
_LATE = "(upper(e.received) + make_interval(secs => o.public_delay_s))"
_PUBLIC_FROM = f"CASE WHEN o.public_grid_deg = 0 THEN {_LATE} ELSE {_STEP} + {in_steps(_LATE)} END"


async def page(  # noqa: PLR0913  # all keyword-only, each one filter
    pool: AsyncPool,
    *,
    public: bool,
    limit: int,
    flight_id: str | None = None,
    aircraft_id: str | None = None,
    before: tuple[datetime, int | str] | None = None,
) -> list[Told]:
    """Events, the last first as they are shown; `before` continues behind that (time, id).

    The id is the public one for the public.
    """
    key = "public_event_id(e.event_id)" if public else "e.event_id"
    shown = in_steps("e.observed_at") if public else "e.observed_at"
    conditions = [
        _PUBLIC if public else "true",
        "e.flight_id = %(flight)s" if flight_id else "true",
        "e.aircraft_id = %(aircraft)s" if aircraft_id else "true",
    ]
    mark, after = before or ("infinity", "" if public else 0)
    values = {"flight": flight_id, "aircraft": aircraft_id, "limit": limit, "step": TIME_STEP}
    async with pool.connection() as connection:
        cursor = await connection.execute(
            _page(shown, key, " AND ".join(conditions)), {**values, "mark": mark, "after": after}
        )
        return [_told(row) for row in await cursor.fetchall()]


def _page(shown: str, key: str, asked: str) -> str:
    """SQL for a page in the order of what is shown, found by the index of events by time.

    An event is shown at its time or less than a step earlier, so all that belong on the page
    are among those since the earliest of as many that surely come behind the mark.
    """
    return f"""
        WITH near AS (SELECT {shown} AS shown {_FROM} WHERE {asked} AND e.observed_at < %(mark)s
                       ORDER BY e.observed_at DESC LIMIT %(limit)s)
        {_TOLD}
         WHERE {asked} AND e.observed_at < %(mark)s::timestamptz + %(step)s
           AND e.observed_at >= (SELECT CASE WHEN count(*) < %(limit)s THEN '-infinity'
                                             ELSE min(near.shown) END FROM near)
           AND ({shown}, {key}) < (%(mark)s, %(after)s)
         ORDER BY {shown} DESC, {key} DESC LIMIT %(limit)s
    """


class Judged(NamedTuple):
    """An event, whether the public may see it now, and from when on if it may at all.

    `is_early`: that time has not come, by the database's clock, which also says what is public.
    """

    told: Told
    is_public: bool
    public_from: datetime
    is_early: bool


async def judged(pool: AsyncPool, event_ids: Sequence[int]) -> list[Judged]:
    """What is stored of these events, the first observed first."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            f"{_COLUMNS}, ({_PUBLIC}), {_PUBLIC_FROM}, {_PUBLIC_FROM} > now() {_FROM}"
            " WHERE e.event_id = ANY(%s) ORDER BY e.observed_at, e.event_id",
            (list(event_ids),),
        )
        return [Judged(_told(row[:-3]), *row[-3:]) for row in await cursor.fetchall()]


async def later_than(pool: AsyncPool, event_id: int, *, most: int) -> list[int]:
    """The ids of the last events behind this one, in their order; at most so many."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT event_id FROM flight_events WHERE event_id > %s"
            " ORDER BY event_id DESC LIMIT %s",
            (event_id, most),
        )
        return [one for (one,) in await cursor.fetchall()][::-1]


async def acknowledge(pool: AsyncPool, event_id: int, *, by: str) -> Told | None:
    """Say that somebody has seen to an event; who was first stays. None: there is no such event.

    Raises `Unavailable` where the database is a read replica.
    """
    async with pool.connection() as connection:
        await _write(
            connection,
            "UPDATE flight_events SET acknowledged_by = %s, acknowledged_at = now()"
            " WHERE event_id = %s AND acknowledged_at IS NULL",
            (by, event_id),
        )
        cursor = await connection.execute(f"{_TOLD} WHERE e.event_id = %s", (event_id,))
        row = await cursor.fetchone()
        return _told(row) if row else None


async def _write(
    connection: psycopg.AsyncConnection[TupleRow], statement: LiteralString, values: tuple[Any, ...]
) -> None:
    try:
        await connection.execute(statement, values)
    except psycopg.errors.ReadOnlySqlTransaction as error:
        raise Unavailable(
            "this server reads a copy of the database; ask one that is connected to the primary",
            ja="このサーバーは写しのデータベースを読んでいます。正のデータベースにつながるサーバーに頼んでください",
        ) from error


def unpublished(connection: Connection, *, most: int) -> list[Told]:
    """Events that the broker does not have yet, the oldest first, locked for this transaction."""
    rows = connection.execute(
        f"{_TOLD} WHERE e.published_at IS NULL ORDER BY e.event_id LIMIT %s"
        " FOR UPDATE OF e SKIP LOCKED",
        (most,),
    )
    return [_told(row) for row in rows.fetchall()]


def published(connection: Connection, event_ids: Sequence[int]) -> None:
    """The broker has these now."""
    connection.execute(
        "UPDATE flight_events SET published_at = clock_timestamp() WHERE event_id = ANY(%s)",
        (list(event_ids),),
    )


class LinkState(NamedTuple):
    """One aircraft's link as staff sees it; `online` None: its publisher never said."""

    aircraft_id: str
    operator_id: str
    online: bool | None
    heard_at: datetime | None
    last_observed_at: datetime
    last_received_at: datetime
    lost: bool


async def links(pool: AsyncPool, *, limit: int) -> list[LinkState]:
    """The link of each aircraft heard of, the last heard of first."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT s.aircraft_id, a.operator_id, l.online, l.heard_at, s.time, s.received_at,"
            " coalesce((w.state #>> '{alarms,lost}')::boolean, false)"
            " FROM latest_state s JOIN aircraft a USING (aircraft_id)"
            " LEFT JOIN link_states l USING (aircraft_id)"
            " LEFT JOIN flight_watches w USING (aircraft_id)"
            " ORDER BY s.received_at DESC, s.aircraft_id LIMIT %s",
            (limit,),
        )
        return [LinkState(*row) for row in await cursor.fetchall()]


def _told(row: TupleRow) -> Told:
    (event_id, public_id, operator_id, aircraft_id, kind, severity, time, flight_id,
     lon, lat, metres, datum, evidence, received_from, received_to,
     grid_deg, by, at) = row  # fmt: skip
    place: dict[str, Any] = {
        "time": time,
        "flight_id": flight_id,
        "longitude_deg": lon,
        "latitude_deg": lat,
        "altitude_m": metres,
        "altitude_datum": datum,
        "received_from": received_from,
        "received_to": received_to,
    }
    event = Event(
        kind=EventKind(kind),
        severity=Severity(severity),
        place=msgspec.convert(place, Place),
        known_at=received_to,
        evidence=msgspec.convert(evidence, Evidence),
    )
    shown = Discretion(grid_deg=grid_deg)
    return Told(event_id, public_id, operator_id, aircraft_id, event, shown, by, at)
