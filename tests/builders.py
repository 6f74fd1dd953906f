"""Valid values with one line each, for tests to bend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import TelemetrySample
from soramichi.store import telemetry
from soramichi.store.flights import Progress
from soramichi.store.pool import Connection
from soramichi.store.rows import Row, Rows
from soramichi.store.telemetry import Appended

# Over Ise Bay, on the morning of the 2021 demonstration.
A_SAMPLE = TelemetrySample(
    time=datetime(2021, 1, 13, 1, 30, tzinfo=UTC),
    latitude_deg=34.3521,
    longitude_deg=136.8712,
    altitude_m=312.4,
    altitude_datum=Datum.AMSL,
)


def a_sample(**changes: Any) -> TelemetrySample:
    """A valid sample with these members changed."""
    return msgspec.structs.replace(A_SAMPLE, **changes)


def a_payload(*members: str) -> bytes:
    """One sample as JSON bytes, with these members written after (and so over) its own."""
    own = msgspec.json.encode(A_SAMPLE).decode()
    return (own[:-1] + "".join(f",{member}" for member in members) + "}").encode()


def append(connection: Connection, rows: Sequence[Row]) -> Appended:
    """Store a few rows."""
    return telemetry.append(connection, Rows.of(rows))


def progress(
    times: Sequence[datetime], received: Sequence[datetime], seqs: Sequence[int]
) -> Progress:
    """What samples with these times and sequence numbers add to a flight."""
    numbers = [(seq, seq) for seq in seqs]
    return Progress(min(times), max(times), min(received), max(received), len(times), numbers)
