"""A batch of samples as columns on its way into the table, since an object a sample costs time.

One record of a numpy array is one sample; texts are kept once and records count to them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import OperationalStatus, TelemetrySample
from soramichi.store.arrays import EPOCH, Integers, moments

# The members of a sample in their order, but for `flight`, which comes last and
# of which the table holds the platform's own `flight_id`.
SAMPLE_COLUMNS = tuple(field.name for field in msgspec.structs.fields(TelemetrySample))[:-1]
# What a record holds for a text: its place among these.
_ENUMERATIONS: dict[str, type[StrEnum]] = {
    "altitude_datum": Datum,
    "status": OperationalStatus,
}
WORDS: dict[str, tuple[str, ...]] = {name: tuple(kind) for name, kind in _ENUMERATIONS.items()}
# What it holds where a sequence number or a word is not known; a number is then not-a-number.
NOTHING = -1
_KINDS = {"time": "i8", "seq": "i8"} | dict.fromkeys(WORDS, "i1")
# Times are microseconds since `arrays.EPOCH`; `aircraft`, `flight` and `flags` are places in the
# lists of `Rows`.
RECORD = [
    ("aircraft", "i4"), ("flight", "i4"), ("flags", "i2"), ("received_at", "i8"),
    *[(name, _KINDS.get(name, "f8")) for name in SAMPLE_COLUMNS],
]  # fmt: skip

# numpy has no type for records of known members.
Records = NDArray[Any]


class Row(NamedTuple):
    """One sample as the table holds it."""

    aircraft_id: str
    flight_id: str
    flags: list[str] | None
    received_at: datetime
    sample: TelemetrySample

    @property
    def key(self) -> tuple[str, datetime]:
        """What makes a sample the same sample."""
        return (self.aircraft_id, self.sample.time)

    def values(self) -> tuple[object, ...]:
        """The values of `soramichi.store.telemetry.COLUMNS`."""
        return (*self[:4], *msgspec.structs.astuple(self.sample)[:-1])


@dataclass(frozen=True, slots=True)
class Rows:
    """Records (of `RECORD`, or with more members) and the texts they count to.

    `flag_sets` begins with (), the flags of a sample that raises no doubt.
    """

    records: Records
    aircraft_ids: Sequence[str]
    flight_ids: Sequence[str]
    flag_sets: Sequence[tuple[str, ...]] = ((),)

    def __len__(self) -> int:
        return len(self.records)

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows:
        """The same rows; for those who have few."""
        records = np.zeros(len(rows), RECORD)
        fill(records, [row.sample for row in rows])
        records["received_at"] = microseconds([row.received_at for row in rows])
        aircraft_ids = list(dict.fromkeys(row.aircraft_id for row in rows))
        flight_ids = list(dict.fromkeys(row.flight_id for row in rows))
        flag_sets = list(dict.fromkeys([(), *(tuple(row.flags or ()) for row in rows)]))
        records["aircraft"] = [aircraft_ids.index(row.aircraft_id) for row in rows]
        records["flight"] = [flight_ids.index(row.flight_id) for row in rows]
        records["flags"] = [flag_sets.index(tuple(row.flags or ())) for row in rows]
        return cls(records, aircraft_ids, flight_ids, flag_sets)

    def take(self, positions: Sequence[int] | Integers) -> Rows:
        """Those at these positions; all of them when there are as many."""
        if len(positions) == len(self):
            return self
        return Rows(
            pick(self.records, positions), self.aircraft_ids, self.flight_ids, self.flag_sets
        )


def pick(records: Records, positions: Sequence[int] | Integers) -> Records:
    """The records at these positions.

    As numpy itself picks them, but not member by member (measured 2026-11: in a twentieth of the
    time).
    """
    raw = records.view(f"V{records.itemsize}")
    return raw.take(np.asarray(positions, np.intp)).view(records.dtype)


def fill(records: Records, samples: Sequence[TelemetrySample]) -> Sequence[str | None]:
    """Write the members of as many samples into records; returns the labels of their flights."""
    if not samples:
        return []
    *columns, labels = zip(*map(msgspec.structs.astuple, samples), strict=True)
    for name, column in zip(SAMPLE_COLUMNS, columns, strict=True):
        records[name] = _CONVERTED.get(name, _numbers)(column)
    return labels


def samples(records: Records, labels: Sequence[str | None]) -> list[TelemetrySample]:
    """The samples that records hold, in UTC, each of a flight of this label; undoes `fill`."""
    columns = [_RECOVERED.get(name, _numbers_back)(records[name]) for name in SAMPLE_COLUMNS]
    return [
        TelemetrySample(**dict(zip(SAMPLE_COLUMNS, members, strict=True)), flight=label)
        for *members, label in zip(*columns, labels, strict=True)
    ]


def microseconds(times: Sequence[datetime]) -> Integers:
    """Times as records hold them; exact until the year 2106, when a double gets too coarse."""
    # Before the multiplication, so that it meets a number small enough to stay exact.
    seconds = np.array([one.timestamp() for one in times]) - EPOCH.timestamp()
    return np.rint(1e6 * seconds).astype(np.int64)


def edges(*columns: Integers) -> Integers:
    """Where runs of equal values in all of the columns begin, and the length; [0] for none."""
    length = len(columns[0])
    changes = np.zeros(max(length - 1, 0), bool)
    for column in columns:
        changes |= column[1:] != column[:-1]
    inner = np.flatnonzero(changes) + 1
    return np.concatenate(([0], inner, [length])) if length else np.zeros(1, np.int64)


def _numbers(column: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array(column, np.float64)  # None becomes not-a-number


def _seqs(column: Sequence[int | None]) -> Integers:
    if None in column:
        column = [NOTHING if seq is None else seq for seq in column]
    return np.array(column, np.int64)


def _numbers_back(column: NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(one) else one for one in column.tolist()]


def _seqs_back(column: Integers) -> list[int | None]:
    return [None if one == NOTHING else one for one in column.tolist()]


def _words_back(kind: type[StrEnum]) -> Callable[[Integers], list[StrEnum | None]]:
    words = dict(enumerate(kind))
    return lambda column: [words.get(one) for one in column.tolist()]


def _word(name: str) -> Callable[[Sequence[str | None]], Any]:
    places: dict[str | None, int] = {word: at for at, word in enumerate(WORDS[name])}
    places[None] = NOTHING

    def converted(column: Sequence[str | None]) -> Any:
        # Nearly always all say the same, which is quicker to see than to look up each.
        if column.count(column[0]) == len(column):
            return places[column[0]]
        return [places[word] for word in column]

    return converted


_RECOVERED: dict[str, Callable[[Any], Any]] = {
    "time": moments,
    "seq": _seqs_back,
    **{name: _words_back(kind) for name, kind in _ENUMERATIONS.items()},
}
_CONVERTED: dict[str, Callable[[Any], Any]] = {
    "time": microseconds,
    "seq": _seqs,
    **{name: _word(name) for name in WORDS},
}
