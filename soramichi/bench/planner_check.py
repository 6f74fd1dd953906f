"""The check beside the plainest program for it: GEOS, one bulk query of an index in two dimensions.

That floor knows no heights, no times, no stretches and no evidence. geopandas and
PostGIS are peers where they are at hand; all run on one core, alternating.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import shapely

from routes_planner import scenes
from routes_planner.check import check, check_many
from routes_planner.flown import everywhere, fly
from routes_planner.overlap import overlaps, rejected
from routes_planner.surroundings import Surroundings, survey
from soramichi.bench.report import Result, median, result
from soramichi.domain.corridor import Corridor
from soramichi.domain.geozone import Geozone

RATE = "candidates/s"
# What the ratio to the GEOS floor should reach at so many zones; at others it is only told.
EXACT, ACCEPT_REJECT, JUDGED_ZONES = ">= 10", ">= 30", 5_000
# Candidates that the slow ways are given: shapely in four dimensions, PostGIS, single requests.
_SLOW, _SINGLE = 60, 300
_AT_LEAST_S = 0.2
# The floor works in a plane and without the Earth's bend: to count as missed, a pair must be
# nearer than the width by this share, and meet for longer than a moment.
_SHARE, _SLACK_M, _SLACK_S = 0.995, 1.0, 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Zones and candidates, for ours and for planar peers."""

    zones: list[Geozone]
    plans: list[Corridor]
    around: Surroundings
    shapes: Any
    lines: list[shapely.LineString]
    widths: Any

    @classmethod
    def of(cls, zone_count: int, candidate_count: int) -> Scene:
        """The same for the same numbers."""
        zones, plans = scenes.zones(zone_count), scenes.corridors(candidate_count)
        shapes = scenes.PLANE.metres(np.array([zone.volumes[0].footprint for zone in zones]))
        return cls(zones, plans, survey(zones), shapes, *scenes.lines_m(plans))


def rows(
    zone_count: int, candidate_count: int, *, runs: int, postgis: str | None
) -> Iterator[Result]:
    """Bulk, single and peer rates for one scene, and what the check misses."""
    scene, at = Scene.of(zone_count, candidate_count), f"@{zone_count}"
    around, plans, flown = scene.around, scene.plans, fly(scene.plans)
    tree = shapely.STRtree(scene.shapes)
    work: list[Callable[[], object]] = [
        lambda: tree.query(scene.lines, predicate="dwithin", distance=scene.widths),
        lambda: overlaps(flown, around),
        lambda: rejected(flown, around),
        lambda: fly(plans),
        lambda: check_many(plans, around, with_metrics=False),
    ]
    geos, exact, reject, laid_out, verdicts = (
        candidate_count / taken for taken in seconds(*work, runs=runs)
    )
    yield result(f"check.geos_bulk_2d{at}", geos, RATE)
    judged = zone_count == JUDGED_ZONES
    for name, rate, target in (
        ("exact_3d_time", exact, EXACT),
        ("accept_reject", reject, ACCEPT_REJECT),
    ):
        stated = target if judged else None
        yield result(f"check.{name}{at}", rate, RATE, limit=geos, target=stated)
    yield result(f"check.lay_out_lines{at}", laid_out, RATE, limit=geos)
    yield result(f"check.verdicts_with_evidence{at}", verdicts, RATE, limit=geos)
    yield result(f"check.missed_2d{at}", missed_2d(scene, tree), "pairs", target="= 0")
    yield result(f"check.missed_3d_time{at}", missed_3d_time(scene, tree), "pairs", target="= 0")
    yield from _single(scene, at)
    yield from _geopandas(scene, geos, at, runs)
    if postgis is not None:
        taken = _postgis(scene, postgis, runs)
        yield result(f"check.postgis_dwithin_2d{at}", taken, RATE, limit=geos)


def seconds(*work: Callable[[], object], runs: int) -> list[float]:
    """The median seconds of each, run alternately so that they meet the same machine.

    What is done sooner than `_AT_LEAST_S` is done again until then: a pause of the machine
    of a few milliseconds would otherwise be most of what is measured.
    """
    for warm_up in work:
        warm_up()
    taken: list[list[float]] = [[] for _ in work]
    for _ in range(runs):
        for slot, run in zip(taken, work, strict=True):
            times, took, began = 0, 0.0, time.perf_counter()
            while took < _AT_LEAST_S:
                run()
                times, took = times + 1, time.perf_counter() - began
            slot.append(took / times)
    return [statistics.median(slot) for slot in taken]


def missed_2d(scene: Scene, tree: shapely.STRtree) -> float:
    """Pairs that GEOS finds within 99.9 % of the width and the check, at all heights, does not."""
    found = overlaps(everywhere(fly(scene.plans)), scene.around)
    ours = set(zip(found.corridor.tolist(), found.volume.tolist(), strict=True))
    near = 0.999 * scene.widths
    pairs = tree.query(scene.lines, predicate="dwithin", distance=near).T.tolist()
    return float(sum((a, b) not in ours for a, b in pairs))


