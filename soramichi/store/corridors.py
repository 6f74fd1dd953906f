"""Corridors in the database: candidates as they were drawn, and booked airspace.

That two booked corridors keep apart is decided by the exclusion constraint of
`corridor_slices`, not by this module: what it refuses is refused to everyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import errors
from psycopg.types.json import Jsonb

from soramichi.domain.flight import Name
from soramichi.errors import NotFound
from soramichi.store.pool import Connection


class CorridorRecord(NamedTuple):
    """A corridor to keep: `feature` is its GeoJSON line; None where not known.

    `aircraft_id` is the aircraft that is to fly it, and is held to it.
    """

    corridor_id: str
    name: Name
    feature: dict[str, Any]
    operator_id: str | None = None
    departs_at: datetime | None = None
    arrives_at: datetime | None = None
    aircraft_id: str | None = None


class Slice(NamedTuple):
    """A part of a corridor with its half of the separation; all ends are included.

    Seconds since 1970, a ring of (longitude, latitude) in degrees, metres AMSL.
    """

    starts_s: float
    ends_s: float
    footprint: Sequence[tuple[float, float]]
    bottom_amsl_m: float
    top_amsl_m: float


class Wanted(NamedTuple):
    """A corridor to book, and everything it would occupy."""

    name: Name
    feature: dict[str, Any]
    operator_id: str | None
    departs_at: datetime
    arrives_at: datetime
    slices: Sequence[Slice]
    aircraft_id: str | None = None


class Rival(NamedTuple):
    """A booked corridor in the way; `met` are the positions of the wanted slices that it meets."""

    corridor_id: str
    feature: dict[str, Any]
    met: list[int]


class Taken(NamedTuple):
    """The booking was refused. No rivals: they were cancelled meanwhile, and asking again helps."""

    rivals: list[Rival]


class Booked(NamedTuple):
    """A booking as it stands."""

    corridor_id: str
    name: Name
    operator_id: str | None
    departs_at: datetime
    arrives_at: datetime
    booked_at: datetime


def put(connection: Connection, records: Sequence[CorridorRecord]) -> None:
    """Keep candidates, each over one of the same id; what is booked stays as it was booked."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO corridors AS c"
            " (corridor_id, name_ja, name_en, definition, operator_id, departs_at, arrives_at,"
            " aircraft_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (corridor_id) DO UPDATE SET"
            " name_ja = excluded.name_ja, name_en = excluded.name_en,"
            " definition = excluded.definition, operator_id = excluded.operator_id,"
            " departs_at = excluded.departs_at, arrives_at = excluded.arrives_at,"
            " aircraft_id = excluded.aircraft_id"
            " WHERE NOT EXISTS (SELECT FROM bookings b WHERE b.corridor_id = c.corridor_id)",
            [
                (
                    one.corridor_id,
                    one.name.ja,
                    one.name.en,
                    Jsonb(one.feature),
                    one.operator_id,
                    one.departs_at,
                    one.arrives_at,
                    one.aircraft_id,
                )
                for one in records
            ],
        )


def book(connection: Connection, wanted: Wanted) -> str | Taken:
    """Book a corridor: its new id, or who is in the way.

    Raises `NotFound` for an operator that is not registered.
    """
    with connection.transaction():
        _take_turns(connection)
        try:
            with connection.transaction():
                return _insert(connection, wanted)
        except errors.ExclusionViolation:
            return Taken(_rivals(connection, wanted))
        except errors.ForeignKeyViolation:
            raise NotFound(f"there is no operator {wanted.operator_id!r}") from None


def _take_turns(connection: Connection) -> None:
    """Wait for other bookings to end.

    Without this the constraint would hold just as well, but two that meet in several
    slices could wait for each other until the server ends one of them.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('soramichi.bookings'))")


def _insert(connection: Connection, wanted: Wanted) -> str:
    row = connection.execute(
        "SELECT nextval(pg_get_serial_sequence('bookings', 'booking'))"
    ).fetchone()
    assert row is not None  # noqa: S101
    number, corridor_id = row[0], f"booking-{row[0]}"
    put(connection, [CorridorRecord(corridor_id, *wanted[:5], wanted.aircraft_id)])
    connection.execute(
        "INSERT INTO bookings (booking, corridor_id) VALUES (%s, %s)", (number, corridor_id)
    )
    connection.execute(
        "INSERT INTO corridor_slices (booking, position, during, footprint, height)"
        f" SELECT %s, position, during, footprint, height FROM {_SLICES}",
        (number, *_columns(wanted.slices)),
    )
    return corridor_id


_SLICES = (
    "(SELECT (position - 1)::integer AS position,"
    " tstzrange(to_timestamp(s), to_timestamp(e), '[]') AS during, f::polygon AS footprint,"
    " numrange(low::numeric, high::numeric, '[]') AS height"
    " FROM unnest(%s::float8[], %s::float8[], %s::text[], %s::float8[], %s::float8[])"
    " WITH ORDINALITY AS u (s, e, f, low, high, position)) AS w"
)


def _columns(slices: Sequence[Slice]) -> tuple[list[Any], ...]:
    return (
        [one.starts_s for one in slices],
        [one.ends_s for one in slices],
        ["(" + ",".join(f"({x!r},{y!r})" for x, y in one.footprint) + ")" for one in slices],
        [one.bottom_amsl_m for one in slices],
        [one.top_amsl_m for one in slices],
    )


def _rivals(connection: Connection, wanted: Wanted) -> list[Rival]:
    rows = connection.execute(
        "SELECT c.corridor_id, c.definition, array_agg(DISTINCT w.position ORDER BY w.position)"
        f" FROM {_SLICES} JOIN corridor_slices t ON t.during && w.during"
        " AND t.footprint && w.footprint AND t.height && w.height"
        " JOIN bookings b USING (booking) JOIN corridors c USING (corridor_id)"
        " GROUP BY c.corridor_id ORDER BY min(w.position), c.corridor_id",
        _columns(wanted.slices),
    )
    return [Rival(*row) for row in rows.fetchall()]


def bookings(connection: Connection) -> list[Booked]:
    """Every booking, by departure."""
    rows = connection.execute(
        "SELECT corridor_id, name_ja, name_en, operator_id, departs_at, arrives_at, booked_at"
        " FROM bookings JOIN corridors USING (corridor_id) ORDER BY departs_at, booking"
    )
    return [Booked(row[0], Name(ja=row[1], en=row[2]), *row[3:]) for row in rows.fetchall()]


def cancel(connection: Connection, corridor_id: str) -> None:
    """Free what a booking occupied, and forget its corridor. Raises `NotFound`."""
    with connection.transaction():
        _take_turns(connection)
        found = connection.execute(
            "DELETE FROM corridors c USING bookings b"
            " WHERE c.corridor_id = %s AND b.corridor_id = c.corridor_id",
            (corridor_id,),
        )
        if found.rowcount == 0:
            raise NotFound(
                f"there is no booking {corridor_id!r}; `soramichi routes bookings` names them"
            )
