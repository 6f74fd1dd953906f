"""Where a search looks: an area with its rasters, and paths through it as corridors."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field

import numpy as np
import shapely

from routes_planner import raster
from routes_planner.compiled.lines import Field
from routes_planner.compiled.tables import Floats
from routes_planner.raster import Area, Band, Crowding, Demand
from routes_planner.request import Judge, Request
from routes_planner.shaping import climbing, rounded
from routes_planner.surroundings import Surroundings
from soramichi.domain.altitude import Altitude
from soramichi.domain.corridor import Corridor
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.position import Position

COARSEST_CELL_M = 100.0
FINEST_CELL_M = 10.0
# How finely a proposal is written: a centimetre. It is judged as written, so that whoever reads it
# back and judges it comes to the same verdict.
DEGREE_DECIMALS = 7
METRE_DECIMALS = 2
# What is left of an arc between legs that have no room for one; nobody flies such a leg.
_LEAST_LEG_M = 0.1


@dataclass(frozen=True, slots=True)
class Hunt:
    """One question, and what judges the answers to it."""

    request: Request
    surroundings: Surroundings
    judge: Judge
    crowding: Crowding | None


@dataclass(frozen=True, slots=True)
class HuntingGround:
    """An area, and the rasters of it that the objectives share."""

    hunt: Hunt
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
    ends = ends_m(plane, request)
    cell = float(np.clip(apart_m / 500.0, FINEST_CELL_M, COARSEST_CELL_M))
    spare = max(margin * apart_m, 2_000.0)
    low, high = ends.min(axis=0) - spare, ends.max(axis=0) + spare
    columns, rows = np.ceil((high - low) / cell).astype(int).tolist()
    return Area(plane, float(low[0]), float(low[1]), cell, rows, columns)


def ends_m(plane: LocalPlane, request: Request) -> Floats:
    """Start and goal in metres of the plane."""
    points = shapely.points([request.start.lonlat, request.goal.lonlat])
    ends: Floats = shapely.get_coordinates(plane.metres(points))
    return ends


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
            area.cells(ends_m(area.plane, request)), (climbs.up_m, climbs.down_m), strict=True
        ):
            row, column = np.ogrid[: area.rows, : area.columns]
            near = np.hypot(column - end[0], row - end[1]) * area.cell_m <= radius + reach
            np.minimum(field.closed_from, low.closed_from, out=field.closed_from, where=near)
            np.maximum(field.closed_until, low.closed_until, out=field.closed_until, where=near)
    return field


def _apart(xy: Floats) -> list[int]:
    """Which points to keep so that none but the ends is nearer than `_LEAST_LEG_M` to the next."""
    kept = [0]
    for k in range(1, len(xy) - 1):
        near = min(np.hypot(*(xy[k] - xy[kept[-1]])), np.hypot(*(xy[k] - xy[-1])))
        if near >= _LEAST_LEG_M:
            kept.append(k)
    return [*kept, len(xy) - 1]


def corridor_along(request: Request, area: Area, path: Floats, objective: str) -> Corridor:
    """The path as a corridor from end to end: its bends turned, climbing and descending."""
    xy = area.metres(path)
    xy[0], xy[-1] = ends_m(area.plane, request)
    xy = rounded(xy, request.vehicle.turn_radius_m)
    xy, heights = climbing(xy, request.from_m, request.cruise.metres, request.to_m, request.climb)
    kept = _apart(xy)
    lonlat = shapely.get_coordinates(area.plane.degrees(shapely.LineString(xy[kept])))
    lonlat, heights = lonlat.round(DEGREE_DECIMALS), heights[kept].round(METRE_DECIMALS)
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
