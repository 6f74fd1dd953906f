"""What residents ask, as areas to draw under one corridor: its width, people, loudness and falls.

Everything is GeoJSON in WGS 84 degrees. Where the height above ground is not known, a layer says
so and draws the stretch, instead of leaving it looking harmless.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import shapely

from routes_planner.compiled.tables import Floats
from routes_planner.fall import fall_area
from routes_planner.flown import Flown, fly
from routes_planner.ground import steps
from routes_planner.noise import audible_area
from routes_planner.population import Population, area_below
from routes_planner.surroundings import COLUMN, Surroundings
from routes_planner.vehicle import Vehicle, vehicle_of
from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import Name
from soramichi.domain.position import Position

# About a quiet library, a quiet office, ordinary talk and a busy street.
LEVELS_DB = (40.0, 50.0, 60.0, 70.0)
_STEPS = 80
# Heights to fall from are rounded up to this: a layer to look at, not the metric.
_FALL_STEP_M = 5.0
_NO_HEIGHT = Name(
    ja="地面からの高さが分からない区間があります（標高データ未登録、または高さの指定なし）",
    en="the height above ground is not known on part of it (no terrain loaded, or no height given)",
)
_NO_CLASS = Name(ja="機体の種類が決まっていません", en="the kind of aircraft is not stated")
_NO_PEOPLE = Name(ja="人口データが読み込まれていません", en="no population is loaded")
_NO_MESH = Name(
    ja="読み込まれた人口データは、この経路の一部を含んでいません",
    en="the population that is loaded does not cover all of this corridor",
)


@dataclass(frozen=True, slots=True)
class _Run:
    """An unbroken part of the line on which the height above ground is known, and its band."""

    line: Corridor
    lowest_agl_m: list[float]
    highest_agl_m: list[float]


def layers(
    corridor: Corridor, surroundings: Surroundings, population: Population | None
) -> dict[str, Any]:
    """`width`, `people`, `loudness` and `fall` of one corridor, as plain JSON values.

    Each but `width` has `reason` {ja, en}: why it is missing or not whole; null when it is whole.
    """
    vehicle = vehicle_of(corridor.aircraft_class)
    runs, unknown = _runs(corridor, surroundings)
    plane, area = area_below(corridor)
    reason = _NO_CLASS if vehicle is None else _NO_HEIGHT if unknown is not None else None
    open_ends = {"unknown": _drawn(unknown), "reason": _words(reason)}
    return {
        "width": _drawn(plane.degrees(area)),
        "people": _people(corridor, population),
        "loudness": {
            "levels": _loudness(vehicle, runs),
            "doubt_db": vehicle and vehicle.level_doubt_db,
            "example": vehicle and vehicle.example,
            **open_ends,
        },
        "fall": {"area": _fall(vehicle, runs), **open_ends},
    }


def _runs(
    corridor: Corridor, surroundings: Surroundings
) -> tuple[list[_Run], shapely.MultiLineString | None]:
    """The parts with a known height above ground, and the line of those without."""
    ellipsoidal = corridor.heights is not None and corridor.heights[0].datum is Datum.ELLIPSOID
    flown = fly([corridor], surroundings.geoid if ellipsoidal else None)
    places, bottom, top = _band_agl(flown, surroundings)
    known = np.isfinite(bottom) & np.isfinite(top)
    edges = np.flatnonzero(np.diff(known)) + 1
    runs, unknown = [], []
    for run in np.split(np.arange(known.size), edges):
        # One place further on either side, so that neighbouring parts touch.
        if known[run[0]]:
            if run.size > 1:
                runs.append(_run(corridor, places[run], bottom[run], top[run]))
        else:
            reach = slice(max(run[0] - 1, 0), run[-1] + 2)
            unknown.append(shapely.LineString(places[reach]))
    return runs, shapely.MultiLineString(unknown) if unknown else None


def _run(corridor: Corridor, places: Floats, bottom: Floats, top: Floats) -> _Run:
    where = tuple(Position(latitude_deg=lat, longitude_deg=lon) for lon, lat in places.tolist())
    line = replace(corridor, waypoints=where, heights=None)
    rounded = np.ceil(np.maximum(top, 0.0) / _FALL_STEP_M) * _FALL_STEP_M
    return _Run(line, bottom.tolist(), rounded.tolist())


def _band_agl(flown: Flown, surroundings: Surroundings) -> tuple[Floats, Floats, Floats]:
    """Places along the line, both ends included, with the band's bottom and top above ground."""
    length = flown.length_m(0)
    line = steps(flown, 0, (0.0, length), max(length / _STEPS, 1.0))
    lon = (line.longitude_deg + 180.0) % 360.0 - 180.0
    agl, amsl = COLUMN[Datum.AGL], COLUMN[Datum.AMSL]
    bottom, top = line.bottom_m[:, agl], line.top_m[:, agl]
    if not np.isfinite(top).all() and surroundings.terrain is not None:
        ground = surroundings.terrain.surfaces_amsl_m(lon, line.latitude_deg)
        bottom, top = line.bottom_m[:, amsl] - ground, line.top_m[:, amsl] - ground
    ends = [flown.corridors[0].waypoints[k].lonlat for k in (0, -1)]
    inner = np.column_stack([lon, line.latitude_deg])
    places = np.concatenate([[ends[0]], inner, [ends[1]]])
    bottom, top = (np.concatenate([v[:1], v, v[-1:]]) for v in (bottom, top))
    return places, bottom, top


