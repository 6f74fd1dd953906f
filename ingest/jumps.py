"""Find teleports: observations that the aircraft cannot have flown between.

Only one place is remembered of each aircraft, its newest believed one, and only of so many
aircraft; so this needs no database and its memory is bounded, and a worker that has just
started believes the first sample of each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
_PLACE = ("time", "latitude_deg", "longitude_deg")


# Observed when, in microseconds, and where: latitude and longitude in degrees.
_Place = tuple[int, float, float]


class Steps(NamedTuple):
    """The records of a batch as ways from place to place, before it is known who flew them.

    Of each run of one aircraft: its number, where it begins (and at last the length),
    the first and the last place, and the speed that its fastest step takes, infinite
    where one does not go on in time. `places` are the columns of all.
    """

    aircraft: list[int]
    begins: Integers
    firsts: list[_Place]
    lasts: list[_Place]
    fastest_mps: list[float]
    places: list[Any]


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

    def steps(self, records: Records) -> Steps:
        """The steps of records of which those of an aircraft stand together, as they arrived.

        Nothing of the memory is read or changed: any thread may ask.
        """
        places = [np.ascontiguousarray(records[name]) for name in _PLACE]
        begins = edges(records["aircraft"])
        if not len(records):
            return Steps([], begins, [], [], [], places)
        firsts, lasts = begins[:-1], begins[1:] - 1
        step_mps = np.empty(len(records))
        step_mps[1:] = self._needed_mps([one[:-1] for one in places], [one[1:] for one in places])
        step_mps[firsts] = 0.0
        return Steps(
            records["aircraft"][firsts].tolist(),
            begins,
            _rows([column[firsts] for column in places]),
            _rows([column[lasts] for column in places]),
            np.maximum.reduceat(step_mps, firsts).tolist(),
            places,
        )

    def find(
        self, steps: Steps, aircraft_ids: Sequence[str], classes: Sequence[AircraftClass]
    ) -> Integers:
        """The positions of the records that are jumps.

        Their aircraft count to ids and classes. A sample is held against the newest
        believed one, before or after it in time: no aircraft averages more than its
        limit over any stretch. One that is too far is a jump. When the next agrees with
        it, the aircraft is there from then on: it was moved while nobody listened.
        """
        found: list[int] = []
        craft = [aircraft_ids[at] for at in steps.aircraft]
        known = [self._believed.pop(one, None) for one in craft]
        arrivals_mps = self._arrivals_mps(known, steps.firsts)
        for at, (aircraft_id, believed, end) in enumerate(
            zip(craft, known, steps.lasts, strict=True)
        ):
            limit_mps = self.limits_mps[classes[steps.aircraft[at]]]
            # Nearly every flight ends here: it goes on in time and is never too far.
            if steps.fastest_mps[at] <= limit_mps and arrivals_mps[at] <= limit_mps:
                self._doubted.pop(aircraft_id, None)
                self._believed[aircraft_id] = end
                continue
            first, last = steps.begins[at : at + 2].tolist()
            some = _rows([column[first:last] for column in steps.places])
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

    def _arrivals_mps(
        self, known: Sequence[_Place | None], firsts: Sequence[_Place]
    ) -> Sequence[float]:
        """The speed from what was believed of each to its first place; 0 where nothing was."""
        if not firsts:
            return []
        before = [one or first for one, first in zip(known, firsts, strict=True)]
        arrivals_mps = self._needed_mps(_columns(before), _columns(firsts)).tolist()
        return [
            0.0 if one is None else speed_mps
            for one, speed_mps in zip(known, arrivals_mps, strict=True)
        ]

    def _needed_mps(self, a: Sequence[Any], b: Sequence[Any]) -> Any:
        """How fast each step from a to b must be flown; infinite where b is not after a."""
        between_s = (b[0] - a[0]) / 1e6
        onward = between_s > 0.0
        needed_mps = np.full(len(between_s), np.inf)
        np.divide(_distance_m(a, b) - self.slack_m, between_s, out=needed_mps, where=onward)
        return needed_mps

    def _too_far(self, a: _Place, b: _Place, limit_mps: float) -> bool:
        """Whether nobody flies that fast between two places, whichever was first."""
        between_s = abs(a[0] - b[0]) / 1e6
        return bool(_distance_m(a, b) - self.slack_m > limit_mps * between_s)


def _distance_m(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Between two places, or each two in columns."""
    north_deg, east_deg = np.abs(a[1] - b[1]), np.abs(a[2] - b[2])
    east_deg = np.minimum(east_deg, 360.0 - east_deg)
    squeeze = np.cos(np.radians((a[1] + b[1]) / 2.0))
    return _METRES_PER_DEGREE * np.hypot(north_deg, east_deg * squeeze)


def _rows(columns: Sequence[Any]) -> list[_Place]:
    return list(zip(*[column.tolist() for column in columns], strict=True))


def _columns(places: Sequence[_Place]) -> list[Any]:
    return [np.array(column) for column in zip(*places, strict=True)]
