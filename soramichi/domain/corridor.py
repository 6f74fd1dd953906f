"""A corridor: the line a flight means to fly, with its width, height band and time of passage.

The flown line is the WGS 84 geodesic from waypoint to waypoint, which is what an
autopilot flies over a leg to within its own error; a leg drawn straight in
longitude and latitude would stray 150 m from it over 100 km. Heights change
evenly along a leg.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from soramichi.domain.altitude import Altitude
from soramichi.domain.flight import AircraftClass, Name
from soramichi.domain.position import Position
from soramichi.errors import BadInput, DatumMismatch

# Numbers beyond these are slips, and would have the ground of a prefecture looked at.
HIGHEST_M = 20_000.0
WIDEST_M = 10_000.0
FASTEST_MPS = 1_000.0
_MOST = {
    "half_width_m": WIDEST_M / 2.0,
    "ground_speed_mps": FASTEST_MPS,
    "vertical_speed_mps": FASTEST_MPS,
    "below_m": HIGHEST_M,
    "above_m": HIGHEST_M,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Corridor:
    """Everywhere a flight may be while it keeps to its plan.

    Across: within `half_width_m` of the flown line, its ends rounded, the edge
    included. Up and down: from `below_m` under to `above_m` over `heights`, one
    height per waypoint and all of one datum; `heights` None means that the plan
    does not say how high. `takeoff_amsl_m` is the evidence that TAKEOFF heights
    need. Along: at `ground_speed_mps`, slower where a leg would need more than
    `vertical_speed_mps` up or down, from `departs_at` (None: not known).
    `title` is what people call it, where that is more than its name. `timed` False: somewhere
    it waits or changes its speed, so that it has no departure, whatever is said elsewhere.
    `assumed` names the members that nobody stated, for the verdict to repeat.

    Raises `BadInput` for fewer than two waypoints, a height count that differs, a width
    or speed that is not positive, a negative band, and anything beyond what is flown by
    far (`HIGHEST_M` and the like); `DatumMismatch` for heights of several datums.
    """

    name: str
    waypoints: tuple[Position, ...]
    heights: tuple[Altitude, ...] | None
    half_width_m: float
    below_m: float = 0.0
    above_m: float = 0.0
    ground_speed_mps: float
    vertical_speed_mps: float = 3.0
    departs_at: datetime | None = None
    takeoff_amsl_m: float | None = None
    aircraft_class: AircraftClass = AircraftClass.UNKNOWN
    source: str = ""
    title: Name | None = None
    timed: bool = True
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.waypoints) < 2:
            raise self._bad("a line needs at least two waypoints", "線には二つ以上の点が必要です")
        if self.heights is not None:
            if len(self.heights) != len(self.waypoints):
                heights, waypoints = len(self.heights), len(self.waypoints)
                raise self._bad(
                    f"{heights} heights for {waypoints} waypoints; give one each",
                    f"点が{waypoints}個、高さが{heights}個です。点ごとに一つ書いてください",
                )
            if len({height.datum for height in self.heights}) > 1:
                raise DatumMismatch(
                    f"corridor {self.name}: give all heights in one datum",
                    ja=f"経路 {self.name}: 高さの基準を一つにそろえてください",
                )
        if self.departs_at is not None and self.departs_at.tzinfo is None:
            raise self._bad(
                "the departure needs a time zone, such as +09:00",
                "出発に時差（+09:00 など）が必要です",
            )
        for member, most in _MOST.items():
            value = getattr(self, member)
            band = member in {"below_m", "above_m"}
            if not (0.0 if band else math.ulp(0.0)) <= value <= most:
                span = f"from 0 to {most:g}" if band else f"above 0, at most {most:g}"
                ja = f"0 以上 {most:g} 以下" if band else f"0 より大きく {most:g} 以下"
                raise self._bad(
                    f"{member} cannot be {value:g}; give {span}",
                    f"{member} を {value:g} にはできません。{ja}にしてください",
                )
        highest = max((abs(height.metres) for height in self.heights or ()), default=0.0)
        if highest > HIGHEST_M:
            raise self._bad(
                f"no height can be beyond {HIGHEST_M:g} m",
                f"高さは {HIGHEST_M:g} m を超えられません",
            )

    def _bad(self, reason: str, ja: str) -> BadInput:
        return BadInput(f"corridor {self.name}: {reason}", ja=f"経路 {self.name}: {ja}")
