"""Rows in PostgreSQL's binary COPY format, written by numpy: many rows of one shape at a time.

Rows whose texts are as long and whose unknown members are the same have every byte of the
framing in the same place, so a record of a numpy array is a row, and only values are filled in.
The format: https://www.postgresql.org/docs/current/sql-copy.html (Binary Format); numbers are
big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg.copy import LibpqWriter, QueuedLibpqWriter

from soramichi.store.arrays import Integers
from soramichi.store.pool import Connection
from soramichi.store.rows import NOTHING, SAMPLE_COLUMNS, WORDS, Records, Rows

COLUMNS = ("aircraft_id", "flight_id", "flags", "received_at", *SAMPLE_COLUMNS)

# Rows in one block, of a few hundred kilobytes, while more are to come.
_AT_ONCE = 2_000
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_NULL = -1
_TEXT_OID = 25
_WHOLE = {"time", "received_at", "seq"}
_OPTIONAL = [
    name
    for name in SAMPLE_COLUMNS
    if name not in WORDS and name not in ("time", "latitude_deg", "longitude_deg", "altitude_m")
]


class _Shape(NamedTuple):
    """What rows share that are written together; `absent` are the members without a value."""

    aircraft_bytes: int
    flight_bytes: int
    flags: tuple[str, ...]
    words: tuple[int, ...]
    absent: frozenset[str]


def copy_in(  # noqa: PLR0913  # the last two are for those in a hurry
    connection: Connection,
    table: str,
    own: tuple[str, NDArray[Any]],
    rows: Rows,
    *,
    draft: Draft | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """COPY rows, at least one, into a table of ours with `COLUMNS` and one more, its `own`.

    That column's values are eight bytes (microseconds for a time) or four. Names are those of
    our own columns, never a user's. A `draft` of these rows is used if it fits. `meanwhile` is
    called while the database is at work.
    """
    name, values = own
    statement = f"COPY {table} ({name}, {', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor:
        # A thread of its own sends many, so that the database has the first before the last are
        # written; for few it would cost more than it gains.
        writer = QueuedLibpqWriter(cursor) if len(rows) > _AT_ONCE else LibpqWriter(cursor)
        with cursor.copy(statement.encode(), writer=writer) as copy:
            copy.write(_SIGNATURE)
            blocks = draft.blocks if draft and draft.fits(rows) else _blocks(rows, values.itemsize)
            for at, block in blocks:
                block["own"] = values[at]
                copy.write(block.view(np.uint8).data)
            copy.write(_END)
            meanwhile()


class _Block(NamedTuple):
    """Rows of one shape without the own column of their table, and their places in the batch."""

    at: slice | Integers
    rows: NDArray[Any]


class Draft(NamedTuple):
    """Rows written before it is certain of which flights they are."""

    flight_ids: list[str]
    flight: Integers
    blocks: list[_Block]

    @classmethod
    def of(cls, rows: Rows) -> Draft:
        """These rows, for a table whose own column takes eight bytes."""
        return cls([*rows.flight_ids], rows.records["flight"].copy(), [*_blocks(rows, 8)])

    def fits(self, rows: Rows) -> bool:
        """Whether the same rows turned out to be of these flights."""
        return self.flight_ids == rows.flight_ids and np.array_equal(
            self.flight, rows.records["flight"]
        )


def _blocks(rows: Rows, own_bytes: int) -> Iterator[_Block]:
    """The rows, of which there is at least one."""
    aircraft, flights = _texts(rows.aircraft_ids), _texts(rows.flight_ids)
    for at in _alike(rows.records, aircraft.sizes, flights.sizes):
        records = rows.records[at]
        one = records[0]
        shape = _Shape(
            int(aircraft.sizes[one["aircraft"]]),
            int(flights.sizes[one["flight"]]),
            rows.flag_sets[one["flags"]],
            tuple(int(one[name]) for name in WORDS),
            frozenset(name for name in _OPTIONAL if _absent(one, name)),
        )
        block = np.repeat(_template(f">i{own_bytes}", shape), len(records))
        block["aircraft_id"] = aircraft.texts[records["aircraft"]]
        block["flight_id"] = flights.texts[records["flight"]]
        for name in ("received_at", *SAMPLE_COLUMNS):
            if name not in WORDS and name not in shape.absent:
                block[name] = records[name]
        yield _Block(at, block)


class _Texts(NamedTuple):
    texts: NDArray[np.bytes_]
    sizes: Integers


def _texts(texts: Sequence[str]) -> _Texts:
    found = np.array([text.encode() for text in texts])
    return _Texts(found, np.char.str_len(found))


def _alike(
    records: Records, aircraft_bytes: Integers, flight_bytes: Integers
) -> list[slice] | list[Integers]:
    """The positions of the rows of each shape, so many at once at most."""
    key = aircraft_bytes[records["aircraft"]] << 12 | flight_bytes[records["flight"]]
    key = key << 16 | records["flags"]
    for name in WORDS:
        key = key << 4 | (records[name] - NOTHING)
    for name in _OPTIONAL:
        key = key << 1 | _absent(records, name)
    if (key == key[0]).all():
        return [slice(at, at + _AT_ONCE) for at in range(0, len(key), _AT_ONCE)]
    order = np.argsort(key, kind="stable")
    shapes = np.split(order, np.flatnonzero(np.diff(key[order])) + 1)
    return [one[at : at + _AT_ONCE] for one in shapes for at in range(0, len(one), _AT_ONCE)]


def _absent(records: Records, name: str) -> Any:
    return records[name] == NOTHING if name in _WHOLE else np.isnan(records[name])


@lru_cache(maxsize=1_024)
def _template(own: str, shape: _Shape) -> NDArray[Any]:
    """An array of one row of this shape, in which only the values are missing."""
    constant = {name: WORDS[name][at].encode() if at != NOTHING else None
                for name, at in zip(WORDS, shape.words, strict=True)}  # fmt: skip
    constant["flags"] = _text_array(shape.flags)
    kinds = {"aircraft_id": f"S{shape.aircraft_bytes}", "flight_id": f"S{shape.flight_bytes}"}
    layout: list[tuple[str, str]] = [("columns", ">i2")]
    known: dict[str, int | bytes] = {"columns": 1 + len(COLUMNS)}
    for name in ("own", *COLUMNS):
        kind: str | None = kinds.get(name, ">i8" if name in _WHOLE else ">f8")
        if name == "own":
            kind = own
        elif name in constant:
            text = constant[name]
            kind = f"V{len(text)}" if text else None
            known |= {name: text} if text else {}
        elif name in shape.absent:
            kind = None
        layout.append((f"{name} bytes", ">i4"))
        known[f"{name} bytes"] = np.dtype(kind).itemsize if kind else _NULL
        layout += [(name, kind)] if kind else []
    row = np.zeros(1, layout)
    for name, value in known.items():
        row[name] = np.void(value) if isinstance(value, bytes) else value
    return row


def _text_array(texts: Sequence[str]) -> bytes | None:
    """As PostgreSQL sends a text[]; None, its NULL, for an empty one."""
    if not texts:
        return None
    parts = [struct.pack(">5i", 1, 0, _TEXT_OID, len(texts), 1)]
    for text in texts:
        parts += [struct.pack(">i", len(text.encode())), text.encode()]
    return b"".join(parts)
