"""What a candidate costs, as numbers: length, time, reserve, districts and people below."""

from __future__ import annotations

import numpy as np

from routes_planner.clearance import clearances_m
from routes_planner.compiled.rows import joined
from routes_planner.fall import fall
from routes_planner.flown import Flown, everywhere
from routes_planner.ground import steps
from routes_planner.noise import level_db
from routes_planner.overlap import Overlaps, overlaps
from routes_planner.population import Population
from routes_planner.profile import profile
from routes_planner.surroundings import COLUMN, Surroundings
from routes_planner.vehicle import reserve_pct, vehicle_of
from routes_planner.verdict import Metrics
from soramichi.domain.altitude import Datum
from soramichi.domain.terrain import Terrain

_STEP_M = 50.0
# As good as none: a line counts as over a district while it is inside, its width does not.
_NO_WIDTH_M = 1e-3


def metrics_of(
    flown: Flown,
    surroundings: Surroundings,
    rows: Overlaps,
    *,
    population: Population | None = None,
) -> list[Metrics]:
    """The metrics of every flown line, `rows` being its overlaps; None is "no layer to tell"."""
    overlapping = np.unique(rows.corridor[surroundings.places[rows.volume]])
    clearance = clearances_m(flown, surroundings, overlapping)
    over = over_districts(flown, surroundings.districts)
    away = nearest_districts_m(flown, surroundings.districts)
    found = []
    for corridor, plan in enumerate(flown.corridors):
        vehicle = vehicle_of(plan.aircraft_class)
        duration = flown.duration_s(corridor)
        height = highest_agl_m(flown, corridor, surroundings.terrain)
        below = None
        if vehicle is not None and height is not None:
            down = fall(vehicle, max(height, 0.0), plan.ground_speed_mps)
            below = (level_db(vehicle, height), vehicle.level_doubt_db, down.reach_m)
        found.append(
            Metrics(
                length_m=flown.length_m(corridor),
                duration_s=duration,
                energy_reserve_pct=None if vehicle is None else reserve_pct(vehicle, duration),
                over_did_m=over[corridor][0],
                over_did_s=over[corridor][1],
                nearest_did_m=away[corridor],
                people_below=None if population is None else population.below(plan),
                nearest_home_m=None if population is None else population.nearest_home_m(plan),
                min_clearance_m=clearance[corridor],
                max_height_agl_m=height,
                cruise_level_db=below and below[0],
                cruise_level_doubt_db=below and below[1],
                fall_reach_m=below and below[2],
            )
        )
    return found


def bare_metrics(flown: Flown, corridor: int) -> Metrics:
    """Length and duration only."""
    return Metrics(length_m=flown.length_m(corridor), duration_s=flown.duration_s(corridor))


def over_districts(
    flown: Flown, districts: Surroundings | None
) -> list[tuple[float, float] | tuple[None, None]]:
    """Metres and seconds of each line over densely inhabited districts; None without that layer."""
    if districts is None:
        return [(None, None)] * len(flown.corridors)
    rows = overlaps(everywhere(flown, _NO_WIDTH_M), districts)
    order = np.lexsort((rows.from_m, rows.corridor))
    owner = rows.corridor[order]
    # Districts may touch or overlap: each metre counts once.
    first, low, high = joined(
        owner, np.zeros_like(owner), rows.from_m[order], rows.to_m[order], 0.0
    )
    total = [(0.0, 0.0)] * len(flown.corridors)
    for corridor, a, b in zip(owner[first].tolist(), low.tolist(), high.tolist(), strict=True):
        after = profile(flown, corridor, a, b).after_s
        metres, seconds = total[corridor]
        total[corridor] = (metres + b - a, seconds + float(after[-1] - after[0]))
    return list(total)


def nearest_districts_m(flown: Flown, districts: Surroundings | None) -> list[float | None]:
    """Metres from each corridor's edge to the nearest district, at any height; None: none known."""
    if districts is None:
        return [None] * len(flown.corridors)
    flat = everywhere(flown)
    return clearances_m(flat, districts, np.unique(overlaps(flat, districts).corridor))


def highest_agl_m(flown: Flown, corridor: int, terrain: Terrain | None) -> float | None:
    """The most that the top of the corridor is above the ground below its line; None: not known."""
    plan = flown.corridors[corridor]
    if plan.heights is not None and plan.heights[0].datum is Datum.AGL:
        return max(height.metres for height in plan.heights) + plan.above_m
    if terrain is None:
        return None
    line = steps(flown, corridor, (0.0, flown.length_m(corridor)), _STEP_M)
    top = line.top_m[:, COLUMN[Datum.AMSL]]
    lon = (line.longitude_deg + 180.0) % 360.0 - 180.0
    above = float((top - terrain.surfaces_amsl_m(lon, line.latitude_deg)).max())
    return above if np.isfinite(above) else None
