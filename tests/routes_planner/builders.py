"""Corridors, zones and surroundings with one line each, for tests to bend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import offset
from soramichi.domain.geozone import Activation, Geozone, ZoneType, ZoneVolume
from soramichi.domain.position import Position

Floats = NDArray[np.float64]

NOON = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
# In Ise Bay; everything built here is placed in metres east and north of it.
HERE = Position(latitude_deg=34.6, longitude_deg=136.7)


def place(east_m: float, north_m: float) -> Position:
    return offset(HERE, east_m=east_m, north_m=north_m)


def amsl(metres: float) -> Altitude:
    return Altitude(metres, Datum.AMSL)


def agl(metres: float) -> Altitude:
    return Altitude(metres, Datum.AGL)


def a_corridor(
    *at: tuple[float, float], height: Altitude | None = None, **changes: Any
) -> Corridor:
    """Through these (east, north) metres, level, 100 m to each side, at 20 m/s from NOON."""
    where = tuple(place(*p) for p in (at or ((-2_000.0, 0.0), (2_000.0, 0.0))))
    members: dict[str, Any] = {
        "name": "route-a",
        "waypoints": where,
        "heights": (height or amsl(100.0),) * len(where),
        "half_width_m": 100.0,
        "ground_speed_mps": 20.0,
        "departs_at": NOON,
    }
    return Corridor(**(members | changes))


def a_square(
    west: float, south: float, side: float, *, hole: float | None = None
) -> shapely.Polygon:
    """A square from (west, south) in metres, with a square hole of `hole` metres in its middle."""

    def ring(x: float, y: float, size: float) -> list[tuple[float, float]]:
        corners = ((x, y), (x + size, y), (x + size, y + size), (x, y + size))
        return [place(*corner).lonlat for corner in corners]

    inset = 0.0 if hole is None else 0.5 * (side - hole)
    holes = [] if hole is None else [ring(west + inset, south + inset, hole)]
    return shapely.Polygon(ring(west, south, side), holes)


def a_zone(
    footprint: shapely.Polygon | None = None,
    *,
    floor: Altitude | None = None,
    ceiling: Altitude | None = None,
    active: tuple[datetime | None, datetime | None] | None = None,
    **changes: Any,
) -> Geozone:
    """A prohibited square of 1 km around HERE, at all heights and times."""
    shape = footprint or a_square(-500.0, -500.0, 1_000.0)
    members: dict[str, Any] = {
        "identifier": "Z1",
        "name": Name(ja="区域", en="zone"),
        "zone_type": ZoneType.PROHIBITED,
        "volumes": (ZoneVolume(footprint=shape, floor=floor, ceiling=ceiling),),
        "activations": ()
        if active is None
        else (Activation(starts_at=active[0], ends_at=active[1]),),
    }
    return Geozone(**(members | changes))


@dataclass(frozen=True)
class Slope:
    """Ground that rises evenly to the east from 0 m at HERE; nan beyond `loaded_to_deg`."""

    per_km_m: float
    loaded_to_deg: float = 180.0

    def surfaces_amsl_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        east_km = (longitude_deg - HERE.longitude_deg) * 91.7
        rise = np.where(longitude_deg > self.loaded_to_deg, np.nan, self.per_km_m * east_km)
        return rise + 0.0 * latitude_deg


@dataclass(frozen=True)
class FlatGeoid:
    """A geoid as high above the ellipsoid everywhere as it is in the middle of Mie."""

    metres: float = 37.5

    def undulations_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        return np.full(np.broadcast(longitude_deg, latitude_deg).shape, self.metres)


@dataclass(frozen=True)
class Hills:
    """Hills of 60 m a kilometre apart, on ground that rises to the north; loaded everywhere."""

    def surfaces_amsl_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        east_km = (longitude_deg - HERE.longitude_deg) * 91.7
        north_km = (latitude_deg - HERE.latitude_deg) * 110.9
        waves = np.sin(2.0 * np.pi * east_km) * np.cos(2.0 * np.pi * north_km)
        return np.asarray(60.0 + 30.0 * waves + 20.0 * north_km, np.float64)
