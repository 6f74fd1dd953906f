"""How loud an aircraft is on the ground: even spreading, and what the air takes.

Left out: ground, wind, directivity and speed; the doubt of the class's level
(`Vehicle.level_doubt_db`) stands for them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import shapely

from routes_planner.population import area_below
from routes_planner.vehicle import Vehicle
from soramichi.domain.corridor import Corridor

# Air at 20 degrees and 70 % humidity takes 5.0 dB per kilometre at 1 kHz (ISO 9613-1, table 1),
# where most of an A-weighted rotor's sound lies; low tones carry further.
ABSORBED_DB_PER_M = 0.005


def level_db(vehicle: Vehicle, distance_m: float) -> float:
    """A-weighted level in dB at `distance_m` from the aircraft in cruise.

    6 dB less with every doubling of distance, and what the air absorbs; nearer than
    a metre counts as a metre.
    """
    away = max(distance_m, 1.0)
    spread = 20.0 * math.log10(away / vehicle.level_distance_m)
    return vehicle.level_db - spread - ABSORBED_DB_PER_M * (away - vehicle.level_distance_m)


def audible_m(vehicle: Vehicle, threshold_db: float) -> float:
    """Metres from the aircraft at which it is `threshold_db` loud: `level_db` turned around."""
    low, high = 1.0, 100_000.0
    if level_db(vehicle, low) <= threshold_db:
        return 0.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if level_db(vehicle, middle) > threshold_db:
            low = middle
        else:
            high = middle
    return low


def audible_area(
    vehicle: Vehicle, corridor: Corridor, heights_agl_m: Sequence[float], threshold_db: float
) -> shapely.Polygon | shapely.MultiPolygon:
    """The ground on which a flight along the line is `threshold_db` loud or louder, in degrees.

    `heights_agl_m` has one height for each waypoint; a leg counts as flown at the lower of
    its ends. Empty where the aircraft is too high to be that loud below.
    """
    plane, _ = area_below(corridor)
    heard = audible_m(vehicle, threshold_db)
    areas = []
    for (a, low), (b, high) in pairwise(zip(corridor.waypoints, heights_agl_m, strict=True)):
        height = max(min(low, high), 0.0)
        if height < heard:
            leg = plane.metres(shapely.LineString([a.lonlat, b.lonlat]))
            areas.append(leg.buffer(math.sqrt(heard**2 - height**2)))
    return plane.degrees(shapely.union_all(areas)) if areas else shapely.Polygon()
