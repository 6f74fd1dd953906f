"""Corridors and zones as sets of spatial IDs (空間ID): never a box too few.

Spatial IDs count heights from sea level, so heights of other datums need their
evidence: the geoid, the take-off point's height, or terrain.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from soramichi.domain import geoid
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.geodesy import WGS84, LocalPlane, distance_m
from soramichi.domain.geozone import Geozone
from soramichi.domain.position import Position
from soramichi.domain.spatial_id import SpatialId, of_area
from soramichi.domain.terrain import Terrain
from soramichi.errors import DatumMismatch

Floats = NDArray[np.float64]

# A piece of a corridor is boxed with the hull of its heights; terrain is asked this often.
_PIECE_M = 500.0
_SAMPLE_M = 50.0
# Terrain and geoid over a zone are sampled on a grid of so many places a side.
_GRID = 25
# GEOS cuts the corners of a buffer by 0.12 % with 16 segments to a quarter.
_BUFFER = 1.002
_PER_PIECE = round(_PIECE_M / _SAMPLE_M)


def corridor_ids(
    corridor: Corridor, zoom: int, *, terrain: Terrain | None = None
) -> frozenset[SpatialId]:
    """The boxes of everywhere a flight may be while it keeps to its plan.

    Raises `DatumMismatch` for heights that are missing or cannot be brought to
    sea level, and `BadInput` for more boxes than a set may have.
    """
    if corridor.heights is None:
        raise DatumMismatch(f"corridor {corridor.name} gives no heights")
    found: set[SpatialId] = set()
    legs = zip(pairwise(corridor.waypoints), pairwise(corridor.heights), strict=True)
    for (here, there), (low, high) in legs:
        count = max(1, math.ceil(distance_m(here, there) / _PIECE_M))
        lon, lat, height = _along(here, there, (low, high), count)
        for k in range(count):
            every = slice(k * _PER_PIECE, (k + 1) * _PER_PIECE + 1)
            amsl = _amsl(corridor, height[every], lon[every], lat[every], terrain)
            ends = [(float(lon[every][i]), float(lat[every][i])) for i in (0, -1)]
            found |= of_area(
                _around(ends, corridor.half_width_m),
                float(amsl.min()) - corridor.below_m,
                float(amsl.max()) + corridor.above_m,
                zoom,
            )
    return frozenset(found)


def zone_ids(
    zone: Geozone,
    zoom: int,
    *,
    between_amsl_m: tuple[float, float],
    terrain: Terrain | None = None,
) -> frozenset[SpatialId]:
    """The boxes of all volumes of a zone, as far as they lie between two heights.

    A limit above terrain or ellipsoid becomes the widest of its heights above
    sea level on a grid over the volume. Raises as `corridor_ids`.
    """
    found: set[SpatialId] = set()
    for volume in zone.volumes:
        low, high = between_amsl_m
        if volume.floor is not None:
            low = max(low, float(_over(volume.floor, volume.footprint, terrain).min()))
        if volume.ceiling is not None:
            high = min(high, float(_over(volume.ceiling, volume.footprint, terrain).max()))
        if low <= high:
            found |= of_area(volume.footprint, low, high, zoom)
    return frozenset(found)


def _along(
    here: Position, there: Position, ends: tuple[Altitude, Altitude], pieces: int
) -> tuple[Floats, Floats, Floats]:
    """Longitudes, latitudes and heights of samples on a geodesic leg, both ends included."""
    azimuth, _, length = WGS84.inv(*here.lonlat, *there.lonlat)
    count = pieces * _PER_PIECE + 1
    lon0, lat0 = np.full(count, here.longitude_deg), np.full(count, here.latitude_deg)
    ahead = np.linspace(0.0, length, count)
    lon, lat, _ = WGS84.fwd(lon0, lat0, np.full(count, azimuth), ahead)
    return np.asarray(lon), np.asarray(lat), np.linspace(ends[0].metres, ends[1].metres, count)


def _amsl(
    corridor: Corridor, height: Floats, lon: Floats, lat: Floats, terrain: Terrain | None
) -> Floats:
    datum = corridor.heights[0].datum if corridor.heights else Datum.BARO
    if datum is Datum.TAKEOFF:
        if corridor.takeoff_amsl_m is None:
            raise DatumMismatch(f"corridor {corridor.name} does not say how high its take-off is")
        return height + corridor.takeoff_amsl_m
    return height + _lift(datum, lon, lat, terrain)


def _over(
    limit: Altitude, footprint: shapely.Polygon | shapely.MultiPolygon, terrain: Terrain | None
) -> Floats:
    """The limit in metres above sea level, at places all over a footprint."""
    west, south, east, north = footprint.bounds
    columns, rows = np.linspace(west, east, _GRID), np.linspace(south, north, _GRID)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    inside = grid[shapely.intersects_xy(footprint, grid)]
    lon, lat = np.vstack([inside, shapely.get_coordinates(footprint)]).T
    return limit.metres + _lift(limit.datum, lon, lat, terrain)


def _lift(datum: Datum, lon: Floats, lat: Floats, terrain: Terrain | None) -> Floats:
    """Metres from sea level up to where the datum counts from."""
    if datum is Datum.AMSL:
        return np.zeros(len(lon))
    lift = np.full(len(lon), np.nan)
    if datum is Datum.ELLIPSOID:
        lift = -geoid.undulations_m(lon, lat)
    elif datum is Datum.AGL and terrain is not None:
        lift = terrain.surfaces_amsl_m(lon, lat)
    if np.isnan(lift).any():
        raise DatumMismatch(f"heights above {datum} cannot be brought to sea level everywhere here")
    return lift


def _around(ends: list[tuple[float, float]], half_width_m: float) -> shapely.Polygon:
    """Everywhere within the half width of a short piece, in degrees."""
    plane = LocalPlane(Position(longitude_deg=ends[0][0], latitude_deg=ends[0][1]))
    piece = plane.metres(shapely.LineString(ends))
    return plane.degrees(shapely.buffer(piece, half_width_m * _BUFFER, quad_segs=16))
