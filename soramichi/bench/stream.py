"""The stream that every consumer is measured with: the same flights, the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from soramichi.domain import wire
from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import OperationalStatus, TelemetrySample

OPERATOR = "bench"
AIRCRAFT = [f"JA{number:03}B" for number in range(100)]
# Long past, so that no rule about times has anything to say, and within one month.
_FIRST = datetime(2026, 1, 10, tzinfo=UTC)


def sample(aircraft: int, seq: int) -> TelemetrySample:
    """The `seq`th observation of an aircraft that flies north at 10 observations a second."""
    return TelemetrySample(
        time=_FIRST + timedelta(milliseconds=100 * seq),
        seq=seq,
        flight="bench-1",
        latitude_deg=round(34.0 + 47e-6 * (seq % 20_000), 7),
        longitude_deg=round(136.5 + 0.01 * aircraft, 7),
        altitude_m=round(150.0 + 0.01 * (seq % 5_000), 2),
        altitude_datum=Datum.AMSL,
        ground_speed_mps=52.1,
        track_deg=0.5,
        vertical_speed_mps=0.1,
        heading_deg=1.5,
        battery_pct=round(100.0 - 0.001 * (seq % 90_000), 3),
        status=OperationalStatus.AIRBORNE,
        accuracy_h_m=3.0,
        accuracy_v_m=5.0,
    )


def messages(samples: int, *, per_message: int) -> Iterator[tuple[str, bytes]]:
    """(topic, payload), the aircraft in turn; `samples` is a multiple of aircraft x per_message."""
    rounds = samples // (len(AIRCRAFT) * per_message)
    return turns(range(rounds), per_message=per_message)


def turns(rounds: range, *, per_message: int = 1) -> Iterator[tuple[str, bytes]]:
    """One message of every aircraft in each of these rounds."""
    for turn in rounds:
        for number, aircraft in enumerate(AIRCRAFT):
            first = turn * per_message
            some = [sample(number, seq) for seq in range(first, first + per_message)]
            payload = wire.encode(some if per_message > 1 else some[0])
            yield wire.telemetry_topic(OPERATOR, aircraft), payload


def last(samples: int) -> list[tuple[str, datetime]]:
    """The key of each aircraft's last sample: when all are stored, everything before is too."""
    seq = samples // len(AIRCRAFT) - 1
    return [(aircraft, sample(number, seq).time) for number, aircraft in enumerate(AIRCRAFT)]
