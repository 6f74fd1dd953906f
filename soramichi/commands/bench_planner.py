"""`soramichi bench planner`: the check and the search against the plainest programs for them.

The limit of the check is GEOS: one bulk query of an index, in two dimensions,
with no heights, times, stretches or evidence. geopandas is a peer where it is
installed. Everything runs on one core, alternating, in the same process.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import click
import numpy as np
import shapely

from routes_planner import scenes
from routes_planner.check import check, check_many
from routes_planner.flown import everywhere, fly
from routes_planner.overlap import overlaps, rejected
from routes_planner.raster import Area, Crowding, charge
from routes_planner.search import MARGINS, Request, area_around, cheapest_path, field_of, search
from routes_planner.search_kernel import Field, path_cost
from routes_planner.surroundings import Surroundings, survey
from routes_planner.vehicle import VEHICLES
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geodesy import distance_m
from soramichi.domain.position import Position

Result = dict[str, Any]
RUNS = 3
# Ends of searches in kilometres east and north of the scene's south-west corner.
SEARCHES = (
    ((15, 20), (95, 150)),
    ((100, 30), (20, 110)),
    ((60, 15), (70, 155)),
    ((10, 85), (110, 95)),
    ((30, 150), (90, 40)),
)
# Zones of the search's scene, and towns that make a metre above them dearer.
SEARCH_ZONES, TOWNS = 500, 70
# Zones and candidates of each scene.
SCENES = ((1_000, 4_000), (10_000, 2_000), (100_000, 500))


@click.command()
@click.option("--quick", is_flag=True, help="Smaller scenes: a minute instead of several.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def planner(*, quick: bool, as_json: bool) -> None:
    """Measure the planner. 経路の判定と探索の速さを測ります。"""  # noqa: D415
    results: list[Result] = []
    for zones, candidates in (
        (1_000, 2_000),
        (10_000, 1_000),
        *(() if quick else ((100_000, 500),)),
    ):
        results += check_results(zones, candidates)
    results += search_results(SEARCHES[: 3 if quick else None])
    report = {"machine": machine(), "runs": RUNS, "results": results}
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
        return
    for row in results:
        limit = (
            "" if row["limit"] is None else f"   limit {row['limit']:>12,.1f}   x{row['ratio']:.2f}"
        )
        click.echo(f"{row['name']:<44}{row['value']:>12,.1f} {row['unit']:<13}{limit}")


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "geos": ".".join(map(str, shapely.geos_version)),
    }


def result(name: str, value: float, unit: str, limit: float | None = None) -> Result:
    """One row; the ratio is value / limit, None without a limit."""
    ratio = None if not limit else round(value / limit, 3)
    return {"name": name, "value": value, "unit": unit, "limit": limit, "ratio": ratio}


def seconds(*work: Callable[[], object]) -> list[float]:
    """The median seconds of each, run alternately so that they meet the same machine."""
    for warm_up in work:
        warm_up()
    taken: list[list[float]] = [[] for _ in work]
    for _ in range(RUNS):
        for slot, run in zip(taken, work, strict=True):
            began = time.perf_counter()
            run()
            slot.append(time.perf_counter() - began)
    return [statistics.median(slot) for slot in taken]


def check_results(zone_count: int, candidate_count: int) -> list[Result]:
    """Bulk, single and peer rates for one scene, and what the check misses against GEOS."""
    zones, plans = scenes.zones(zone_count), scenes.corridors(candidate_count)
    around, flown = survey(zones), fly(plans)
    shapes = scenes.PLANE.metres(np.array([zone.volumes[0].footprint for zone in zones]))
    lines, widths = scenes.lines_m(plans)
    tree = shapely.STRtree(shapes)
    work: list[Callable[[], object]] = [
        lambda: tree.query(lines, predicate="dwithin", distance=widths),
        lambda: overlaps(flown, around),
        lambda: rejected(flown, around),
        lambda: fly(plans),
        lambda: check_many(plans, around, with_metrics=False),
    ]
    geos, exact, reject, laid_out, verdicts = (candidate_count / s for s in seconds(*work))
    rate, at = "candidates/s", f"@{zone_count}"
    return [
        result(f"check.geos_bulk_2d{at}", geos, rate),
        result(f"check.exact_3d_time{at}", exact, rate, geos),
        result(f"check.accept_reject{at}", reject, rate, geos),
        result(f"check.lay_out_lines{at}", laid_out, rate, geos),
        result(f"check.verdicts_with_evidence{at}", verdicts, rate, geos),
        result(f"check.missed_against_geos_2d{at}", missed(plans, around, tree), "pairs"),
        *_single(plans, around, at),
        *_geopandas(shapes, lines, widths, geos, at),
    ]


def missed(plans: list[Corridor], around: Surroundings, tree: shapely.STRtree) -> float:
    """Pairs that GEOS finds within 99.9 % of the width and the check, at all heights, does not."""
    lines, widths = scenes.lines_m(plans)
    flat = everywhere(fly(plans))
    found = overlaps(flat, around)
    ours = set(zip(found.corridor.tolist(), found.volume.tolist(), strict=True))
    pairs = tree.query(lines, predicate="dwithin", distance=0.999 * widths).T.tolist()
    return float(sum((a, b) not in ours for a, b in pairs))


def _single(plans: list[Corridor], around: Surroundings, at: str) -> list[Result]:
    """Milliseconds of one interactive check with evidence and clearance."""
    taken = []
    for plan in plans[:300]:
        began = time.perf_counter()
        check(plan, around)
        taken.append(1_000.0 * (time.perf_counter() - began))
    return [
        result(f"check.single_p50{at}", statistics.median(taken), "ms"),
        result(f"check.single_p99{at}", float(np.percentile(taken, 99)), "ms"),
    ]


def _geopandas(
    shapes: Any, lines: list[shapely.LineString], widths: Any, geos: float, at: str
) -> list[Result]:
    """The usual peer: a spatial join in two dimensions; [] where it is not installed."""
    try:
        import geopandas  # noqa: PLC0415  # a peer to compare with, not a dependency
    except ImportError:
        click.echo("geopandas is not installed: its row is left out", err=True)
        return []
    left = geopandas.GeoDataFrame(geometry=lines, crs="EPSG:6674")
    right = geopandas.GeoDataFrame(geometry=list(shapes), crs="EPSG:6674")
    [took] = seconds(lambda: left.sjoin(right, predicate="dwithin", distance=widths))
    return [result(f"check.geopandas_sjoin_2d{at}", len(lines) / took, "candidates/s", geos)]


def search_results(ends: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> list[Result]:
    """Milliseconds of a whole search and of its path, and its cost against fast marching."""
    around = survey(scenes.zones(SEARCH_ZONES, seed=11))
    crowding = _towns()
    whole, path_ms, excess = [], [], []
    for start, goal in ends:
        request = _request(start, goal)
        search(request, around)
        began = time.perf_counter()
        search(request, around)
        whole.append(1_000.0 * (time.perf_counter() - began))
        apart = distance_m(request.start, request.goal)
        area = area_around(request, apart, MARGINS[0])
        dearer = field_of(request, around, area)
        charge(dearer, area, crowding, 0.5)
        began = time.perf_counter()
        field = field_of(request, around, area)._replace(weight=dearer.weight)
        path = cheapest_path(field, *_cells(area, request))
        path_ms.append(1_000.0 * (time.perf_counter() - began))
        optimum = fast_marching(field, *_cells(area, request))
        if optimum is not None:
            excess.append(100.0 * (path_cost(field, path) / optimum - 1.0))
    found = [
        result("search.shortest_with_verdict_p50@500", statistics.median(whole), "ms", 200.0),
        result("search.weighted_path_p50@500", statistics.median(path_ms), "ms", 200.0),
    ]
    if excess:
        found += [
            result("search.cost_above_fast_marching_p50", statistics.median(excess), "%", 0.5),
            result("search.cost_above_fast_marching_max", max(excess), "%", 0.5),
        ]
    return found


def fast_marching(field: Field, start: Any, goal: Any) -> float | None:
    """The cost of the best path on these cells by scikit-fmm; None where it is not installed."""
    try:
        import skfmm  # noqa: PLC0415  # the reference, not a dependency
    except ImportError:
        click.echo("scikit-fmm is not installed: the cost rows are left out", err=True)
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
    """Seventy round towns with up to 6,000 people per km² in the middle."""
    rng = np.random.default_rng(12)
    middles = _lonlat(rng.uniform(0.0, 1.0, (TOWNS, 2)) * (scenes.WIDTH_M, scenes.HEIGHT_M))
    sizes = rng.uniform(0.02, 0.06, TOWNS)

    def crowding(lon: Any, lat: Any) -> Any:
        people = np.zeros(lon.size)
        for (x, y), size in zip(middles, sizes, strict=True):
            away = ((lon - x) ** 2 + (lat - y) ** 2) / (2.0 * size**2)
            people += 6_000.0 * np.exp(-away)
        return people

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
