"""Find teleports: observations that the aircraft cannot have flown between.

Only one place is remembered of each aircraft, its newest believed one, and only of so many
aircraft; so this needs no database and its memory is bounded, and a worker that has just
started believes the first sample of each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import cos, hypot, radians

from soramichi.domain.flight import AircraftClass
from soramichi.domain.telemetry import TelemetrySample
from soramichi.settings import IngestSettings

IMPLIED_SPEED = "implied-speed"

# The fastest of their kind over ground, a strong tail wind of 30 to 40 m/s included: fixed-wing
# drones of 55 m/s; Joby's published 89 m/s; the helicopter record of 111 m/s (FAI, 1986); and for
# what is not registered yet, any airliner.
FASTEST_MPS = {
    AircraftClass.DRONE: 90.0,
    AircraftClass.EVTOL: 130.0,
    AircraftClass.HELICOPTER: 150.0,
    AircraftClass.UNKNOWN: 350.0,
}
# Metres in a degree of latitude on the mean sphere (6,371,009 m); within 0.6 % of the ellipsoid.
_METRES_PER_DEGREE = 111_195.0


# Observed when, and where: latitude and longitude in degrees.
_Place = tuple[datetime, float, float]


@dataclass(slots=True)
class Jumps:
    """The memory of one worker.

    `limits_mps` is the fastest each class flies over ground; `slack_m` is what
    two fixes may be wrong by together, whatever the time between them.
    """

    limits_mps: Mapping[AircraftClass, float] = field(default_factory=FASTEST_MPS.copy)
    slack_m: float = 100.0
    most_aircraft: int = 10_000
    _believed: OrderedDict[str, _Place] = field(default_factory=OrderedDict)
    # An observation too far from the believed one, until the next says which of them was wrong.
    _doubted: dict[str, _Place] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: IngestSettings) -> Jumps:
        """With what an administrator has set."""
        limits_mps = {one: getattr(settings, f"max_speed_{one}_mps") for one in AircraftClass}
        return cls(limits_mps, settings.jump_slack_m)

    def find(
        self, aircraft_id: str, aircraft_class: AircraftClass, samples: Iterable[TelemetrySample]
    ) -> list[int]:
        """The positions of the samples, which are in the order of arrival, that are jumps.

        A sample is held against the newest believed one, before or after it in
        time: no aircraft averages more than its limit over any stretch. One that
        is too far is a jump. When the next agrees with it, the aircraft is there
        from then on: it was moved while nobody listened.
        """
        limit_mps = self.limits_mps[aircraft_class]
        near_deg = self.slack_m / _METRES_PER_DEGREE
        believed = self._believed.pop(aircraft_id, None)
        found = []
        for position, sample in enumerate(samples):
            place = (sample.time, sample.latitude_deg, sample.longitude_deg)
            # Nearly every sample ends here: even along both sides of the rectangle it is not far.
            jumped = (
                believed is not None
                and abs(believed[1] - place[1]) + abs(believed[2] - place[2]) > near_deg
                and self._too_far(believed, place, limit_mps)
            )
            if jumped:
                doubted = self._doubted.get(aircraft_id)
                self._doubted[aircraft_id] = place
                jumped = doubted is None or self._too_far(doubted, place, limit_mps)
            if jumped:
                found.append(position)
            elif believed is None or place[0] > believed[0]:
                believed = place
                self._doubted.pop(aircraft_id, None)
        if believed is not None:
            self._believed[aircraft_id] = believed
        while len(self._believed) > self.most_aircraft:
            forgotten, _ = self._believed.popitem(last=False)
            self._doubted.pop(forgotten, None)
        return found

    def _too_far(self, a: _Place, b: _Place, limit_mps: float) -> bool:
        north_deg, east_deg = abs(a[1] - b[1]), abs(a[2] - b[2])
        east_deg = min(east_deg, 360.0 - east_deg)
        squeeze = cos(radians((a[1] + b[1]) / 2.0))
        distance_m = _METRES_PER_DEGREE * hypot(north_deg, east_deg * squeeze)
        between_s = abs((a[0] - b[0]).total_seconds())
        return distance_m - self.slack_m > limit_mps * between_s
