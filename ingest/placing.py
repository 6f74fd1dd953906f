"""Which flight each sample of a batch belongs to, and what the batch adds to each flight.

Records of one aircraft stand together in a batch, and so do most of one flight: what is below
looks something up when the flight changes, not for each sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ingest.sorting import Sorted
from soramichi.store import arrays, flights, rows
from soramichi.store.arrays import Integers
from soramichi.store.flights import Progress
from soramichi.store.pool import Connection
from soramichi.store.rows import NOTHING, Records, Rows

_MOST_LABELS = 10_000
_DAY_US = 86_400_000_000


def months(records: Records) -> list[datetime]:
    """The first instants of the months (UTC) in which these were observed."""
    if not len(records):
        return []
    first, last = arrays.moments(np.array([records["time"].min(), records["time"].max()]))
    if _month(first) == _month(last):
        return [_month(first)]
    days = np.unique(records["time"] // _DAY_US) * _DAY_US
    return sorted({_month(day) for day in arrays.moments(days)})


def _month(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@dataclass(slots=True)
class Placing:
    """Finds flights; remembers those that publishers named, on the word of one connection.

    Observations that name no flight and are no further apart than `gap` are one flight.
    """

    gap: timedelta
    _named: dict[tuple[str, str], str] = field(default_factory=dict)

    def forget(self) -> None:
        """The connection is lost: what it was told may not have been committed."""
        self._named.clear()

    def guess(self, batch: Sorted) -> Rows | None:
        """What `rows` will probably say, on the word of what is remembered; None if it does not do.

        Any thread may ask.
        """
        runs = list(_runs(batch))
        found = [self._named.get((run.aircraft_id, run.label or "")) for run in runs]
        flight_ids: dict[str, int] = {}
        for run, flight_id in zip(runs, found, strict=True):
            if flight_id is None:
                return None
            flight = flight_ids.setdefault(flight_id, len(flight_ids))
            batch.records["flight"][run.first : run.end] = flight
        return Rows(batch.records, batch.aircraft_ids, list(flight_ids), batch.flag_sets)

    def rows(self, connection: Connection, batch: Sorted) -> Rows:
        """The records with their flights, in the same order; new flights are made."""
        if len(self._named) > _MOST_LABELS:
            self._named.clear()
        runs = list(_runs(batch))
        self._named |= flights.named(
            connection,
            {
                (run.aircraft_id, run.label): run.moments(batch, 1)[0]
                for run in runs
                if run.label is not None and (run.aircraft_id, run.label) not in self._named
            },
        )
        times: dict[str, list[datetime]] = {}
        for run in runs:
            if run.label is None:
                times.setdefault(run.aircraft_id, []).extend(run.moments(batch))
        unnamed = flights.unnamed(connection, times, gap=self.gap)
        flight_ids: dict[str, int] = {}
        for run in runs:
            if run.label is not None:
                found = [self._named[run.aircraft_id, run.label]]
            else:
                found = [unnamed[run.aircraft_id, moment] for moment in run.moments(batch)]
            batch.records["flight"][run.first : run.end] = [
                flight_ids.setdefault(one, len(flight_ids)) for one in found
            ]
        return Rows(batch.records, batch.aircraft_ids, list(flight_ids), batch.flag_sets)


class _Run(NamedTuple):
    """The records of an aircraft, from `first` until `end`, that name one flight, or none."""

    first: int
    end: int
    aircraft_id: str
    label: str | None

    def moments(self, batch: Sorted, most: int | None = None) -> list[datetime]:
        """When they, or the first of them, were observed."""
        return arrays.moments(batch.records["time"][self.first : self.end][:most])


def _runs(batch: Sorted) -> Iterator[_Run]:
    records = batch.records
    begins = rows.edges(records["aircraft"], records["label"])
    aircraft = records["aircraft"][begins[:-1]].tolist()
    labels = records["label"][begins[:-1]].tolist()
    for (first, end), one, label in zip(pairwise(begins.tolist()), aircraft, labels, strict=True):
        yield _Run(first, end, batch.aircraft_ids[one], batch.labels[label])


def progress(stored: Rows) -> dict[str, Progress]:
    """What these rows add to each flight."""
    records = stored.records
    if not len(records):
        return {}
    order = np.lexsort((records["seq"], records["flight"]))
    records = records[["flight", "time", "received_at", "seq"]][order]
    begins = rows.edges(records["flight"])
    ends = [
        arrays.moments(extreme.reduceat(records[name], begins[:-1]))
        for name in ("time", "received_at")
        for extreme in (np.minimum, np.maximum)
    ]
    counts = np.diff(begins).tolist()
    seqs = _ranges(records["flight"], records["seq"])
    flight = records["flight"][begins[:-1]].tolist()
    return {
        stored.flight_ids[at]: Progress(first, last, first_in, last_in, count, seqs.get(at, []))
        for at, first, last, first_in, last_in, count in zip(flight, *ends, counts, strict=True)
    }


def _ranges(flight: Integers, seqs: Integers) -> dict[int, list[tuple[int, int]]]:
    """The sequence numbers of each flight as closed ranges; `NOTHING` is none. Both are sorted.

    >>> _ranges(np.array([0, 0, 0, 0, 5]), np.array([1, 2, 2, 4, -1]))
    {0: [(1, 2), (4, 4)]}
    """
    flight, seqs = flight[seqs != NOTHING], seqs[seqs != NOTHING]
    broken = (flight[1:] != flight[:-1]) | (seqs[1:] - seqs[:-1] > 1)
    breaks = np.flatnonzero(broken)
    firsts = np.concatenate(([0], breaks + 1))[: len(seqs)]
    lasts = np.concatenate((breaks, [len(seqs) - 1]))[: len(seqs)]
    found: dict[int, list[tuple[int, int]]] = {}
    for at, first, last in zip(
        flight[firsts].tolist(), seqs[firsts].tolist(), seqs[lasts].tolist(), strict=True
    ):
        found.setdefault(at, []).append((first, last))
    return found


def newest(stored: Rows) -> Integers:
    """Where the last observation of each aircraft is that raises no doubt, by their ids."""
    plain = np.flatnonzero(stored.records["flags"] == 0)
    records = rows.pick(stored.records, plain)
    order = np.lexsort((records["time"], records["aircraft"]))
    last = order[rows.edges(records["aircraft"][order])[1:] - 1]
    names = [stored.aircraft_ids[at] for at in records["aircraft"][last].tolist()]
    by_name = sorted(range(len(names)), key=names.__getitem__)
    return plain[last[by_name]]


def labelled(batch: Sorted) -> set[flights.Key]:
    """The flights that the good samples of a batch name themselves."""
    return {key for key in _keys(batch, batch.records["label"]) if key.label}


def owed(placed: Rows, batch: Sorted) -> set[flights.Key]:
    """The flights whose publishers are owed a receipt, also for what was a duplicate."""
    keys = {
        flights.Key(item.operator_id, item.aircraft_id, item.flight_label, None)
        for item in batch.quarantined
        if item.operator_id and item.aircraft_id and item.flight_label
    }
    return keys | _keys(batch, placed.records["flight"], placed.flight_ids)


def _keys(
    batch: Sorted, flight: Integers, flight_ids: Sequence[str] | None = None
) -> set[flights.Key]:
    records = batch.records
    begins = rows.edges(records["topic"], records["label"], flight)[:-1]
    found = set()
    for at in begins.tolist():
        topic = batch.topics[records["topic"][at]]
        label = batch.labels[records["label"][at]]
        flight_id = flight_ids[flight[at]] if flight_ids and label is None else None
        found.add(flights.Key(topic.operator_id, topic.aircraft_id, label, flight_id))
    return found
