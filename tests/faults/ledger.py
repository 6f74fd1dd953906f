"""What was accepted: every sample, in the harness's own files, with the moment of acceptance."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from soramichi.domain.telemetry import TelemetrySample

# How many of the newest samples can be delivered once more by `DELIVERED_AGAIN`.
RECENT = 2_000


class AircraftLedger:
    """The accepted samples of one aircraft, in the order of their numbers, which start at 0."""

    def __init__(self, folder: Path, operator_id: str, aircraft_id: str, rate_hz: float) -> None:
        self.operator_id = operator_id
        self.aircraft_id = aircraft_id
        self.flight = f"{aircraft_id}-flight"
        self.rate_hz = rate_hz
        self.begin = datetime.now(UTC).replace(microsecond=0)  # the time of its sample 0
        self.accepted_at_s = array("d")
        self.recent: deque[bytes] = deque(maxlen=RECENT)
        self._path = folder / f"{aircraft_id}.jsonl"
        self._file = self._path.open("wb")

    def accept(self, bodies: Sequence[bytes], at_s: float) -> None:
        """These samples are the platform's responsibility from now on (monotonic seconds)."""
        self._file.write(b"".join(body + b"\n" for body in bodies))
        self.recent.extend(bodies)
        # Last, because a length seen by another thread must never be ahead of the file.
        self.accepted_at_s.extend([at_s] * len(bodies))

    def time(self, number: int) -> datetime:
        """When a sample is observed by a clock that is right; in whole milliseconds."""
        return self.begin + timedelta(milliseconds=round(1_000 * number / self.rate_hz))

    def between(self, begin_s: float, end_s: float) -> tuple[int, int]:
        """The numbers [first, end) of what was accepted in a closed interval of time."""
        return bisect_left(self.accepted_at_s, begin_s), bisect_right(self.accepted_at_s, end_s)

    def bodies(self) -> Iterator[bytes]:
        """Every accepted sample as it was sent."""
        self._file.flush()
        with self._path.open("rb") as lines:
            yield from (line.rstrip(b"\n") for line in lines)

    def close(self) -> None:
        """Let go of the file; it can still be read."""
        self._file.close()


class Ledger:
    """The accepted samples of everybody."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.aircraft: dict[str, AircraftLedger] = {}
        self._folder = folder

    def open(self, operator_id: str, aircraft_id: str, rate_hz: float) -> AircraftLedger:
        """The ledger of one aircraft, which makes so many samples a second."""
        made = AircraftLedger(self._folder, operator_id, aircraft_id, rate_hz)
        self.aircraft[aircraft_id] = made
        return made

    def of(self, operators: set[str]) -> list[AircraftLedger]:
        """The ledgers of some operators' aircraft."""
        return [one for one in self.aircraft.values() if one.operator_id in operators]

    def total(self) -> int:
        """How many samples were accepted so far."""
        return sum(len(one.accepted_at_s) for one in self.aircraft.values())


decode = msgspec.json.Decoder(TelemetrySample).decode