def _people(corridor: Corridor, population: Population | None) -> dict[str, Any]:
    """The cells that the corridor's width touches, with the people of each."""
    if population is None:
        return {"cells": None, "reason": _words(_NO_PEOPLE)}
    if population.below(corridor) is None:
        return {"cells": None, "reason": _words(_NO_MESH)}
    return {"cells": list(_cells(corridor, population)), "reason": None}


def _cells(corridor: Corridor, population: Population) -> Iterator[dict[str, Any]]:
    plane, area = area_below(corridor)
    width = plane.degrees(area)
    high, wide = 1.0 / population.per_degree[0], 1.0 / population.per_degree[1]
    south, west = population.row * high, 100.0 + population.column * wide
    boxes = shapely.box(west, south, west + wide, south + high)
    for k in np.flatnonzero(shapely.intersects(boxes, width) & (population.people > 0.0)):
        yield {"geometry": _drawn(boxes[k]), "people": round(float(population.people[k]))}


def _loudness(vehicle: Vehicle | None, runs: list[_Run]) -> list[dict[str, Any]]:
    """Where it is at least so loud, the quietest level first; none for a level it never has."""
    if vehicle is None:
        return []
    found = []
    for level in LEVELS_DB:
        areas = [audible_area(vehicle, run.line, run.lowest_agl_m, level) for run in runs]
        area = shapely.union_all(areas) if areas else shapely.Polygon()
        if not area.is_empty:
            found.append({"db": level, "area": _drawn(area)})
    return found


def _fall(vehicle: Vehicle | None, runs: list[_Run]) -> dict[str, Any] | None:
    if vehicle is None or not runs:
        return None
    return _drawn(shapely.union_all([fall_area(vehicle, r.line, r.highest_agl_m) for r in runs]))


def _drawn(geometry: Any) -> dict[str, Any] | None:
    """GeoJSON to a metre: 1e-5 degrees; None for nothing."""
    if geometry is None or geometry.is_empty:
        return None
    simple = shapely.transform(shapely.simplify(geometry, 2e-5), lambda xy: xy.round(5))
    found: dict[str, Any] = shapely.geometry.mapping(simple)
    return found


@cache
def _words(reason: Name | None) -> dict[str, str] | None:
    return None if reason is None else {"ja": reason.ja, "en": reason.en}
