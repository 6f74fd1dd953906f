"""Zones in the database: each once by source and identifier, as the features it was read into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from soramichi.domain.flight import Name
from soramichi.store.pool import AsyncPool, Connection


class ZoneRecord(NamedTuple):
    """One zone to keep.

    `features` is its GeoJSON, one feature for each of its volumes, and
    `outline` one feature around them all.
    `box` is (west, south, east, north) in degrees, None when the zone could be
    anywhere; `valid_from` and `valid_until` are None where it has no such limit.
    """

    source: str
    identifier: str
    name: Name
    zone_type: str
    box: tuple[float, float, float, float] | None
    valid_from: datetime | None
    valid_until: datetime | None
    features: list[dict[str, Any]]
    outline: dict[str, Any]


class Kept(NamedTuple):
    """What an import did; `absent` names zones of the same sources, or all, not in it."""

    added: int
    changed: int
    unchanged: int
    absent: list[str]


def put(
    connection: Connection,
    records: Sequence[ZoneRecord],
    *,
    prune: bool = False,
    only: bool = False,
) -> Kept:
    """Add zones and update those known, in one transaction.

    `prune` removes those of the same sources that are absent; `only` removes all others.
    """
    added = changed = 0
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO geozones AS g (source, identifier, name_ja, name_en, zone_type,"
            " west_deg, south_deg, east_deg, north_deg, valid_from, valid_until, definition,"
            " outline) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (source, identifier) DO UPDATE SET name_ja = excluded.name_ja,"
            " name_en = excluded.name_en, zone_type = excluded.zone_type,"
            " west_deg = excluded.west_deg, south_deg = excluded.south_deg,"
            " east_deg = excluded.east_deg, north_deg = excluded.north_deg,"
            " valid_from = excluded.valid_from, valid_until = excluded.valid_until,"
            " definition = excluded.definition, outline = excluded.outline,"
            " imported_at = now() WHERE g.definition <> excluded.definition"
            " RETURNING xmax = 0",
            [
                (
                    one.source,
                    one.identifier,
                    one.name.ja,
                    one.name.en,
                    one.zone_type,
                    *(one.box or (None,) * 4),
                    one.valid_from,
                    one.valid_until,
                    Jsonb({"features": one.features}),
                    Jsonb(one.outline),
                )
                for one in records
            ],
            returning=True,
        )
        for result in cursor.results():
            row = result.fetchone()
            added += row is not None and row[0]
            changed += row is not None and not row[0]
        absent = _absent(connection, records, everywhere=only)
        if prune or only:
            cursor.executemany("DELETE FROM geozones WHERE source = %s AND identifier = %s", absent)
    unchanged = len(records) - added - changed
    return Kept(added, changed, unchanged, [identifier for _, identifier in absent])


def _absent(
    connection: Connection, records: Iterable[ZoneRecord], *, everywhere: bool
) -> list[tuple[str, str]]:
    present = {(one.source, one.identifier) for one in records}
    known = connection.execute(
        "SELECT source, identifier FROM geozones WHERE %s OR source = ANY(%s) ORDER BY 1, 2",
        (everywhere, sorted({source for source, _ in present})),
    )
    return [(source, identifier) for source, identifier in known.fetchall()
            if (source, identifier) not in present]  # fmt: skip


_ROWS = "SELECT definition -> 'features' FROM geozones ORDER BY source, identifier"


def zones(connection: Connection) -> list[list[dict[str, Any]]]:
    """Every zone as the features of its volumes, in the order of source and identifier."""
    return [features for (features,) in connection.execute(_ROWS).fetchall()]


async def public_zones(pool: AsyncPool) -> list[list[dict[str, Any]]]:
    """The same for the API: zones are public by their nature."""
    async with pool.connection() as connection:
        cursor = await connection.execute(_ROWS)
        return [features for (features,) in await cursor.fetchall()]


async def version(pool: AsyncPool) -> tuple[object, ...]:
    """What differs whenever a zone was added, changed or removed."""
    async with pool.connection() as connection:
        # The transaction that wrote each row; `imported_at` is only when that one began.
        cursor = await connection.execute(
            "SELECT count(*), max(imported_at), sum(xmin::text::bigint) FROM geozones"
        )
        [found] = await cursor.fetchall()
    return found


async def public_outlines(pool: AsyncPool) -> list[dict[str, Any]]:
    """One feature for each zone, for drawing: zones are public by their nature."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT outline FROM geozones ORDER BY source, identifier"
        )
        return [outline for (outline,) in await cursor.fetchall()]


async def public_corridors(pool: AsyncPool) -> list[dict[str, Any]]:
    """The features of the corridors that a symposium now under way, or past, publishes."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT definition FROM corridors c WHERE EXISTS ("
            " SELECT FROM publications p JOIN symposiums s USING (symposium_id)"
            " WHERE p.kind = 'corridor' AND p.subject_id = c.corridor_id"
            " AND s.starts_at <= now()) ORDER BY corridor_id"
        )
        return [definition for (definition,) in await cursor.fetchall()]


def listing(connection: Connection) -> list[tuple[str, str, str, str, datetime]]:
    """(source, identifier, Japanese name, type, import time) of every zone."""
    return connection.execute(
        "SELECT source, identifier, name_ja, zone_type, imported_at FROM geozones ORDER BY 1, 2"
    ).fetchall()
