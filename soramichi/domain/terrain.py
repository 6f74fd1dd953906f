"""The height of the ground or water below, and the honest answer where nobody loaded it.

Heights are metres above sea level (AMSL, 標高). "Not loaded" is a value of its
own: it is never zero, and a missing tile is never taken for sea.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from soramichi.domain.flight import Name
from soramichi.domain.position import Position

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLoaded:
    """No source knows the surface at `where`."""

    where: Position

    @property
    def reason(self) -> Name:
        """For people, with the place and what to do."""
        lon, lat = self.where.lonlat
        return Name(
            ja=f"北緯{lat:.5f} 東経{lon:.5f} の標高データが読み込まれていません",
            en=f"no terrain is loaded at {lat:.5f} N {lon:.5f} E; add its tiles to the folder",
        )


class Terrain(Protocol):
    """Anything that knows surface heights."""

    def surfaces_amsl_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        """Surface heights in metres AMSL, NaN where not loaded; empty for empty input."""


def surface_amsl_m(terrain: Terrain, where: Position) -> float | NotLoaded:
    """The surface height at one place."""
    lon, lat = where.lonlat
    height = float(terrain.surfaces_amsl_m(np.array([lon]), np.array([lat]))[0])
    return NotLoaded(where=where) if np.isnan(height) else height


@dataclass(frozen=True, slots=True)
class NoTerrain:
    """Nothing is loaded anywhere."""

    def surfaces_amsl_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:  # noqa: ARG002
        """NaN everywhere."""
        return np.full(len(longitude_deg), np.nan)


class Sea:
    """The surface is 0 m wherever `area` says it is sea, and not known elsewhere.

    `area` is a lon/lat polygon drawn inside the coastline. Tides are left out:
    in Ise Bay the water stands within about 1.5 m of 0 m.
    """

    def __init__(self, area: shapely.Polygon | shapely.MultiPolygon) -> None:
        self._area = area
        shapely.prepare(area)

    def surfaces_amsl_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        """0.0 inside the area, NaN outside."""
        if len(longitude_deg) > 1:
            # Places of one question are near each other: mostly all of them or none are at sea.
            low = np.min(longitude_deg), np.min(latitude_deg)
            box = shapely.box(*low, np.max(longitude_deg), np.max(latitude_deg))
            if shapely.contains_properly(self._area, box):
                return np.zeros(len(longitude_deg))
            if not shapely.intersects(self._area, box):
                return np.full(len(longitude_deg), np.nan)
        return np.where(shapely.intersects_xy(self._area, longitude_deg, latitude_deg), 0.0, np.nan)


@dataclass(frozen=True, slots=True)
class FirstOf:
    """Several sources: the first that knows a place answers for it."""

    sources: Sequence[Terrain]

    def surfaces_amsl_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        """NaN where none of them knows."""
        heights = np.full(len(longitude_deg), np.nan)
        for source in self.sources:
            missing = np.isnan(heights)
            if not missing.any():
                break
            heights[missing] = source.surfaces_amsl_m(longitude_deg[missing], latitude_deg[missing])
        return heights
