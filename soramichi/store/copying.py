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

from soramichi.store.arrays import Integers
from soramichi.store.pool import Connection
from soramichi.store.rows import NOTHING, SAMPLE_COLUMNS, WORDS, Records, Rows

COLUMNS = ("aircraft_id", "flight_id", "flags", "received_at", *SAMPLE_COLUMNS)

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


def copy_in(
    connection: Connection,
    table: str,
    own: tuple[str, NDArray[Any]],
    rows: Rows,
    *,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """COPY rows into a table of ours that has `COLUMNS` and one column more, its `own`.

    That column's values are eight bytes (microseconds for a time) or four. Names are those of
    our own columns, never a user's. `meanwhile` is called while the database is at work.
    """
    name, values = own
    statement = f"COPY {table} ({name}, {', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(b"".join([_SIGNATURE, *_blocks(values, rows), _END]))
        meanwhile()


def _blocks(values: NDArray[Any], rows: Rows) -> Iterator[bytes]:
    if not len(rows):
        return
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
        block = np.repeat(_template(f">i{values.itemsize}", shape), len(records))
        block["own"] = values[at]
        block["aircraft_id"] = aircraft.texts[records["aircraft"]]
        block["flight_id"] = flights.texts[records["flight"]]
        for name in ("received_at", *SAMPLE_COLUMNS):
            if name not in WORDS and name not in shape.absent:
                block[name] = records[name]
        yield block.tobytes()


class _Texts(NamedTuple):
    texts: NDArray[np.bytes_]
    sizes: Integers


def _texts(texts: Sequence[str]) -> _Texts:
    found = np.array([text.encode() for text in texts])
    return _Texts(found, np.char.str_len(found))


def _alike(
    records: Records, aircraft_bytes: Integers, flight_bytes: Integers
) -> list[slice] | list[Integers]:
    """The positions of the rows of each shape."""
    key = aircraft_bytes[records["aircraft"]] << 12 | flight_bytes[records["flight"]]
    key = key << 16 | records["flags"]
    for name in WORDS:
        key = key << 4 | (records[name] - NOTHING)
    for name in _OPTIONAL:
        key = key << 1 | _absent(records, name)
    if (key == key[0]).all():
        return [slice(None)]
    order = np.argsort(key, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(key[order])) + 1)


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
