"""Rings and circles of any source become valid footprints, never a smaller one by stealth.

A ring that can be meant in one way is repaired and reported. One that can be
meant in several (it crosses itself, a hole leaves its shell) is kept in the
widest of them and marked unknown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from routes_planner.zones_in.report import Item
from routes_planner.zones_in.rings import Ring, points_of, ring_of, signed_area
from soramichi.domain.geodesy import WGS84

Footprint: TypeAlias = shapely.Polygon | shapely.MultiPolygon

# A self-intersection that moves less than this share of the area is a digitising slip.
MATERIAL_SHARE = 1e-4
# A circle is drawn around the true one; its corners stand out by this much at most (see `circle`).
CIRCLE_EXCESS_M = 1.0
MAX_RADIUS_M = 2_000_000.0
_EARTH_RADIUS_M = 6_371_000.0


def polygon(rings: Any, item: Item, field: str = "geometry") -> Footprint | None:
    """The footprint of GeoJSON polygon coordinates: a shell and holes, lon/lat degrees.

    Rings may be open, run either way and cross the antimeridian. None, with
    the reason in `item`, when no area can be made of them.
    """
    if not isinstance(rings, list) or not rings:
        item.unknown(field, "座標の一覧がありません", "there is no list of rings")
        return None
    shell = ring_of(rings[0], item, field)
    if shell is None:
        return None
    drawn = _as_drawn(shell, rings[1:])
    if drawn is not None:
        return _within_the_world(drawn, item, field)
    outer = _filled(shell, item, field)
    if outer is None:
        return None
    for index, hole in enumerate(rings[1:], 1):
        outer = _without(outer, hole, item, f"{field}[{index}]")
    return _within_the_world(outer, item, field)


def multipolygon(parts: Any, item: Item, field: str = "geometry") -> Footprint | None:
    """The union of several polygons; one that cannot be read is lost in `item`."""
    if not isinstance(parts, list) or not parts:
        item.unknown(field, "座標の一覧がありません", "there is no list of polygons")
        return None
    read: list[Footprint] = []
    for index, rings in enumerate(parts):
        part = item.part()
        area = polygon(rings, part, f"{field}[{index}]")
        if area is None:
            item.lose(part)
            continue
        item.unknowns += part.unknowns
        read.append(area)
    return union(read)


def union(areas: Sequence[Footprint]) -> Footprint | None:
    """Everything that any of the areas covers; None without areas."""
    together = shapely.MultiPolygon(shapely.get_parts(areas).tolist())
    return _areas(together if together.is_valid else shapely.union_all(areas))


def circle(centre: Any, radius_m: Any, item: Item, field: str = "geometry") -> Footprint | None:
    """A polygon around the geodesic circle of `radius_m` metres about `centre` [lon, lat].

    The whole circle lies inside; corners stand out by at most
    `CIRCLE_EXCESS_M` up to a radius of 26 km and 0.004 % of it beyond.
    """
    where = points_of([centre], item, field)
    if where is None:
        return None
    radius = number(radius_m)
    if radius is None or not 0.0 < radius <= MAX_RADIUS_M:
        item.unknown(
            f"{field}.radius",
            f"半径 {radius_m!r} を読めません",
            f"radius {str(radius_m)[:40]!r} is not a length between 0 and {MAX_RADIUS_M:.0f} m",
        )
        return None
    lon, lat = where[0]
    corners = math.ceil(math.pi / math.acos(radius / (radius + CIRCLE_EXCESS_M)))
    corners = min(max(corners, 32), 360)
    edge_m = 2.0 * math.pi * radius / corners
    # An edge is straight in degrees: it leaves the geodesic by this much at most.
    bend_m = edge_m**2 * abs(math.tan(math.radians(min(abs(lat), 89.0)))) / (8 * _EARTH_RADIUS_M)
    distance = np.full(corners, (radius + 0.01 + bend_m) / math.cos(math.pi / corners))
    azimuths = np.linspace(0.0, 360.0, corners, endpoint=False)
    lons, lats, _ = WGS84.fwd(np.full(corners, lon), np.full(corners, lat), azimuths, distance)
    return polygon([np.column_stack([lons, lats]).tolist()], item, field)


def number(value: Any) -> float | None:
    """A finite float of a JSON number or a string that holds one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def _as_drawn(shell: Ring, holes: list[Any]) -> Footprint | None:
    """The polygon exactly as it is written, where that is a valid one."""
    quiet = Item("", [])
    rings = [ring_of(hole, quiet, "") for hole in holes]
    if any(ring is None for ring in rings):
        return None
    outer = shapely.Polygon(shell)
    drawn = shapely.Polygon(shell, [_beside(ring, outer) for ring in rings if ring is not None])
    return drawn if drawn.is_valid and drawn.area > 0.0 else None


