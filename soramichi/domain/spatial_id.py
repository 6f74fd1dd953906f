"""Spatial IDs (空間ID): the boxes `{z}/{f}/{x}/{y}` that Japan's digital airspace is counted in.

x and y are Web Mercator tiles of zoom z, f is the floor of 2^25 / 2^z metres
counted from sea level (標高), negative below it. A box holds its west, north and
lower side and not the opposite ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from soramichi.domain.position import Position
from soramichi.errors import BadInput

MAX_ZOOM = 35
MAX_LATITUDE_DEG = 85.0511287798
MAX_HEIGHT_M = float(2**25)
# A set larger than this is a wrong zoom rather than an answer.
MAX_BOXES = 1_000_000
# A thousandth of a millimetre: what rounding may put on the other side of a box's edge.
_HAIR_DEG = 1e-11

_TEXT = re.compile(r"/?(\d{1,2})/(-?\d{1,11})/(\d{1,11})/(\d{1,11})")
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class SpatialId:
    """One box. Raises `BadInput` when an index is out of range for its zoom."""

    z: int
    f: int
    x: int
    y: int

    def __post_init__(self) -> None:
        size = 1 << self.z if 0 <= self.z <= MAX_ZOOM else 0
        if not (0 <= self.x < size and 0 <= self.y < size and -size <= self.f < size):
            raise BadInput(f"{self} is no spatial ID")

    def __str__(self) -> str:
        return f"{self.z}/{self.f}/{self.x}/{self.y}"

    @property
    def tilehash(self) -> str:
        """One digit 1 to 8 for each zoom level, with a leading "-" below sea level."""
        f = -self.f - 1 if self.f < 0 else self.f
        digits = (
            ((f >> k & 1) << 2) + ((self.y >> k & 1) << 1) + (self.x >> k & 1) + 1
            for k in reversed(range(self.z))
        )
        return ("-" if self.f < 0 else "") + "".join(map(str, digits))

    def parent(self, zoom: int) -> SpatialId:
        """The box of a coarser (or the same) zoom that contains this one."""
        shift = self.z - zoom
        if shift < 0 or zoom < 0:
            raise BadInput(f"zoom {zoom} has no parent of {self}")
        return SpatialId(zoom, self.f >> shift, self.x >> shift, self.y >> shift)

    @property
    def box(self) -> shapely.Polygon:
        """Its footprint, in WGS 84 longitude and latitude."""
        west, east = (float(_longitude(x, self.z)) for x in (self.x, self.x + 1))
        north, south = (float(_latitude(y, self.z)) for y in (self.y, self.y + 1))
        return shapely.box(west, south, east, north)

    @property
    def heights_amsl_m(self) -> tuple[float, float]:
        """Its lower (included) and upper (not included) height."""
        step = MAX_HEIGHT_M / (1 << self.z)
        return self.f * step, (self.f + 1) * step


def parse(text: str) -> SpatialId:
    """`z/f/x/y`, with or without a leading slash. Raises `BadInput`."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise BadInput(f"{text[:60]!r} is not a spatial ID like 20/3/922033/416497")
    return SpatialId(*map(int, found.groups()))


def at(where: Position, height_amsl_m: float, zoom: int) -> SpatialId:
    """The box that contains a place. Raises `BadInput` outside the scheme's range."""
    lon, lat = where.lonlat
    _check(zoom, lat, height_amsl_m)
    size = 1 << zoom
    # 180 degrees east is 180 west; anything short of it stays in the last column.
    x = 0 if lon == 180.0 else min(math.floor(size * (lon + 180.0) / 360.0), size - 1)
    y = math.floor(float(_row(lat, zoom)))
    return SpatialId(zoom, _floor_of(height_amsl_m, zoom), x, min(max(y, 0), size - 1))


def extended(where: Position, height_amsl_m: float, *, zoom: int, height_zoom: int) -> str:
    """The extended form `{zoom}/{x}/{y}/{height_zoom}/{f}`, with a zoom of its own for height."""
    across, up = at(where, height_amsl_m, zoom), at(where, height_amsl_m, height_zoom)
    return f"{zoom}/{across.x}/{across.y}/{height_zoom}/{up.f}"


