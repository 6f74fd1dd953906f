"""Where an aircraft without power comes down: a point mass with drag, and the wind."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely

from routes_planner.population import area_below
from routes_planner.vehicle import Vehicle
from soramichi.domain.corridor import Corridor

GRAVITY = 9.80665
AIR_KG_PER_M3 = 1.225
# A strong breeze: what a fall is drifted by when nobody says how the wind blows.
DRIFT_WIND_MPS = 10.0
_STEP_S = 0.01


@dataclass(frozen=True, slots=True)
class Fall:
    """Where something that loses all power at a height comes down: metres ahead, and drifted."""

    ahead_m: float
    drift_m: float
    seconds: float

    @property
    def reach_m(self) -> float:
        """Metres from the place of failure within which it comes down, ahead and drifted."""
        return self.ahead_m + self.drift_m


def fall(vehicle: Vehicle, height_m: float, speed_mps: float) -> Fall:
    """A fall from `height_m` above ground, out of level flight at `speed_mps`.

    No lift, no autorotation and no parachute; the drift is that of a 10 m/s wind
    during the fall. Zeros for height 0.
    """
    x, z, u, w, t = 0.0, height_m, speed_mps, 0.0, 0.0
    drag = 0.5 * AIR_KG_PER_M3 * vehicle.drag_area_m2 / vehicle.mass_kg
    while z > 0.0:
        speed = math.hypot(u, w)
        u -= drag * speed * u * _STEP_S
        w += (GRAVITY - drag * speed * w) * _STEP_S
        x, z, t = x + u * _STEP_S, z - w * _STEP_S, t + _STEP_S
    return Fall(x, DRIFT_WIND_MPS * t, t)


def fall_area(
    vehicle: Vehicle, corridor: Corridor, heights_agl_m: Iterable[float]
) -> shapely.Polygon:
    """The ground on which a fall from anywhere on the line may end, in WGS 84 degrees.

    `heights_agl_m` has one height for each waypoint. Around every leg: as far ahead as
    the higher of its ends throws, in any direction of flight there, and the drift.
    """
    plane, _ = area_below(corridor)
    xy = shapely.get_coordinates(
        plane.metres(shapely.LineString([w.lonlat for w in corridor.waypoints]))
    )
    falls = [fall(vehicle, max(h, 0.0), corridor.ground_speed_mps) for h in heights_agl_m]
    areas = []
    for a, b, first, second in zip(xy[:-1], xy[1:], falls[:-1], falls[1:], strict=True):
        worst = max(first, second, key=lambda f: f.ahead_m)
        length = float(np.hypot(*(b - a)))
        ahead = (b - a) / length * worst.ahead_m if length > 0.0 else np.zeros(2)
        reach = corridor.half_width_m + max(first.drift_m, second.drift_m)
        areas.append(shapely.LineString([a, b + ahead]).buffer(reach))
    return plane.degrees(shapely.union_all(areas))
