"""Which flight each sample of a batch belongs to, and what the batch adds to each flight.

Items of one aircraft stand together in a batch, and the loops below use that: they look
something up when the aircraft or the flight changes, not for each sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ingest.sorting import Item, Sorted
from soramichi.domain import wire
from soramichi.store import flights
from soramichi.store.flights import Progress
from soramichi.store.pool import Connection
from soramichi.store.telemetry import Row

_MOST_LABELS = 10_000


def topics(items: Iterable[Item]) -> list[wire.Topic]:
    """Whose samples these are, in the order of their first."""
    found: dict[wire.Topic, None] = {}
    last = None
    for item in items:
        if item.topic is not last:
            last = item.topic
            found[last] = None
    return list(found)


def runs(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    """Where the items of each aircraft begin and end."""
    first, last = 0, None
    for at, item in enumerate(items):
        if item[0] is not last:
            if last is not None and item[0].aircraft_id != last.aircraft_id:
                yield first, at
                first = at
            last = item[0]
    if items:
        yield first, len(items)


def months(items: Iterable[Item]) -> list[datetime]:
    """The first instants of the months (UTC) in which these were observed."""
    found: set[datetime] = set()
    month: tuple[datetime, datetime] | None = None
    for item in items:
        time = item.sample.time
        if month is None or not month[0] <= time < month[1]:
            begin = time.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            month = (begin, (begin + timedelta(days=32)).replace(day=1))
            found.add(begin)
    return sorted(found)


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

    def rows(self, connection: Connection, items: Sequence[Item]) -> list[Row]:
        """A row for each item, in the same order; new flights are made."""
        if len(self._named) > _MOST_LABELS:
            self._named.clear()
        unnamed = self._look_up(connection, items)
        rows = []
        last: tuple[wire.Topic, str | None] | None = None
        flight_id = None
        for topic, sample, flags, message, _ in items:
            if last is None or last[0] is not topic or last[1] != sample.flight:
                last = (topic, sample.flight)
                flight_id = self._named.get((topic.aircraft_id, sample.flight or ""))
            of_flight = flight_id or unnamed[topic.aircraft_id, sample.time]
            # Not Row(…), which costs twice as much.
            values = (topic.aircraft_id, of_flight, flags, message.received_at, sample)
            rows.append(tuple.__new__(Row, values))
        return rows

    def _look_up(
        self, connection: Connection, items: Iterable[Item]
    ) -> dict[tuple[str, datetime], str]:
        """Learn the labels of these items; the flights of those without one, by aircraft, time."""
        labels: dict[tuple[str, str], datetime] = {}
        times: dict[str, list[datetime]] = {}
        last: tuple[wire.Topic, str | None] | None = None
        for topic, sample, _, _, _ in items:
            label = sample.flight
            if label is None:
                times.setdefault(topic.aircraft_id, []).append(sample.time)
            elif last is None or last[0] is not topic or last[1] != label:
                last = (topic, label)
                if (topic.aircraft_id, label) not in self._named:
                    labels.setdefault((topic.aircraft_id, label), sample.time)
        self._named |= flights.named(connection, labels)
        return flights.unnamed(connection, times, gap=self.gap)


def progress(rows: Iterable[Row]) -> dict[str, Progress]:
    """What these rows add to each flight."""
    found: dict[str, Progress] = {}
    last, one = None, Progress([], [], [])
    for row in rows:
        if row.flight_id != last:
            last = row.flight_id
            one = found.setdefault(last, Progress([], [], []))
        one.times.append(row.sample.time)
        one.received.append(row.received_at)
        if row.sample.seq is not None:
            one.seqs.append(row.sample.seq)
    return found


def newest(rows: Iterable[Row]) -> list[Row]:
    """The last observation of each aircraft that raises no doubt, in the order of their ids."""
    found: dict[str, Row] = {}
    best: Row | None = None
    for row in rows:
        if row.flags:
            continue
        if best is None or best.aircraft_id != row.aircraft_id:
            best = found.get(row.aircraft_id)
        if best is None or best.sample.time < row.sample.time:
            best = found[row.aircraft_id] = row
    return [found[aircraft_id] for aircraft_id in sorted(found)]


def labelled(batch: Sorted) -> set[flights.Key]:
    """The flights that the good samples of a batch name themselves."""
    return {
        flights.Key(item.topic.operator_id, item.topic.aircraft_id, item.sample.flight, None)
        for item in batch.items
        if item.sample.flight
    }


def owed(items: Iterable[Item], rows: Iterable[Row], batch: Sorted) -> set[flights.Key]:
    """The flights whose publishers are owed a receipt, also for what was a duplicate."""
    keys = {
        flights.Key(item.operator_id, item.aircraft_id, item.flight_label, None)
        for item in batch.quarantined
        if item.operator_id and item.aircraft_id and item.flight_label
    }
    last = None
    for item, row in zip(items, rows, strict=True):
        if row.flight_id != last:
            last = row.flight_id
            label = item.sample.flight
            by_id = row.flight_id if label is None else None
            keys.add(flights.Key(item.topic.operator_id, row.aircraft_id, label, by_id))
    return keys
