"""What a search is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from routes_planner.shaping import Climb
from routes_planner.vehicle import Vehicle
from routes_planner.verdict import Finding, Verdict
from soramichi.domain.altitude import Altitude
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass, Name
from soramichi.domain.geozone import Geozone
from soramichi.domain.position import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for. `cruise` is the height of the line after the climb, AMSL or AGL.

    `from_m` and `to_m` are the heights of take-off and landing in the datum of
    `cruise`. The corridor reaches `below_m` under and `above_m` over the line.
    """

    start: Position
    goal: Position
    cruise: Altitude
    aircraft_class: AircraftClass
    vehicle: Vehicle
    half_width_m: float
    below_m: float = 0.0
    above_m: float = 0.0
    from_m: float = 0.0
    to_m: float = 0.0
    departs_at: datetime | None = None
    ground_speed_mps: float | None = None

    @property
    def speed_mps(self) -> float:
        """The speed asked for, or the cruise speed of the class's example."""
        return self.ground_speed_mps or self.vehicle.cruise_speed_mps

    @property
    def climb(self) -> Climb:
        """The metres that climb and descent take."""
        per_metre = self.speed_mps / self.vehicle.vertical_speed_mps
        return Climb(
            max(self.cruise.metres - self.from_m, 0.0) * per_metre,
            max(self.cruise.metres - self.to_m, 0.0) * per_metre,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A corridor that was found, with its verdict; `cost_m` is its length weighted by people."""

    objective: str
    corridor: Corridor
    verdict: Verdict
    cost_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRoute:
    """Why there is none: for people, and the findings on the way that is least closed."""

    reason: Name
    closed_by: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """How a corridor is judged, and whether a zone binds a flight that climbs or descends."""

    verdict: Callable[[Corridor], Verdict]
    binds_climbs: Callable[[Geozone], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """Proposals, best first of each objective; `none` says why when there is no proposal."""

    proposals: tuple[Proposal, ...]
    none: NoRoute | None = None
