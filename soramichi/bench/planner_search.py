"""The search beside the exact optimum: fast marching over the same cells (scikit-fmm)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely

from routes_planner import raster, scenes
from routes_planner.compiled.lines import Field, path_cost
from routes_planner.compiled.tables import Floats
from routes_planner.hunt import area_around, field_of
from routes_planner.raster import Area, Crowding
from routes_planner.request import Request
from routes_planner.search import MARGINS, OBJECTIVES, search
from routes_planner.surroundings import Surroundings, survey
from routes_planner.vehicle import VEHICLES
from soramichi.bench.report import Result, median, result
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geodesy import distance_m
from soramichi.domain.position import Position

Ends = tuple[tuple[int, int], tuple[int, int]]
# Ends of searches in kilometres east and north of the scene's south-west corner.
SEARCHES: tuple[Ends, ...] = (
    ((15, 20), (95, 150)),
    ((100, 30), (20, 110)),
    ((60, 15), (70, 155)),
    ((10, 85), (110, 95)),
    ((30, 150), (90, 40)),
)
# Zones of the scene, and towns that make a metre above them dearer.
ZONES, TOWNS = 500, 70
# Degrees between the values of the towns' raster, about 450 m: a mesh.
_MESH_DEG = 0.004


def rows(ends: Sequence[Ends], *, runs: int) -> Iterator[Result]:
    """Milliseconds of whole searches, verdict included, and their cost above fast marching."""
    around, crowding = survey(scenes.zones(ZONES, seed=11)), _towns()
    asked = [_request(*pair) for pair in ends]
    search(asked[0], around, crowding=crowding)
    shortest = [_milliseconds(one, around, "shortest", None, runs) for one in asked]
    balanced = [_milliseconds(one, around, "balanced", crowding, runs) for one in asked]
    at = f"@{ZONES}"
    yield result(f"search.shortest_with_verdict_p50{at}", median(shortest), "ms", target="<= 200")
    yield result(f"search.balanced_with_verdict_p50{at}", median(balanced), "ms", target="<= 200")
    yield result(f"search.balanced_with_verdict_max{at}", max(balanced), "ms")
    excess = [e for one in asked if (e := _excess(one, around, crowding)) is not None]
    if excess:
        yield result("search.cost_above_fast_marching_p50", median(excess), "%", target="<= 0.5")
        yield result("search.cost_above_fast_marching_max", max(excess), "%", target="<= 0.5")


def _milliseconds(
    request: Request, around: Surroundings, objective: str, crowding: Crowding | None, runs: int
) -> float:
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        found = search(request, around, crowding=crowding, objectives=(objective,))
        taken.append(1_000.0 * (time.perf_counter() - began))
        assert found.proposals  # noqa: S101  # a search in vain is no time to show
    return median(taken)


def _excess(request: Request, around: Surroundings, crowding: Crowding) -> float | None:
    """By how many per cent the proposed corridor costs more than the best path over the cells."""
    found = search(request, around, crowding=crowding, objectives=("balanced",))
    area = area_around(request, distance_m(request.start, request.goal), MARGINS[0])
    weight = raster.charged(raster.crowd(area, crowding), OBJECTIVES["balanced"])
    field = field_of(request, around, area)._replace(weight=weight)
    optimum = fast_marching(field, *_cells(area, request))
    if optimum is None:
        return None
    free = raster.open_field(area, request.speed_mps)._replace(weight=weight)
    flown = _path(area, found.proposals[0].corridor)
    return 100.0 * (float(path_cost(free, flown)) / optimum - 1.0)


def _path(area: Area, corridor: Corridor) -> Floats:
    places = shapely.points([w.lonlat for w in corridor.waypoints])
    return area.cells(shapely.get_coordinates(area.plane.metres(places)))


def fast_marching(field: Field, start: Any, goal: Any) -> float | None:
    """The cost of the best path on these cells by scikit-fmm; None where it is not installed."""
    try:
        import skfmm  # noqa: PLC0415  # the reference, not a dependency
    except ImportError:
        return None
    row, column = np.mgrid[: field.weight.shape[0], : field.weight.shape[1]]
    closed = field.closed_until > field.closed_from
    # A circle of three cells around the start: a front from inside one cell would be off.
    front = np.ma.MaskedArray(np.hypot(row - start[1], column - start[0]) - 3.0, closed)
    time_s = skfmm.travel_time(front, 1.0 / field.weight, dx=field.cell, order=2)
    near = 3.0 * field.cell * field.weight[int(start[1]), int(start[0])]
    return float(time_s[int(goal[1]), int(goal[0])]) + float(near)


def _cells(area: Area, request: Request) -> tuple[Any, Any]:
    points = shapely.points([request.start.lonlat, request.goal.lonlat])
    start, goal = np.rint(area.cells(shapely.get_coordinates(area.plane.metres(points))))
    return start, goal


def _towns() -> Crowding:
    """Seventy round towns with up to 6,000 people per km² in the middle, on a raster."""
    rng = np.random.default_rng(12)
    middles = _lonlat(rng.uniform(0.0, 1.0, (TOWNS, 2)) * (scenes.WIDTH_M, scenes.HEIGHT_M))
    sizes = rng.uniform(0.02, 0.06, TOWNS)
    west, south = 134.5, 32.5
    lon, lat = west + _MESH_DEG * np.arange(1_000), south + _MESH_DEG * np.arange(1_000)
    people = np.zeros((lat.size, lon.size))
    for (x, y), size in zip(middles, sizes, strict=True):
        east, north = (np.exp(-((v - m) ** 2) / (2.0 * size**2)) for v, m in ((lon, x), (lat, y)))
        people += 6_000.0 * north[:, None] * east

    def crowding(lon: Any, lat: Any) -> Any:
        row, column = np.rint((lat - south) / _MESH_DEG), np.rint((lon - west) / _MESH_DEG)
        return people[row.astype(np.int64), column.astype(np.int64)]

    return crowding


def _request(start: tuple[int, int], goal: tuple[int, int]) -> Request:
    (x0, y0), (x1, y1) = _lonlat(1_000.0 * np.array([start, goal], float)).tolist()
    return Request(
        start=Position(latitude_deg=y0, longitude_deg=x0),
        goal=Position(latitude_deg=y1, longitude_deg=x1),
        cruise=Altitude(300.0, Datum.AMSL),
        from_m=300.0,
        to_m=300.0,
        aircraft_class=AircraftClass.EVTOL,
        vehicle=VEHICLES[AircraftClass.EVTOL],
        half_width_m=150.0,
        below_m=20.0,
        above_m=20.0,
    )


def _lonlat(from_corner_m: Any) -> Any:
    """Places in metres from the scene's south-west corner, as degrees."""
    middle = np.array([scenes.WIDTH_M, scenes.HEIGHT_M]) / 2.0
    return shapely.get_coordinates(scenes.PLANE.degrees(shapely.points(from_corner_m - middle)))
