"""Squares of ground under the width of a line: which they are, and which meet a band there.

Two bands, one of them above the ground, meet over some span of heights of the ground; a
square is a meeting when any of its ground lies in that span.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from routes_planner.compiled.cache import compiled, inner
from routes_planner.compiled.tables import Flags, Floats


class Lattice(NamedTuple):
    """Squares, as wide and high in degrees, north and east of a corner; row 0 in the south."""

    west: float
    south: float
    width: float
    height: float


class Places(NamedTuple):
    """The middles of short steps in degrees, metres per degree there, and how far they reach."""

    longitude_deg: Floats
    latitude_deg: Floats
    east: Floats
    north: Floats
    reach_m: float


class Limits(NamedTuple):
    """A band of metres, infinite where there is no limit.

    The ground (`…_on_ground`) and the geoid (`…_on_geoid`) under a square are added to a limit
    so many times: 0.0 or 1.0, and -1.0 for a height above the ellipsoid.
    """

    floor: float
    ceiling: float
    floor_on_ground: float
    ceiling_on_ground: float
    floor_on_geoid: float
    ceiling_on_geoid: float


@inner
def _rows(lattice: Lattice, places: Places, k: int, rows: int) -> tuple[int, int]:
    """First and last row with a middle in reach of a place."""
    middle = (places.latitude_deg[k] - lattice.south) / lattice.height - 0.5
    around = places.reach_m / places.north[k] / lattice.height
    return max(int(np.ceil(middle - around)), 0), min(int(np.floor(middle + around)), rows - 1)


@inner
def _columns(lattice: Lattice, places: Places, k: int, row: int, columns: int) -> tuple[int, int]:
    """First and last column of a row with a middle in reach of a place."""
    away = lattice.south + (row + 0.5) * lattice.height - places.latitude_deg[k]
    left = places.reach_m**2 - (away * places.north[k]) ** 2
    middle = (places.longitude_deg[k] - lattice.west) / lattice.width - 0.5
    around = np.sqrt(max(left, 0.0)) / places.east[k] / lattice.width
    return max(int(np.ceil(middle - around)), 0), min(int(np.floor(middle + around)), columns - 1)


@compiled
def mark(lattice: Lattice, places: Places, marked: Flags) -> None:
    """Set `marked` (rows, columns) to 1 where a square is in reach of any place."""
    rows, columns = marked.shape
    for k in range(places.longitude_deg.size):
        low, high = _rows(lattice, places, k, rows)
        for row in range(low, high + 1):
            left, right = _columns(lattice, places, k, row, columns)
            for column in range(left, right + 1):
                marked[row, column] = 1


@inner
def _narrowed(span: Floats, low: float, low_times: float, high: float, high_times: float) -> None:
    """Keep in `span` the heights of the ground over which a lower limit is under an upper one."""
    room = high - low
    if low_times > high_times:
        span[1] = min(span[1], room)
    elif low_times < high_times:
        span[0] = max(span[0], -room)
    elif room < 0.0:
        span[1] = -np.inf


@inner
def _raised(metres: float, times: float, ground: float) -> float:
    return metres + times * ground if times > 0.0 else metres


@compiled
def meet(
    lattice: Lattice,
    places: Places,
    line: Floats,
    line_times: float,
    limits: Limits,
    ground: Floats,
    met: Flags,
    asked: Flags,
    band: Floats,
) -> None:
    """Tell of every place whether a square in its reach meets the band, or may meet it.

    `line` (places, 2): bottom and top of the line's own band, with the ground added
    `line_times` times. `ground` (4, rows, columns): 1.0 where the square counts, least and
    most metres AMSL (nan where not loaded), the geoid's height (nan where not known).
    Fills `met` and `asked` with 1, and `band` (places, 2) with the lowest and highest metres
    AMSL at which they meet.
    """
    rows, columns = ground.shape[1], ground.shape[2]
    span = np.empty(2)
    for k in range(places.longitude_deg.size):
        bottom, top = line[k, 0], line[k, 1]
        low, high = _rows(lattice, places, k, rows)
        for row in range(low, high + 1):
            left, right = _columns(lattice, places, k, row, columns)
            for column in range(left, right + 1):
                if ground[0, row, column] == 0.0:
                    continue
                floor, ceiling = limits.floor, limits.ceiling
                if limits.floor_on_geoid != 0.0:
                    floor += limits.floor_on_geoid * ground[3, row, column]
                if limits.ceiling_on_geoid != 0.0:
                    ceiling += limits.ceiling_on_geoid * ground[3, row, column]
                if np.isnan(floor) or np.isnan(ceiling):
                    asked[k] = 1
                    continue
                span[0], span[1] = -np.inf, np.inf
                _narrowed(span, bottom, line_times, ceiling, limits.ceiling_on_ground)
                _narrowed(span, floor, limits.floor_on_ground, top, line_times)
                _narrowed(span, floor, limits.floor_on_ground, ceiling, limits.ceiling_on_ground)
                any_ground = span[0] == -np.inf and span[1] == np.inf
                least, most = ground[1, row, column], ground[2, row, column]
                known = np.isfinite(least) and np.isfinite(most)
                if known:
                    span[0], span[1] = max(span[0], least), min(span[1], most)
                if span[0] > span[1]:
                    continue
                if not (known or any_ground):
                    asked[k] = 1
                    continue
                met[k] = 1
                lowest = max(
                    _raised(bottom, line_times, span[0]),
                    _raised(floor, limits.floor_on_ground, span[0]),
                )
                highest = min(
                    _raised(top, line_times, span[1]),
                    _raised(ceiling, limits.ceiling_on_ground, span[1]),
                )
                band[k, 0], band[k, 1] = min(band[k, 0], lowest), max(band[k, 1], highest)
