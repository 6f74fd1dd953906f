"""Find teleports: observations that the aircraft cannot have flown between.

Only one place is remembered of each aircraft, its newest believed one, and only of so many
aircraft; so this needs no database and its memory is bounded, and a worker that has just
started believes the first sample of each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from soramichi.domain.flight import AircraftClass
from soramichi.settings import IngestSettings
from soramichi.store.arrays import Integers
from soramichi.store.rows import Records, edges

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


# Observed when, in microseconds, and where: latitude and longitude in degrees.
_Place = tuple[int, float, float]


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
        self, records: Records, aircraft_ids: Sequence[str], classes: Sequence[AircraftClass]
    ) -> Integers:
        """The positions of the records that are jumps.

        Those of an aircraft stand together, in the order of arrival; their `aircraft`
        counts to its id and class. A sample is held against the newest believed one,
        before or after it in time: no aircraft averages more than its limit over any
        stretch. One that is too far is a jump. When the next agrees with it, the
        aircraft is there from then on: it was moved while nobody listened.
        """
        if not len(records):
            return np.zeros(0, np.int64)
        found: list[int] = []
        begins = edges(records["aircraft"])
        firsts, lasts = begins[:-1], begins[1:] - 1
        craft = [aircraft_ids[at] for at in records["aircraft"][firsts].tolist()]
        limits_mps = np.array([self.limits_mps[one] for one in classes])[records["aircraft"]]
        places = [records[name] for name in ("time", "latitude_deg", "longitude_deg")]
        known = [self._believed.pop(one, None) for one in craft]
        doubtful = self._steps(places, firsts, known, limits_mps)
        ends = zip(*[column[lasts].tolist() for column in places], strict=True)
        doubts = np.logical_or.reduceat(doubtful, firsts).tolist()
        for at, (aircraft_id, believed, doubt, end) in enumerate(
            zip(craft, known, doubts, ends, strict=True)
        ):
            # Nearly every flight ends here: it goes on in time and is never too far.
            if not doubt:
                self._doubted.pop(aircraft_id, None)
                self._believed[aircraft_id] = end
                continue
            first, limit_mps = int(firsts[at]), float(limits_mps[firsts[at]])
            some = zip(*[column[first : begins[at + 1]].tolist() for column in places], strict=True)
            jumps, newest = self._walk(aircraft_id, limit_mps, believed, some)
            found += [first + one for one in jumps]
            if newest is not None:
                self._believed[aircraft_id] = newest
        while len(self._believed) > self.most_aircraft:
            forgotten, _ = self._believed.popitem(last=False)
            self._doubted.pop(forgotten, None)
        return np.array(found, np.int64)

    def _walk(
        self, aircraft_id: str, limit_mps: float, believed: _Place | None, places: Iterable[_Place]
    ) -> tuple[list[int], _Place | None]:
        """The positions of the jumps among the places of one aircraft; what is believed then."""
        found = []
        for position, place in enumerate(places):
            jumped = believed is not None and self._too_far(believed, place, limit_mps)
            if jumped:
                doubted = self._doubted.get(aircraft_id)
                self._doubted[aircraft_id] = place
                jumped = doubted is None or self._too_far(doubted, place, limit_mps)
            if jumped:
                found.append(position)
            elif believed is None or place[0] > believed[0]:
                believed = place
                self._doubted.pop(aircraft_id, None)
        return found, believed

    def _steps(
        self,
        places: Sequence[Any],
        firsts: Integers,
        known: Sequence[_Place | None],
        limits_mps: Any,
    ) -> Any:
        """Of each place, whether it is too far from the one before it, or not after it in time.

        Before the first of an aircraft is what was believed of it: nothing doubts one unknown.
        """
        unknown = np.array([one is None for one in known])
        own = zip(*[column[firsts].tolist() for column in places], strict=True)
        before_first = zip(
            *[then or now for then, now in zip(known, own, strict=True)], strict=True
        )
        before = [np.roll(column, 1) for column in places]
        for column, values in zip(before, before_first, strict=True):
            column[firsts] = values
        doubtful = (places[0] <= before[0]) | self._too_far(before, places, limits_mps)
        doubtful[firsts[unknown]] = False
        return doubtful

    def _too_far(self, a: Any, b: Any, limit_mps: Any) -> Any:
        """Of two places, or of each two in columns."""
        north_deg, east_deg = np.abs(a[1] - b[1]), np.abs(a[2] - b[2])
        east_deg = np.minimum(east_deg, 360.0 - east_deg)
        squeeze = np.cos(np.radians((a[1] + b[1]) / 2.0))
        distance_m = _METRES_PER_DEGREE * np.hypot(north_deg, east_deg * squeeze)
        between_s = np.abs(a[0] - b[0]) / 1e6
        return distance_m - self.slack_m > limit_mps * between_s
