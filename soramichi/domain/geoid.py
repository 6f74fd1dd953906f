"""The height of the geoid: the evidence that an ellipsoidal and a sea-level height need to meet.

Offline and explicit, because a conversion that finds no geoid grid must not
return the height unchanged (as pyproj does, without a word).

Japan and its seas: JPGEO2024 with Hrefconv2024, the models in force since
2025-04-01 (Geospatial Information Authority of Japan, in the package
japan-geoid, which states the approval for their use). Elsewhere: EGM96, 15'
grid (NGA), which in Japan itself would be up to 2.5 m off.
"""

from __future__ import annotations

import bz2
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import cast

import japan_geoid
import numpy as np
from numpy.typing import NDArray

from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.position import Position
from soramichi.errors import DatumMismatch

Floats = NDArray[np.float64]

# Islands count heights from a sea level of their own, by up to 1.0 m apart from Tokyo Bay's;
# at sea, where the correction ends, that difference stays in doubt.
LAND_ACCURACY_M = 0.1
SEA_ACCURACY_M = 1.0
WORLD_ACCURACY_M = 3.0

_ROWS, _COLUMNS = 721, 1440
_STEPS_PER_DEGREE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Undulation:
    """The geoid is `metres` above the WGS 84 ellipsoid, by `model`, within `accuracy_m`."""

    metres: float
    model: str
    accuracy_m: float


def undulation(where: Position, *, within_m: float = 1.0) -> Undulation:
    """The geoid height at `where` by the best model there.

    Raises `DatumMismatch` where no model is as accurate as `within_m` metres:
    with the default, everywhere but in Japan and its seas.
    """
    lon, lat = where.lonlat
    found = _japan(lon, lat) or Undulation(
        metres=float(_egm96(np.array([lon]), np.array([lat]))[0]),
        model="EGM96",
        accuracy_m=WORLD_ACCURACY_M,
    )
    if found.accuracy_m > within_m:
        raise DatumMismatch(
            f"at {lat:.4f} N {lon:.4f} E the geoid ({found.model}) is known to "
            f"{found.accuracy_m} m only, and {within_m} m were asked for"
        )
    return found


def undulations_m(longitude_deg: Floats, latitude_deg: Floats, *, within_m: float = 1.0) -> Floats:
    """Metres at many places, NaN where no model is as accurate as `within_m` metres."""
    heights = np.asarray(_land().get_heights(longitude_deg, latitude_deg), dtype=np.float64)
    if within_m < LAND_ACCURACY_M:
        return np.full(len(heights), np.nan)
    at_sea = np.isnan(heights)
    if at_sea.any() and within_m >= SEA_ACCURACY_M:
        heights[at_sea] = _seas().get_heights(longitude_deg[at_sea], latitude_deg[at_sea])
    abroad = np.isnan(heights)
    if abroad.any() and within_m >= WORLD_ACCURACY_M:
        heights[abroad] = _egm96(longitude_deg[abroad], latitude_deg[abroad])
    return heights


def to_amsl(altitude: Altitude, where: Position, *, within_m: float = 1.0) -> Altitude:
    """An ELLIPSOID height as AMSL at `where`; an AMSL height as it is.

    Raises `DatumMismatch` for any other datum, and as `undulation` does.
    """
    if altitude.datum is Datum.AMSL:
        return altitude
    metres = undulation(where, within_m=within_m).metres
    return altitude.ellipsoid_to_amsl(geoid_undulation_m=metres)


def to_ellipsoid(altitude: Altitude, where: Position, *, within_m: float = 1.0) -> Altitude:
    """An AMSL height as ELLIPSOID at `where`; an ELLIPSOID height as it is; else as `to_amsl`."""
    if altitude.datum is Datum.ELLIPSOID:
        return altitude
    metres = undulation(where, within_m=within_m).metres
    return altitude.amsl_to_ellipsoid(geoid_undulation_m=metres)


def _japan(lon: float, lat: float) -> Undulation | None:
    metres = _land().get_height(lon, lat)
    if np.isfinite(metres):
        return Undulation(metres=metres, model="JPGEO2024+Hrefconv2024", accuracy_m=LAND_ACCURACY_M)
    metres = _seas().get_height(lon, lat)
    if np.isfinite(metres):
        return Undulation(metres=metres, model="JPGEO2024", accuracy_m=SEA_ACCURACY_M)
    return None


@cache
def _land() -> japan_geoid.GsiGeoid:
    return japan_geoid.load_embedded_jpgeo2024_hrefconv2024()


@cache
def _seas() -> japan_geoid.GsiGeoid:
    return japan_geoid.load_embedded_jpgeo2024()


@cache
def _egm96_grid() -> Floats:
    """Geoid heights in metres, 90 N to 90 S by 0 E to 360 E; see tools/egm96_grid.py."""
    data = resources.files("soramichi.domain").joinpath("egm96_15min.bz2").read_bytes()
    steps = np.frombuffer(bz2.decompress(data), "<i2").reshape(_ROWS, _COLUMNS)
    heights = np.cumsum(np.cumsum(steps, axis=0, dtype=np.int64), axis=1) / 100.0
    return cast("Floats", np.hstack([heights, heights[:, :1]]))


def _egm96(lon_deg: Floats, lat_deg: Floats) -> Floats:
    """Bilinear between the grid's points; what that adds is part of the stated accuracy."""
    grid = _egm96_grid()
    x = (lon_deg % 360.0) * _STEPS_PER_DEGREE
    y = (90.0 - lat_deg) * _STEPS_PER_DEGREE
    column = np.minimum(x.astype(np.int64), _COLUMNS - 1)
    row = np.minimum(y.astype(np.int64), _ROWS - 2)
    dx, dy = x - column, y - row
    north = grid[row, column] * (1 - dx) + grid[row, column + 1] * dx
    south = grid[row + 1, column] * (1 - dx) + grid[row + 1, column + 1] * dx
    return cast("Floats", north * (1 - dy) + south * dy)
