"""What the watch over aircraft reads and writes, so that it loses nothing and tells nothing twice.

A round locks some aircraft, reads what was committed of them since, and writes
their new states and events, all in one transaction. Other watchers pass over
aircraft that are locked, so any number may run, and one that is killed has done
nothing or everything.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from soramichi.domain.conformance import Watch
from soramichi.domain.events import Event
from soramichi.domain.telemetry import TelemetrySample
from soramichi.domain.tracking import Fix
from soramichi.store.pool import Connection
from soramichi.store.rows import SAMPLE_COLUMNS

log = logging.getLogger(__name__)


class Watched(NamedTuple):
    """One locked aircraft: how far its watch has come, what it knows, what is said of its link."""

    aircraft_id: str
    observed_through: datetime
    watch: Watch
    offline_since: datetime | None


# An aircraft new to the watch is taken from the beginning of the flight it is on.
_FOUND = """
    INSERT INTO flight_watches (aircraft_id, observed_through)
    SELECT s.aircraft_id, f.first_observed_at - interval '1 microsecond'
      FROM latest_state s JOIN flights f USING (flight_id)
     WHERE NOT EXISTS (SELECT FROM flight_watches w WHERE w.aircraft_id = s.aircraft_id)
     ORDER BY s.aircraft_id
    ON CONFLICT DO NOTHING
"""
_LOCKED = """
    SELECT w.aircraft_id, w.observed_through, w.state,
           (SELECT heard_at FROM link_states l WHERE l.aircraft_id = w.aircraft_id AND NOT online)
      FROM flight_watches w JOIN latest_state s USING (aircraft_id)
     WHERE s.time > w.observed_through OR w.due_at <= %s
     ORDER BY w.aircraft_id LIMIT %s
       FOR UPDATE OF w SKIP LOCKED
"""


def lock(connection: Connection, *, now: datetime, most: int) -> list[Watched]:
    """Lock aircraft with something to look at, at most so many; [] when there is nothing."""
    connection.execute(_FOUND)
    rows = connection.execute(_LOCKED, (now, most)).fetchall()
    return [
        Watched(aircraft_id, through, _state(aircraft_id, state), offline)
        for aircraft_id, through, state, offline in rows
    ]


def _state(aircraft_id: str, stored: object) -> Watch:
    """What was known; nothing where another release wrote what this one cannot read."""
    try:
        return msgspec.convert(stored, Watch)
    except msgspec.ValidationError as error:
        log.warning("the watch over %s begins anew: %s", aircraft_id, error)
        return Watch()


# Up to the newest observation that was stored long enough ago, whatever came in between: what
# was observed earlier and stored later may still be on its way. Doubted samples prove nothing.
_FIXES = f"""
    SELECT w.a AS aircraft_id, t.* FROM unnest(%s::text[], %s::timestamptz[]) AS w (a, since),
           LATERAL (SELECT max(h.time) AS time FROM telemetry h
                     WHERE h.aircraft_id = w.a AND h.time > w.since
                       AND h.stored_at <= now() - %s::interval AND h.flags IS NULL) AS until,
           LATERAL (SELECT flight_id, received_at, {", ".join(SAMPLE_COLUMNS)} FROM telemetry s
                     WHERE s.aircraft_id = w.a AND s.time > w.since AND s.time <= until.time
                       AND s.flags IS NULL ORDER BY s.time LIMIT %s) AS t
     ORDER BY w.a, t.time
