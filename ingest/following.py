"""What storing some rows changes beside the table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ingest import placing
from ingest.sorting import Sorted
from soramichi.domain import wire
from soramichi.store import flights, rows, telemetry
from soramichi.store.flights import Progress
from soramichi.store.rows import Rows, pick


class Gains(NamedTuple):
    """What storing some rows changes beside the table: by operator, flight and aircraft."""

    samples: Mapping[str, int]
    progress: Mapping[str, Progress]
    newest: list[wire.LiveState]
    minutes: list[tuple[str, datetime]]
    owed: set[flights.Key]


def of(placed: Rows, stored: Rows, batch: Sorted) -> Gains:
    """What follows from `stored`, which are those of the batch's `placed` rows that were new."""
    last = pick(stored.records, placing.newest(stored))
    samples = rows.samples(last, [batch.labels[at] for at in last["label"].tolist()])
    newest = [
        wire.LiveState(
            aircraft_id=stored.aircraft_ids[one["aircraft"]],
            operator_id=batch.topics[one["topic"]].operator_id,
            flight_id=stored.flight_ids[one["flight"]],
            received_at=batch.messages[one["message"]].received_at,
            sample=sample,
        )
        for one, sample in zip(last, samples, strict=True)
    ]
    return Gains(
        batch.by_operator(stored.records),
        placing.progress(stored),
        newest,
        telemetry.minutes(stored),
        placing.owed(placed, batch),
    )
