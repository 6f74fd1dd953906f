"""Symposiums, and what each publishes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from soramichi.domain.flight import Name
from soramichi.domain.publication import Discretion, Period, Publications, Subject
from soramichi.errors import NotFound
from soramichi.store.pool import AsyncPool, Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Symposium:
    """A gathering at which flights are shown; lasts [starts_at, ends_at), None being no end."""

    symposium_id: str
    name: Name
    place: Name
    starts_at: datetime
    ends_at: datetime | None


def put(connection: Connection, symposium: Symposium) -> None:
    """Write a symposium, over one of the same id; what it publishes stays."""
    connection.execute(
        "INSERT INTO symposiums"
        " (symposium_id, name_ja, name_en, place_ja, place_en, starts_at, ends_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, coalesce(%s, 'infinity'::timestamptz))"
        " ON CONFLICT (symposium_id) DO UPDATE SET name_ja = excluded.name_ja,"
        " name_en = excluded.name_en, place_ja = excluded.place_ja,"
        " place_en = excluded.place_en, starts_at = excluded.starts_at,"
        " ends_at = excluded.ends_at",
        (
            symposium.symposium_id,
            symposium.name.ja,
            symposium.name.en,
            symposium.place.ja,
            symposium.place.en,
            symposium.starts_at,
            symposium.ends_at,
        ),
    )


def publish(
    connection: Connection, symposium_id: str, subjects: Iterable[tuple[Subject, str]]
) -> None:
    """Let a symposium publish these too. Raises `NotFound` for an unknown symposium."""
    _require(connection, symposium_id)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO publications (symposium_id, kind, subject_id) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [(symposium_id, kind.value, subject) for kind, subject in subjects],
        )


def withdraw(
    connection: Connection, symposium_id: str, subjects: Iterable[tuple[Subject, str]]
) -> None:
    """Stop publishing these. Raises `NotFound` for an unknown symposium."""
    _require(connection, symposium_id)
    with connection.cursor() as cursor:
        cursor.executemany(
            "DELETE FROM publications WHERE symposium_id = %s AND kind = %s AND subject_id = %s",
            [(symposium_id, kind.value, subject) for kind, subject in subjects],
        )


def _require(connection: Connection, symposium_id: str) -> None:
    known = connection.execute(
        "SELECT FROM symposiums WHERE symposium_id = %s", (symposium_id,)
    ).fetchone()
    if known is None:
        raise NotFound(f"there is no symposium {symposium_id!r}; `soramichi symposium list`")


def listing(connection: Connection) -> list[tuple[Symposium, list[tuple[Subject, str]]]]:
    """Every symposium, the latest first, with what it publishes."""
    published: dict[str, list[tuple[Subject, str]]] = {}
    for symposium_id, kind, subject in connection.execute(
        "SELECT symposium_id, kind, subject_id FROM publications ORDER BY 1, 2, 3"
    ):
        published.setdefault(symposium_id, []).append((Subject(kind), subject))
    rows = connection.execute(
        "SELECT symposium_id, name_ja, name_en, place_ja, place_en, starts_at,"
        " nullif(ends_at, 'infinity') FROM symposiums ORDER BY starts_at DESC, symposium_id"
    )
    return [
        (
            Symposium(
                symposium_id=row[0],
                name=Name(ja=row[1], en=row[2]),
                place=Name(ja=row[3], en=row[4]),
                starts_at=row[5],
                ends_at=row[6],
            ),
            published.get(row[0], []),
        )
        for row in rows
    ]


def be_discreet(connection: Connection, operator_id: str, discretion: Discretion) -> None:
    """Set how late and how coarse the public sees an operator's aircraft. Raises `NotFound`."""
    changed = connection.execute(
        "UPDATE operators SET public_delay_s = %s, public_grid_deg = %s WHERE operator_id = %s",
        (discretion.delay.total_seconds(), discretion.grid_deg, operator_id),
    )
    if changed.rowcount == 0:
        raise NotFound(f"there is no operator {operator_id!r}")


async def publications(pool: AsyncPool) -> Publications:
    """All that is published, as of now."""
    periods: dict[tuple[Subject, str], list[Period]] = {}
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT kind, subject_id, starts_at, nullif(ends_at, 'infinity')"
            " FROM publications JOIN symposiums USING (symposium_id)"
        )
        for kind, subject, starts_at, ends_at in await cursor.fetchall():
            period = Period(starts_at=starts_at, ends_at=ends_at)
            periods.setdefault((Subject(kind), subject), []).append(period)
        cursor = await connection.execute(
            "SELECT operator_id, public_delay_s, public_grid_deg FROM operators"
            " WHERE public_delay_s > 0 OR public_grid_deg > 0"
        )
        discretions = {
            operator_id: Discretion(delay=timedelta(seconds=delay_s), grid_deg=grid_deg)
            for operator_id, delay_s, grid_deg in await cursor.fetchall()
        }
    return Publications(periods=periods, discretions=discretions)
