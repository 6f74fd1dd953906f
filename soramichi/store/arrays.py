"""Long columns out of the database as numpy arrays, without an object for each value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Where PostgreSQL's timestamps count microseconds from.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# Before its elements a one-dimensional array in PostgreSQL's binary format has five integers:
# dimensions, null flag, element type, length, lower bound. Each element follows its own length.
_HEADER_BYTES = 20


def aggregates(expressions: Sequence[str]) -> str:
    """A select list that gives each expression's values, in the order of the rows, as bytes.

    The expressions are eight bytes wide (timestamptz, int8, float8) and never NULL.
    """
    return ", ".join(f"array_send(array_agg({expression}))" for expression in expressions)


async def fetch(
    connection: AsyncConnection[TupleRow], statement: str, parameters: Sequence[object]
) -> tuple[bytes | None, ...]:
    """The one row of a statement made with `aggregates`; its columns are None without rows."""
    cursor = await connection.execute(statement.encode(), parameters, binary=True)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101  # an aggregate without GROUP BY has one row
    return row


def floats(column: bytes | None) -> Floats:
    """The values of a float8 column; empty for None."""
    return _elements(column, ">f8").astype(np.float64)


def integers(column: bytes | None) -> Integers:
    """The values of an int8 or timestamptz column, the latter in microseconds since 2000."""
    return _elements(column, ">i8").astype(np.int64)


def moments(microseconds: Integers) -> list[datetime]:
    """Timestamps as datetimes in UTC."""
    return [EPOCH + timedelta(microseconds=one) for one in microseconds.tolist()]


def _elements(column: bytes | None, kind: str) -> NDArray[np.generic]:
    element = np.dtype([("length", ">i4"), ("value", kind)])
    if column is None:
        return np.empty(0, kind)
    return np.frombuffer(column, element, offset=_HEADER_BYTES)["value"]