def of_area(
    footprint: shapely.Polygon | shapely.MultiPolygon,
    low_amsl_m: float,
    high_amsl_m: float,
    zoom: int,
) -> frozenset[SpatialId]:
    """Every box that a footprint and a band of heights meet, their edges included.

    Raises `BadInput` outside the scheme's range, for a band upside down, and for
    more than `MAX_BOXES` boxes.
    """
    _, south, _, north = footprint.bounds
    if math.isnan(south):
        return frozenset()
    if high_amsl_m < low_amsl_m:
        raise BadInput(f"heights from {low_amsl_m} up to {high_amsl_m} m are upside down")
    for lat, height in ((south, low_amsl_m), (north, high_amsl_m)):
        _check(zoom, lat, height)
    floors = range(_floor_of(low_amsl_m, zoom), _floor_of(high_amsl_m, zoom) + 1)
    tiles = _tiles(footprint, zoom, MAX_BOXES // len(floors))
    return frozenset(SpatialId(zoom, f, x, y) for x, y in tiles for f in floors)


def of_line(points: Sequence[tuple[Position, float]], zoom: int) -> frozenset[SpatialId]:
    """Every box that a line passes through, straight in degrees and height between its points.

    A point's height is AMSL in metres. Empty for no points. Raises `BadInput`
    as `of_area` does.
    """
    found = {at(where, height, zoom) for where, height in points}
    for (here, low), (there, high) in pairwise(points):
        start = np.array([here.longitude_deg, here.latitude_deg, low])
        step = np.array([there.longitude_deg, there.latitude_deg, high]) - start
        cuts = np.unique([0.0, 1.0, *_crossings(start, step, zoom)])
        if len(found) + cuts.size > MAX_BOXES:
            raise BadInput(f"the line passes more than {MAX_BOXES} boxes; choose a smaller zoom")
        for fraction in (cuts[:-1] + cuts[1:]) / 2.0:
            lon, lat, height = (start + fraction * step).tolist()
            found.add(at(Position(longitude_deg=lon, latitude_deg=lat), height, zoom))
    return frozenset(found)


def _tiles(
    footprint: shapely.Polygon | shapely.MultiPolygon, zoom: int, most: int
) -> Iterator[tuple[int, int]]:
    """Tiles that meet the footprint, found by quartering those of each zoom before."""
    # No tile is taller than it is wide, in degrees.
    if footprint.area / (360.0 / (1 << zoom)) ** 2 > most:
        raise BadInput(f"the area has more than {MAX_BOXES} boxes; choose a smaller zoom")
    shapely.prepare(footprint)
    x, y = np.zeros(1, np.int64), np.zeros(1, np.int64)
    for z in range(zoom + 1):
        if z > 0:
            x = (2 * x[:, None] + np.array([0, 1, 0, 1])).ravel()
            y = (2 * y[:, None] + np.array([0, 0, 1, 1])).ravel()
        boxes = shapely.box(
            _longitude(x, z) - _HAIR_DEG,
            _latitude(y + 1, z) - _HAIR_DEG,
            _longitude(x + 1, z) + _HAIR_DEG,
            _latitude(y, z) + _HAIR_DEG,
        )
        meets = shapely.intersects(footprint, boxes)
        x, y = x[meets], y[meets]
        if x.size > most:
            raise BadInput(f"the area has more than {MAX_BOXES} boxes; choose a smaller zoom")
    return zip(x.tolist(), y.tolist(), strict=True)


def _crossings(start: NDArray[np.float64], step: NDArray[np.float64], zoom: int) -> Iterator[float]:
    """Fractions of a straight piece at which it passes from box to box."""
    size = 1 << zoom
    ends = start + step
    columns = [size * (lon + 180.0) / 360.0 for lon in (start[0], ends[0])]
    rows = [float(_row(lat, zoom)) for lat in (start[1], ends[1])]
    floors = [height * size / MAX_HEIGHT_M for height in (start[2], ends[2])]
    for axis, (first, last) in enumerate((columns, rows, floors)):
        low, high = math.floor(min(first, last)) + 1, math.floor(max(first, last))
        if step[axis] == 0.0 or low > high:
            continue
        if high - low > MAX_BOXES:
            raise BadInput(f"the line passes more than {MAX_BOXES} boxes; choose a smaller zoom")
        edges = np.arange(low, high + 1)
        values = (
            _longitude(edges, zoom),
            _latitude(edges, zoom),
            edges * (MAX_HEIGHT_M / size),
        )[axis]
        yield from ((values - start[axis]) / step[axis]).tolist()


def _check(zoom: int, latitude_deg: float, height_amsl_m: float) -> None:
    if not 0 <= zoom <= MAX_ZOOM:
        raise BadInput(f"zoom {zoom} is not between 0 and {MAX_ZOOM}")
    if abs(latitude_deg) > MAX_LATITUDE_DEG:
        raise BadInput(f"latitude {latitude_deg} is beyond {MAX_LATITUDE_DEG}, where no tile is")
    if not -MAX_HEIGHT_M <= height_amsl_m < MAX_HEIGHT_M:
        raise BadInput(f"height {height_amsl_m} m is beyond {MAX_HEIGHT_M:.0f} m")


def _floor_of(height_amsl_m: float, zoom: int) -> int:
    return math.floor(height_amsl_m * (1 << zoom) / MAX_HEIGHT_M)


def _row(latitude_deg: float, zoom: int) -> float:
    latitude = math.radians(latitude_deg)
    return (1 << zoom) * (1.0 - math.asinh(math.tan(latitude)) / math.pi) / 2.0


def _longitude(x: int | Integers, zoom: int) -> NDArray[np.float64]:
    return np.asarray(x, dtype=np.float64) / (1 << zoom) * 360.0 - 180.0


def _latitude(y: int | Integers, zoom: int) -> NDArray[np.float64]:
    fraction = 1.0 - 2.0 * np.asarray(y, dtype=np.float64) / (1 << zoom)
    return np.degrees(np.arctan(np.sinh(np.pi * fraction)))