def missed_3d_time(scene: Scene, tree: shapely.STRtree) -> float:
    """Pairs that shapely finds in place, height and time at once and the check does not.

    The first candidates only. Holes, bands and periods of the zones all count.
    """
    plans = scene.plans[:_SLOW]
    found = overlaps(fly(plans), scene.around)
    ours = set(zip(found.corridor.tolist(), found.volume.tolist(), strict=True))
    near = _SHARE * scene.widths[:_SLOW]
    pairs = tree.query(scene.lines[:_SLOW], predicate="dwithin", distance=near).T.tolist()
    return float(
        sum(
            (a, b) not in ours
            and meets(plans[a], scene.lines[a], scene.zones[b], scene.shapes[b].buffer(near[a]))
            for a, b in pairs
        )
    )


def meets(plan: Corridor, line: shapely.LineString, zone: Geozone, reach: shapely.Geometry) -> bool:
    """Whether any part of any leg is in reach, in the band and in the period: shapely, leg by leg.

    For lines and bands as `scenes` makes them: level band around the line, AMSL, one period.
    """
    assert plan.heights is not None  # noqa: S101  # scenes gives them
    assert plan.departs_at is not None  # noqa: S101
    volume, xy = zone.volumes[0], shapely.get_coordinates(line)
    assert volume.floor is not None  # noqa: S101
    assert volume.ceiling is not None  # noqa: S101
    low, high = volume.floor.metres - plan.above_m, volume.ceiling.metres + plan.below_m
    clock = plan.departs_at.timestamp()
    for k in range(len(xy) - 1):
        length = float(np.hypot(*(xy[k + 1] - xy[k])))
        h0, h1 = plan.heights[k].metres, plan.heights[k + 1].metres
        lasts = max(length / plan.ground_speed_mps, abs(h1 - h0) / plan.vertical_speed_mps)
        leg = shapely.LineString(xy[k : k + 2])
        crossed = leg.intersection(reach)
        for part in () if crossed.is_empty else shapely.get_parts(crossed):
            at = np.hypot(*(shapely.get_coordinates(part) - xy[k]).T) / max(length, 1e-9)
            a, b = float(at.min()), float(at.max())
            a, b = _within((a, b), (h0, h1), (low + _SLACK_M, high - _SLACK_M))
            for period in zone.activations:
                since = period.starts_at.timestamp() if period.starts_at else -np.inf
                until = period.ends_at.timestamp() if period.ends_at else np.inf
                a, b = _within((a, b), (clock, clock + lasts), (since + _SLACK_S, until - _SLACK_S))
            if a < b:
                return True
        clock += lasts
    return False


def _within(
    part: tuple[float, float], change: tuple[float, float], span: tuple[float, float]
) -> tuple[float, float]:
    """The part of [a, b] in which an even change is within a span."""
    (a, b), (start, stop), (low, high) = part, change, span
    if start == stop:
        return (a, b) if low <= start <= high else (1.0, 0.0)
    c, d = sorted(((low - start) / (stop - start), (high - start) / (stop - start)))
    return max(a, c), min(b, d)


def _single(scene: Scene, at: str) -> Iterator[Result]:
    """Milliseconds of one interactive check with evidence and clearance."""
    taken = []
    for plan in scene.plans[:_SINGLE]:
        began = time.perf_counter()
        check(plan, scene.around)
        taken.append(1_000.0 * (time.perf_counter() - began))
    yield result(f"check.single_p50{at}", median(taken), "ms")
    yield result(f"check.single_p99{at}", float(np.percentile(taken, 99)), "ms")


def _geopandas(scene: Scene, geos: float, at: str, runs: int) -> Iterator[Result]:
    """The usual peer: a spatial join in two dimensions; nothing where it is not installed."""
    try:
        import geopandas  # noqa: PLC0415  # a peer to compare with, not a dependency
    except ImportError:
        return
    left = geopandas.GeoDataFrame(geometry=scene.lines, crs="EPSG:6674")
    right = geopandas.GeoDataFrame(geometry=list(scene.shapes), crs="EPSG:6674")
    [took] = seconds(
        lambda: left.sjoin(right, predicate="dwithin", distance=scene.widths), runs=runs
    )
    yield result(f"check.geopandas_sjoin_2d{at}", len(scene.lines) / took, RATE, limit=geos)


def _postgis(scene: Scene, url: str, runs: int) -> float:
    """Candidates a second of a join by ST_DWithin over a GiST index, of the first candidates."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        connection.execute("CREATE TEMPORARY TABLE zones (shape geometry)")
        connection.execute("CREATE TEMPORARY TABLE lines (line geometry, reach float8)")
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO zones VALUES (ST_GeomFromWKB(%s, 6674))",
                [(shape,) for shape in shapely.to_wkb(scene.shapes).tolist()],
            )
            cursor.executemany(
                "INSERT INTO lines VALUES (ST_GeomFromWKB(%s, 6674), %s)",
                [
                    (shapely.to_wkb(line), float(reach))
                    for line, reach in zip(scene.lines[:_SLOW], scene.widths[:_SLOW], strict=True)
                ],
            )
        connection.execute("CREATE INDEX ON zones USING gist (shape)")
        connection.execute("ANALYZE zones")
        connection.execute("ANALYZE lines")
        join = "SELECT count(*) FROM lines JOIN zones ON ST_DWithin(line, shape, reach)"
        [took] = seconds(lambda: connection.execute(join).fetchall(), runs=runs)
        connection.rollback()
    return min(_SLOW, len(scene.lines)) / took