def _filled(ring: Ring, item: Item, field: str) -> Footprint | None:
    """Everything a ring encloses; the convex hull, as unknown, when that is ambiguous."""
    drawn = shapely.Polygon(ring)
    if drawn.is_valid and drawn.area > 0.0:
        return drawn
    hull = _areas(drawn.convex_hull)
    if hull is None:
        item.unknown(field, "面積がありません", "the ring encloses no area")
        return None
    enclosed = _enclosed(ring)
    if (
        enclosed is not None
        and abs(abs(signed_area(ring)) - enclosed.area) <= MATERIAL_SHARE * enclosed.area
    ):
        item.repaired(
            field,
            "輪郭の自己接触を直しました（面積は変わりません）",
            "the ring touched itself; repaired without changing its area",
        )
        return enclosed
    item.unknown(
        field,
        "輪郭が自分自身と交差しています。外側を囲む凸形で扱います",
        "the ring crosses itself; its convex hull is kept instead",
    )
    return hull


def _enclosed(ring: Ring) -> Footprint | None:
    """All faces of the ring's own linework; None when it crosses itself too often to try."""
    segments = shapely.linestrings(np.stack([ring[:-1], ring[1:]], axis=1))
    if not _few_pairs(segments):
        return None
    noded = shapely.union_all(segments)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    return _areas(shapely.union_all(faces))


def _few_pairs(segments: NDArray[np.object_]) -> bool:
    """Whether so few segments come near each other that noding them is cheap."""
    tree = shapely.STRtree(segments)
    allowed = 20 * len(segments) + 100_000
    step = max(1, 2_000_000 // len(segments))
    for first in range(0, len(segments), step):
        allowed -= tree.query(segments[first : first + step]).shape[1]
        if allowed < 0:
            return False
    return True


def _without(outer: Footprint, values: Any, item: Item, field: str) -> Footprint:
    """`outer` less a hole; what is no proper hole is not cut out."""
    part = item.part()
    ring = ring_of(values, part, field)
    hole = None if ring is None else shapely.Polygon(_beside(ring, outer))
    if hole is not None and hole.is_valid and outer.covers(hole):
        cut = _areas(outer.difference(hole))
        if cut is not None:
            return cut
    item.unknowns += part.unknowns
    item.unknown(
        field,
        "穴が不正または外周の外にあるため、切り抜かずに扱います",
        "the hole is malformed or leaves its shell; nothing was cut out",
    )
    if hole is None or not hole.is_valid:
        return outer
    return _areas(outer.union(hole)) or outer


def _beside(ring: Ring, outer: Footprint) -> Ring:
    """A ring moved by whole turns to lie next to `outer`."""
    west, _, east, _ = outer.bounds
    middle = (ring[:, 0].min() + ring[:, 0].max()) / 2.0
    turns = round(((west + east) / 2.0 - middle) / 360.0)
    return ring + np.array([360.0 * turns, 0.0]) if turns else ring


def _within_the_world(area: Footprint, item: Item, field: str) -> Footprint | None:
    """Longitudes back into [-180, 180], cut where they pass its ends."""
    west, _, east, _ = area.bounds
    if west >= -180.0 and east <= 180.0:
        return area
    pieces = []
    for turn in range(-3, 4):
        window = shapely.box(360.0 * turn - 180.0, -90.0, 360.0 * turn + 180.0, 90.0)
        piece = shapely.intersection(area, window)
        pieces.append(shapely.transform(piece, lambda xy, t=turn: xy - [360.0 * t, 0.0]))
    result = _areas(shapely.union_all(pieces))
    if result is None:
        item.unknown(field, "面積がありません", "no area is left in the range of longitudes")
    return result


def _areas(geometry: Any) -> Footprint | None:
    """The polygons of a geometry, without its lines and points; None when it has none."""
    polygons = [
        part
        for part in shapely.get_parts(shapely.get_parts(geometry))
        if isinstance(part, shapely.Polygon) and part.area > 0.0
    ]
    if not polygons:
        return None
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
