"""What storing some rows changes beside the table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from ingest import placing
from ingest.sorting import Sorted
from soramichi.domain import wire
from soramichi.store import arrays, flights, rows, telemetry
from soramichi.store.flights import Progress
from soramichi.store.rows import Records, Rows, pick


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest observations of a batch, one for each aircraft, by their ids.

    Kept as records: of the many batches of a second only few are announced, and an object for
    each aircraft of each of them is what costs.
    """

    records: Records
    aircraft_ids: Sequence[str]
    flight_ids: Sequence[str]
    labels: Sequence[str | None]
    topics: Sequence[wire.Topic]

    def aircraft(self) -> list[str]:
        """Whose they are."""
        return [self.aircraft_ids[at] for at in self.records["aircraft"].tolist()]

    def times(self) -> list[datetime]:
        """When they were observed."""
        return arrays.moments(self.records["time"])

    def only(self, positions: Collection[int]) -> Newest:
        """Those at these positions."""
        return replace(self, records=pick(self.records, [*positions]))

    def states(self) -> list[wire.LiveState]:
        """As the API processes are told them."""
        records = self.records
        samples = rows.samples(records, [self.labels[at] for at in records["label"].tolist()])
        return [
            wire.LiveState(
                aircraft_id=aircraft_id,
                operator_id=self.topics[topic].operator_id,
                flight_id=self.flight_ids[flight],
                received_at=received_at,
                sample=sample,
            )
            for aircraft_id, topic, flight, received_at, sample in zip(
                self.aircraft(),
                records["topic"].tolist(),
                records["flight"].tolist(),
                arrays.moments(records["received_at"]),
                samples,
                strict=True,
            )
        ]


class Gains(NamedTuple):
    """What storing some rows changes beside the table: by operator, flight and aircraft."""

    samples: Mapping[str, int]
    progress: Mapping[str, Progress]
    newest: Newest
    minutes: list[tuple[str, datetime]]
    owed: set[flights.Key]


def of(placed: Rows, stored: Rows, batch: Sorted) -> Gains:
    """What follows from `stored`, which are those of the batch's `placed` rows that were new."""
    return Gains(
        batch.by_operator(stored.records),
        placing.progress(stored),
        Newest(
            pick(stored.records, placing.newest(stored)),
            stored.aircraft_ids,
            stored.flight_ids,
            batch.labels,
            batch.topics,
        ),
        telemetry.minutes(stored),
        placing.owed(placed, batch),
    )
