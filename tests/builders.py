"""Valid values with one line each, for tests to bend."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import TelemetrySample

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