"""


def fixes(
    connection: Connection, watched: Sequence[Watched], *, lateness: timedelta, most: int
) -> dict[str, list[Fix]]:
    """What was observed of each since, in order of time, at most so many of each."""
    cursor = connection.cursor(row_factory=dict_row)
    cursor.execute(
        _FIXES,
        (
            [one.aircraft_id for one in watched],
            [one.observed_through for one in watched],
            lateness,
            most,
        ),
    )
    found: dict[str, list[Fix]] = {}
    for row in cursor:
        sample = msgspec.convert({name: row[name] for name in SAMPLE_COLUMNS}, TelemetrySample)
        fix = Fix(sample, row["flight_id"], row["received_at"])
        found.setdefault(row["aircraft_id"], []).append(fix)
    return found


class Progress(NamedTuple):
    """How far the watch over one aircraft has come now."""

    aircraft_id: str
    observed_through: datetime
    watch: Watch
    due_at: datetime | None


def advance(connection: Connection, progress: Sequence[Progress]) -> None:
    """Keep what is known now, in the transaction that locked these aircraft."""
    connection.execute(
        "UPDATE flight_watches w SET observed_through = i.through, state = i.state, due_at = i.due"
        " FROM unnest(%s::text[], %s::timestamptz[], %s::jsonb[], %s::timestamptz[])"
        " AS i (a, through, state, due) WHERE w.aircraft_id = i.a",
        (
            [one.aircraft_id for one in progress],
            [one.observed_through for one in progress],
            [Jsonb(msgspec.to_builtins(one.watch)) for one in progress],
            [one.due_at for one in progress],
        ),
    )


def tell(connection: Connection, events: Iterable[tuple[str, Event]]) -> int:
    """Store events of aircraft that are not there yet; how many were new."""
    rows = [_row(aircraft_id, event) for aircraft_id, event in events]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO flight_events (kind, aircraft_id, flight_id, observed_at, longitude_deg,"
            " latitude_deg, altitude_m, altitude_datum, severity, evidence, subject, received)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, tstzrange(%s, %s, '[]'))"
            " ON CONFLICT ON CONSTRAINT flight_events_once DO NOTHING",
            rows,
        )
        return cursor.rowcount


def _row(aircraft_id: str, event: Event) -> tuple[Any, ...]:
    place = event.place
    return (
        event.kind.value,
        aircraft_id,
        place.flight_id,
        place.time,
        place.longitude_deg,
        place.latitude_deg,
        place.altitude_m,
        place.altitude_datum.value,
        event.severity.value,
        Jsonb(msgspec.to_builtins(event.evidence)),
        event.subject,
        place.received_from,
        max(event.known_at, place.received_from),
    )


class Heard(NamedTuple):
    """What a publisher said of its connection; `retained`: some time ago, nobody knows when."""

    operator_id: str
    aircraft_ids: list[str]
    online: bool
    at: datetime
    retained: bool


def hear(connection: Connection, heard: Heard) -> None:
    """Keep what was said of these aircraft's link, as far as they are the operator's own.

    What the broker had retained is old: it changes nothing when it is known already.
    """
    connection.execute(
        "INSERT INTO link_states AS l (aircraft_id, online, heard_at)"
        " SELECT aircraft_id, %(online)s, %(at)s FROM aircraft"
        " WHERE operator_id = %(operator_id)s AND aircraft_id = ANY(%(aircraft_ids)s)"
        " ORDER BY aircraft_id"
        " ON CONFLICT (aircraft_id) DO UPDATE"
        " SET online = excluded.online, heard_at = excluded.heard_at"
        " WHERE NOT %(retained)s OR l.online <> excluded.online",
        heard._asdict(),
    )
    if not heard.online:
        # So that the clock is asked in time, whatever the watch planned.
        connection.execute(
            "UPDATE flight_watches SET due_at = least(due_at, %s)"
            " WHERE aircraft_id = ANY(%s) AND due_at IS NOT NULL",
            (heard.at, heard.aircraft_ids),
        )


class Assigned(NamedTuple):
    """A corridor as it is stored, and whose it is to fly."""

    aircraft_id: str
    corridor_id: str
    name_ja: str
    name_en: str
    departs_at: datetime | None
    arrives_at: datetime | None
    feature: dict[str, Any]


def assigned(connection: Connection, *, since: datetime) -> list[Assigned]:
    """The corridors that aircraft of the same operator are to fly, but for those over by then."""
    return [
        Assigned(*row)
        for row in connection.execute(
            "SELECT aircraft_id, corridor_id, c.name_ja, c.name_en, departs_at, arrives_at,"
            " definition"
            " FROM corridors c JOIN aircraft a USING (aircraft_id)"
            " WHERE coalesce(c.operator_id, a.operator_id) = a.operator_id"
            " AND (arrives_at IS NULL OR arrives_at >= %s) ORDER BY aircraft_id, corridor_id",
            (since,),
        )
    ]


def zones_version(connection: Connection) -> str:
    """What changes when the stored zones do."""
    row = connection.execute(
        "SELECT count(*), max(imported_at), max(source || identifier) FROM geozones"
    ).fetchone()
    return str(row)
