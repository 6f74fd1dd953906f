"""Operators and aircraft: who they are and who owns what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import NamedTuple

from psycopg import Cursor
from psycopg.rows import TupleRow

from soramichi.domain.flight import Aircraft, AircraftClass, Operator
from soramichi.store.pool import Connection
from soramichi.store.recordset import records

# Looked up for each aircraft of each batch, which the enumeration itself takes its time for.
_CLASSES: dict[str, AircraftClass] = {one.value: one for one in AircraftClass}


class Claimed(NamedTuple):
    """Whose an aircraft is, and what."""

    operator_id: str
    aircraft_class: AircraftClass


def claim(
    connection: Connection,
    owners: Mapping[str, str],
    *,
    begin: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, Claimed]:
    """Lock these aircraft for this transaction and return whose and what each is.

    With `begin` the transaction begins here, in the same journey to the database, and `meanwhile`
    is called while that is on its way.

    `owners` maps each aircraft to the operator that now publishes under it; an
    unknown aircraft is registered as that operator's. Rows are locked in the
    order of their ids, so two workers can wait for each other but never in a ring.
    """
    ids = sorted(owners)
    with connection.pipeline() if begin else nullcontext():
        if begin:
            connection.execute("BEGIN")
        rows = _lock(connection, ids)
        meanwhile()
    known = _claimed(rows)
    missing = [aircraft_id for aircraft_id in ids if aircraft_id not in known]
    if not missing:
        return known
    operators = sorted({owners[aircraft_id] for aircraft_id in missing})
    connection.execute(
        "INSERT INTO operators (operator_id, name_ja, name_en)"
        " SELECT o, o, o FROM unnest(%s::text[]) AS o ORDER BY o ON CONFLICT DO NOTHING",
        (operators,),
    )
    connection.execute(
        "INSERT INTO aircraft (aircraft_id, operator_id, name_ja, name_en)"
        " SELECT a, o, a, a FROM unnest(%s::text[], %s::text[]) AS i (a, o) ORDER BY a"
        " ON CONFLICT DO NOTHING",
        (missing, [owners[aircraft_id] for aircraft_id in missing]),
    )
    return _claimed(_lock(connection, ids))


def _lock(connection: Connection, ids: list[str]) -> Cursor[TupleRow]:
    return connection.execute(
        "SELECT aircraft_id, operator_id, aircraft_class FROM aircraft"
        " WHERE aircraft_id = ANY(ARRAY(SELECT json_array_elements_text(%s::json)))"
        " ORDER BY aircraft_id FOR NO KEY UPDATE",
        [records(ids)],
    )


def _claimed(rows: Cursor[TupleRow]) -> dict[str, Claimed]:
    return {
        aircraft_id: Claimed(operator_id, _CLASSES[name])
        for aircraft_id, operator_id, name in rows.fetchall()
    }


def register(
    connection: Connection, operators: Iterable[Operator], aircraft: Iterable[Aircraft]
) -> None:
    """Write names and classes, in the caller's transaction; who owns an aircraft never changes."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO operators (operator_id, name_ja, name_en) VALUES (%s, %s, %s)"
            " ON CONFLICT (operator_id) DO UPDATE"
            " SET name_ja = excluded.name_ja, name_en = excluded.name_en",
            [(one.operator_id, one.name.ja, one.name.en) for one in operators],
        )
        cursor.executemany(
            "INSERT INTO aircraft (aircraft_id, operator_id, name_ja, name_en, aircraft_class)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (aircraft_id) DO UPDATE"
            " SET name_ja = excluded.name_ja, name_en = excluded.name_en,"
            " aircraft_class = excluded.aircraft_class"
            " WHERE aircraft.operator_id = excluded.operator_id",
            [
                (
                    one.aircraft_id,
                    one.operator_id,
                    one.name.ja,
                    one.name.en,
                    one.aircraft_class.value,
                )
                for one in aircraft
            ],
        )
