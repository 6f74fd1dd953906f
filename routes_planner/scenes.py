"""Random zones and corridors over Mie, the same for the same seed: for benchmarks and long tests.

120 x 170 km. Zones: one in five a circle of 64 corners, the rest irregular with
about 80; median 0.3 km², one in ten with a hole, all with a band above the sea,
half with a period. Corridors: 5 to 60 waypoints, median 12 km, 50 to 300 m wide.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import shapely

from routes_planner.compiled.tables import Floats
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.geozone import Activation, Geozone, ZoneType, ZoneVolume
from soramichi.domain.position import Position

WIDTH_M, HEIGHT_M = 120_000.0, 170_000.0
MORNING = datetime(2026, 11, 23, 0, tzinfo=UTC)
HOURS = 12.0
# The middle of the area, and of the plane that benchmarks of planar peers work in.
PLANE = LocalPlane(Position(latitude_deg=34.4, longitude_deg=136.55))


def zones(count: int, seed: int = 1) -> list[Geozone]:
    """`count` prohibited zones."""
    rng = np.random.default_rng(seed)
    shapes = PLANE.degrees(np.array([_footprint(rng) for _ in range(count)], dtype=object))
    return [_zone(f"Z{k}", shape, rng) for k, shape in enumerate(shapes)]


def corridors(count: int, seed: int = 2) -> list[Corridor]:
    """`count` candidates departing within the hours in which zones open and close."""
    rng = np.random.default_rng(seed)
    return [_corridor(f"C{k}", rng) for k in range(count)]


def _footprint(rng: np.random.Generator) -> shapely.Polygon:
    x, y = rng.uniform(-0.5, 0.5, 2) * (WIDTH_M, HEIGHT_M)
    size = float(np.exp(rng.normal(np.log(300.0), 0.7)))
    corners = 64 if rng.random() < 0.2 else int(np.clip(rng.lognormal(np.log(65.0), 0.6), 20, 500))
    radius = np.full(corners, size)
    if corners != 64:
        wander = np.cumsum(rng.normal(0.0, 0.25, corners)) / np.sqrt(corners)
        radius = np.clip(size * (1.0 + 0.3 * wander), 0.3 * size, 3.0 * size)
    turn = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    shell = np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])
    hole = np.column_stack([x + 0.2 * size * np.cos(turn), y + 0.2 * size * np.sin(turn)])
    return shapely.Polygon(shell, [hole[::-1]] if rng.random() < 0.1 else [])


def _zone(identifier: str, footprint: shapely.Polygon, rng: np.random.Generator) -> Geozone:
    floor = float(rng.uniform(0.0, 300.0))
    opens = MORNING + timedelta(hours=float(rng.uniform(0.0, HOURS)))
    closes = opens + timedelta(hours=float(rng.uniform(0.5, 4.0)))
    return Geozone(
        identifier=identifier,
        name=Name(ja=f"区域 {identifier}", en=f"Zone {identifier}"),
        zone_type=ZoneType.PROHIBITED,
        volumes=(
            ZoneVolume(
                footprint=footprint,
                floor=Altitude(floor, Datum.AMSL),
                ceiling=Altitude(floor + float(rng.uniform(50.0, 600.0)), Datum.AMSL),
            ),
        ),
        activations=(Activation(starts_at=opens, ends_at=closes),) if rng.random() < 0.5 else (),
    )


def _corridor(name: str, rng: np.random.Generator) -> Corridor:
    count = int(rng.integers(5, 61))
    length = float(np.clip(rng.lognormal(np.log(12_000.0), 0.8), 1_000.0, 110_000.0))
    step = length / count * rng.uniform(0.5, 1.5, count)
    heading = rng.uniform(0.0, 2.0 * np.pi) + np.cumsum(rng.normal(0.0, 0.15, count))
    start = rng.uniform(-0.5, 0.5, 2) * (WIDTH_M, HEIGHT_M)
    xy = start + np.cumsum(np.column_stack([np.sin(heading), np.cos(heading)]) * step[:, None], 0)
    lonlat = shapely.get_coordinates(PLANE.degrees(shapely.LineString(xy)))
    height = np.clip(
        rng.uniform(50.0, 500.0) + np.cumsum(rng.normal(0.0, 10.0, count)), 10.0, 900.0
    )
    return Corridor(
        name=name,
        waypoints=tuple(Position(latitude_deg=y, longitude_deg=x) for x, y in lonlat.tolist()),
        heights=tuple(Altitude(h, Datum.AMSL) for h in height.tolist()),
        half_width_m=float(rng.uniform(25.0, 150.0)),
        below_m=15.0,
        above_m=15.0,
        ground_speed_mps=float(rng.uniform(12.0, 60.0)),
        departs_at=MORNING + timedelta(hours=float(rng.uniform(0.0, HOURS))),
    )


def lines_m(plans: list[Corridor]) -> tuple[list[shapely.LineString], Floats]:
    """The candidates as planar lines and half widths in metres, as planar peers want them."""
    lines = [shapely.LineString([w.lonlat for w in plan.waypoints]) for plan in plans]
    return list(PLANE.metres(np.array(lines))), np.array([plan.half_width_m for plan in plans])
