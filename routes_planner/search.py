"""Corridors that pass: the cheapest line around the zones, then flyable, then judged.

The line is searched on rasters (100 m cells or finer, coarse ones first) in a plane
around the flight. Zones are closed there with the half width and half a cell to
spare, each only while it applies at the moment of passage. What comes out is
rounded for the turn radius, given its climb and descent, and judged by the same
check as any other candidate; the raster alone never says that a line passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime

import numpy as np
import shapely

from routes_planner import raster
from routes_planner.check import check
from routes_planner.compiled.lines import Field, path_cost
from routes_planner.compiled.tables import Floats
from routes_planner.paths import cheapest_path
from routes_planner.raster import Area, Band, Crowding, Demand
from routes_planner.shaping import Climb, climbing, rounded
from routes_planner.surroundings import Surroundings
from routes_planner.vehicle import Vehicle
from routes_planner.verdict import Answer, Finding, Severity, Verdict
from soramichi.domain.altitude import Altitude
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass, Name
from soramichi.domain.geodesy import LocalPlane, distance_m
from soramichi.domain.geozone import Geozone
from soramichi.domain.position import Position
from soramichi.errors import BadInput

# What a thousand people per km² add to the cost of a metre; a DID has at least four thousand.
OBJECTIVES = {"shortest": 0.0, "balanced": 0.5, "quietest": 5.0}
COARSEST_CELL_M = 100.0
FINEST_CELL_M = 10.0
FARTHEST_M = 400_000.0
# How far the search looks beside the ends, as a share of their distance; further when in vain.
MARGINS = (0.2, 0.8)
_TRIES = 4
_CLOSED_COST = 100.0


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


def search(
    request: Request,
    surroundings: Surroundings,
    *,
    judge: Judge | None = None,
    crowding: Crowding | None = None,
    objectives: Sequence[str] = tuple(OBJECTIVES),
) -> Found:
    """The shortest corridor that passes and, with `crowding`, one balanced and one quietest.

    `objectives` asks for some of them only. A proposal whose verdict is `unknown`
    (evidence is missing) is given, for want of a better one; one that fails never is.
    `judge` None: by the zones alone. Raises `BadInput` for ends that are the same
    place or more than 400 km apart.
    """
    apart = distance_m(request.start, request.goal)
    if not 0.0 < apart <= FARTHEST_M:
        raise BadInput(f"ends {apart:.0f} m apart: give two places at most 400 km apart")
    judge = judge or Judge(
        verdict=lambda corridor: check(corridor, surroundings), binds_climbs=lambda _: True
    )
    hunt = _Hunt(request, surroundings, judge, crowding)
    wanted = [name for name in objectives if not OBJECTIVES[name] or crowding is not None]
    grounds = [_Ground(hunt, area_around(request, apart, margin)) for margin in MARGINS]
    proposals: list[Proposal] = []
    for objective in wanted:
        found = (_best(hunt, ground, objective) for ground in grounds)
        proposal = next((one for one in found if one is not None), None)
        if proposal is not None:
            proposals.append(proposal)
    if proposals:
        return Found(tuple(proposals))
    return _least_closed(hunt, grounds[0])


@dataclass(frozen=True, slots=True)
class _Hunt:
    request: Request
    surroundings: Surroundings
    judge: Judge
    crowding: Crowding | None


@dataclass(frozen=True, slots=True)
class _Ground:
    """An area, and the rasters of it that the objectives share."""

    hunt: _Hunt
    area: Area
    closed: dict[float, Field] = dataclass_field(default_factory=dict)
    people: list[Floats] = dataclass_field(default_factory=list)

    def field(self, spare_m: float, per_thousand: float) -> Field:
        """What is closed with `spare_m` more to each side, charged for people."""
        hunt = self.hunt
        if spare_m not in self.closed:
            self.closed[spare_m] = field_of(
                hunt.request, hunt.surroundings, self.area, judge=hunt.judge, spare_m=spare_m
            )
        field = self.closed[spare_m]
        if hunt.crowding is None or not per_thousand:
            return field
        if not self.people:
            self.people.append(raster.crowd(self.area, hunt.crowding))
        return field._replace(weight=raster.charged(self.people[0], per_thousand))


def area_around(request: Request, apart_m: float, margin: float) -> Area:
    """The rectangle to search: both ends with `margin` times their distance, 2 km or more."""
    middle = shapely.LineString([request.start.lonlat, request.goal.lonlat]).centroid
    plane = LocalPlane(Position(latitude_deg=middle.y, longitude_deg=middle.x))
    ends = _ends(plane, request)
    cell = float(np.clip(apart_m / 500.0, FINEST_CELL_M, COARSEST_CELL_M))
    spare = max(margin * apart_m, 2_000.0)
    low, high = ends.min(axis=0) - spare, ends.max(axis=0) + spare
    columns, rows = np.ceil((high - low) / cell).astype(int).tolist()
    return Area(plane, float(low[0]), float(low[1]), cell, rows, columns)


def _ends(plane: LocalPlane, request: Request) -> Floats:
    points = shapely.points([request.start.lonlat, request.goal.lonlat])
    ends: Floats = shapely.get_coordinates(plane.metres(points))
    return ends


def _best(hunt: _Hunt, ground: _Ground, objective: str) -> Proposal | None:
    """The cheapest corridor that does not fail; a wider berth each time that it does."""
    request, area = hunt.request, ground.area
    for attempt in range(_TRIES):
        field = ground.field(attempt * 0.5 * area.cell_m, OBJECTIVES[objective])
        path = cheapest_path(field, *np.rint(area.cells(_ends(area.plane, request))))
        if not len(path):
            return None
        corridor = _corridor(request, area, path, objective)
        verdict = hunt.judge.verdict(corridor)
        if verdict.answer is not Answer.FAIL:
            return Proposal(
                objective=objective,
                corridor=corridor,
                verdict=verdict,
                cost_m=float(path_cost(field, path)),
            )
    return None


def field_of(
    request: Request,
    surroundings: Surroundings,
    area: Area,
    *,
    judge: Judge | None = None,
    spare_m: float = 0.0,
) -> Field:
    """The raster of what is closed to the flight at cruise, and while it climbs and descends."""
    field = raster.open_field(area, request.speed_mps)
    departs = request.departs_at.timestamp() if request.departs_at is not None else -np.inf
    reach = request.half_width_m + spare_m
    lasts = request.vehicle.endurance_s
    datum = request.cruise.datum
    top = Altitude(request.cruise.metres + request.above_m, datum)
    at_cruise = Band(Altitude(request.cruise.metres - request.below_m, datum), top)
    raster.close(field, area, surroundings, Demand(at_cruise, reach, departs, lasts))
    lowest = min(request.from_m, request.to_m, request.cruise.metres) - request.below_m
    climbs = request.climb
    if max(climbs.up_m, climbs.down_m) > 0.0:
        low = raster.open_field(area, request.speed_mps)
        band = Band(Altitude(lowest, datum), top)
        binds = judge.binds_climbs if judge is not None else None
        raster.close(low, area, surroundings, Demand(band, reach, departs, lasts, binds))
        for end, radius in zip(
            area.cells(_ends(area.plane, request)), (climbs.up_m, climbs.down_m), strict=True
        ):
            row, column = np.ogrid[: area.rows, : area.columns]
            near = np.hypot(column - end[0], row - end[1]) * area.cell_m <= radius + reach
            np.minimum(field.closed_from, low.closed_from, out=field.closed_from, where=near)
            np.maximum(field.closed_until, low.closed_until, out=field.closed_until, where=near)
    return field


def _corridor(request: Request, area: Area, path: Floats, objective: str) -> Corridor:
    """The path as a corridor: from end to end exactly, rounded, climbing and descending."""
    xy = area.metres(path)
    xy[0], xy[-1] = _ends(area.plane, request)
    xy = rounded(xy, request.vehicle.turn_radius_m)
    xy, heights = climbing(xy, request.from_m, request.cruise.metres, request.to_m, request.climb)
    lonlat = shapely.get_coordinates(area.plane.degrees(shapely.LineString(xy)))
    inner = [Position(latitude_deg=y, longitude_deg=x) for x, y in lonlat[1:-1].tolist()]
    return Corridor(
        name=objective,
        waypoints=(request.start, *inner, request.goal),
        heights=tuple(Altitude(h, request.cruise.datum) for h in heights.tolist()),
        half_width_m=request.half_width_m,
        below_m=request.below_m,
        above_m=request.above_m,
        ground_speed_mps=request.speed_mps,
        vertical_speed_mps=request.vehicle.vertical_speed_mps,
        departs_at=request.departs_at,
        aircraft_class=request.aircraft_class,
        source="search",
    )


def _least_closed(hunt: _Hunt, ground: _Ground) -> Found:
    """The way through as little of closed cells as possible: it passes after all, or tells why not.

    Cells are closed with half a cell to spare, so that a gap may be there which they do not show.
    """
    request, area = hunt.request, ground.area
    field = ground.field(0.0, 0.0)
    through = raster.open_field(area, request.speed_mps)
    through.weight[field.closed_until > field.closed_from] = _CLOSED_COST
    path = cheapest_path(through, *np.rint(area.cells(_ends(area.plane, request))))
    corridor = _corridor(request, area, path, "shortest")
    verdict = hunt.judge.verdict(corridor)
    if verdict.answer is not Answer.FAIL:
        proposal = Proposal(
            objective="shortest",
            corridor=corridor,
            verdict=verdict,
            cost_m=verdict.metrics.length_m,
        )
        return Found((proposal,))
    blocking = tuple(f for f in verdict.findings if f.severity is Severity.FAIL)
    names = list(_names(blocking))
    why = Name(
        ja="通れる経路がありません。最も通りやすい道をふさぐもの: "
        + "、".join([n.ja for n in names] or [f.message.ja for f in blocking]),
        en="no corridor passes; the least closed way is closed by "
        + ", ".join([n.en for n in names] or [f.message.en for f in blocking]),
    )
    return Found((), NoRoute(reason=why, closed_by=blocking))


def _names(findings: tuple[Finding, ...]) -> Iterator[Name]:
    """The zones' names, each once, in the order met."""
    seen = set()
    for finding in findings:
        if finding.zone is not None and finding.zone.identifier not in seen:
            seen.add(finding.zone.identifier)
            label = finding.zone.identifier
            yield Name(ja=finding.zone.name.ja or label, en=finding.zone.name.en or label)
