"""The ground under a place and all around it, square by square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routes_planner.compiled.tables import Floats
from routes_planner.flown import metres_per_degree
from soramichi.domain.terrain import Terrain


@dataclass(frozen=True, slots=True)
class Squares:
    """A lattice of squares around a place: `corners` a side, `covering` the disc or not."""

    corners: int
    offset_m: Floats
    covering: NDArray[np.bool_]

    @classmethod
    def over(cls, radius_m: float, step_m: float) -> Squares:
        """Squares of at most `step_m` over a disc, with one more all round to tell how it bends."""
        each = int(np.ceil(radius_m / step_m)) + 1
        offset = step_m * np.arange(-each, each + 1, dtype=np.float64)
        middle = 0.5 * (offset[1:] + offset[:-1])
        covering = np.hypot(middle[:, None], middle) <= radius_m + step_m * np.sqrt(0.5)
        return cls(offset.size, offset, covering)

    def middles(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Degrees of the middle of every square around each place, (places, rows, columns)."""
        return _around(lon, lat, 0.5 * (self.offset_m[1:] + self.offset_m[:-1]))

    def ground(
        self, lon: Floats, lat: Floats, wanted: NDArray[np.bool_], terrain: Terrain
    ) -> tuple[Floats, Floats]:
        """Least and most metres AMSL in each wanted square; nan where a corner is not loaded.

        Between corners the ground may bulge: a quarter of what it bends from corner to
        corner is twice what an even bend needs, and nothing on an even slope.
        """
        needed = np.zeros((lon.size, self.corners, self.corners), bool)
        for rows in (slice(None, -1), slice(1, None)):
            for columns in (slice(None, -1), slice(1, None)):
                needed[:, rows, columns] |= wanted
        beside = needed.copy()
        for a, b in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
            beside[:, a] |= needed[:, b]
            beside[:, :, a] |= needed[:, :, b]
        east, north = _around(lon, lat, self.offset_m)
        ground = np.full(needed.shape, np.nan)
        ground[beside] = terrain.surfaces_amsl_m(east[beside], north[beside])
        bend = np.zeros(ground.shape)
        bend[:, 1:-1] = np.abs(np.nan_to_num(np.diff(ground, 2, axis=1)))
        bend[:, :, 1:-1] += np.abs(np.nan_to_num(np.diff(ground, 2, axis=2)))
        bulge = 0.25 * _of_corners(np.maximum, bend)
        return _of_corners(np.minimum, ground) - bulge, _of_corners(np.maximum, ground) + bulge


def _of_corners(pick: np.ufunc, value: Floats) -> Floats:
    """The least or most of the four corners of every square; nan where one is."""
    both = pick(value[:, 1:], value[:, :-1])
    picked: Floats = pick(both[:, :, 1:], both[:, :, :-1])
    return picked


def _around(lon: Floats, lat: Floats, offset_m: Floats) -> tuple[Floats, Floats]:
    """Degrees of a square lattice around each place, both (places, rows, columns)."""
    kx, ky = metres_per_degree(lat)
    shape = (lon.size, offset_m.size, offset_m.size)
    east = lon[:, None, None] + offset_m[None, None, :] / kx[:, None, None]
    north = lat[:, None, None] + offset_m[None, :, None] / ky[:, None, None]
    return (
        (np.broadcast_to(east, shape) + 180.0) % 360.0 - 180.0,
        np.broadcast_to(north, shape).copy(),
    )
