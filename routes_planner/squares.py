"""The ground under a line and its width, square by square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from routes_planner.compiled.squares import Lattice, Places, mark
from routes_planner.compiled.tables import Floats
from routes_planner.flown import metres_per_degree
from soramichi.domain.terrain import Terrain


@dataclass(frozen=True, slots=True)
class Squares:
    """A lattice around some places, and which of its squares are wanted.

    Wanted are those within reach of a place whose middle lies in an area.
    """

    places: Places
    lattice: Lattice
    wanted: NDArray[np.bool_]

    @classmethod
    def under(
        cls, longitude_deg: Floats, latitude_deg: Floats, reach_m: float, step_m: float
    ) -> Squares:
        """Squares of at most `step_m` a side that cover all within `reach_m` of the places."""
        east, north = metres_per_degree(latitude_deg)
        # A square whose middle is half a diagonal further still reaches in.
        reach = reach_m + step_m * np.sqrt(0.5)
        places = Places(longitude_deg, latitude_deg, east, north, float(reach))
        width, height = step_m / float(east.max()), step_m / float(north.max())
        # Two squares more on every side, to tell how the ground bends.
        spare_x, spare_y = reach / east.min() + 3.0 * width, reach / north.min() + 3.0 * height
        west, south = float(longitude_deg.min() - spare_x), float(latitude_deg.min() - spare_y)
        columns = int(np.ceil((longitude_deg.max() + spare_x - west) / width))
        rows = int(np.ceil((latitude_deg.max() + spare_y - south) / height))
        lattice = Lattice(west, south, width, height)
        marked = np.zeros((rows, columns), np.uint8)
        mark(lattice, places, marked)
        return cls(places, lattice, marked.astype(bool))

    def inside(self, area: shapely.Geometry) -> Squares:
        """Only those whose middle lies in the area, in WGS 84 degrees; it should be prepared."""
        row, column = np.nonzero(self.wanted)
        lon, lat = self._degrees(row + 0.5, column + 0.5)
        wanted = np.zeros_like(self.wanted)
        wanted[row, column] = shapely.contains_xy(area, lon, lat)
        return Squares(self.places, self.lattice, wanted)

    def middles(self) -> tuple[Floats, Floats]:
        """Longitude and latitude of the middles of the wanted squares, in their order."""
        row, column = np.nonzero(self.wanted)
        return self._degrees(row + 0.5, column + 0.5)

    def ground(self, terrain: Terrain) -> tuple[Floats, Floats]:
        """Least and most metres AMSL in each wanted square; nan where a corner is not loaded.

        Between corners the ground may bulge: a quarter of what it bends from corner to
        corner is twice what an even bend needs, and nothing on an even slope.
        """
        corners = np.zeros(np.add(self.wanted.shape, 1), bool)
        for rows in (slice(None, -1), slice(1, None)):
            for columns in (slice(None, -1), slice(1, None)):
                corners[rows, columns] |= self.wanted
        beside = corners.copy()
        for a, b in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
            beside[a] |= corners[b]
            beside[:, a] |= corners[:, b]
        row, column = np.nonzero(beside)
        ground = np.full(corners.shape, np.nan)
        ground[row, column] = terrain.surfaces_amsl_m(*self._degrees(row, column))
        bend = np.zeros(ground.shape)
        bend[1:-1] = np.abs(np.nan_to_num(np.diff(ground, 2, axis=0)))
        bend[:, 1:-1] += np.abs(np.nan_to_num(np.diff(ground, 2, axis=1)))
        bulge = 0.25 * _of_corners(np.maximum, bend)
        return _of_corners(np.minimum, ground) - bulge, _of_corners(np.maximum, ground) + bulge

    def _degrees(self, row: NDArray[Any], column: NDArray[Any]) -> tuple[Floats, Floats]:
        lon = self.lattice.west + column * self.lattice.width
        return (lon + 180.0) % 360.0 - 180.0, self.lattice.south + row * self.lattice.height


def _of_corners(pick: np.ufunc, value: Floats) -> Floats:
    """The least or most of the four corners of every square; nan where one is."""
    both = pick(value[1:], value[:-1])
    picked: Floats = pick(both[:, 1:], both[:, :-1])
    return picked
