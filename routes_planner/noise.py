"""How loud an aircraft is on the ground: even spreading, and what the air takes.

Left out: ground, wind, directivity and speed; the doubt of the class's level
(`Vehicle.level_doubt_db`) stands for them.
"""

from __future__ import annotations

import math

from routes_planner.vehicle import Vehicle

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
