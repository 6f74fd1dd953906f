"""How far a corridor stays from the nearest zone that applies at its height and time."""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.meetings import meetings
from routes_planner.compiled.nearest import closest
from routes_planner.compiled.tables import Flights, Floats, Integers
from routes_planner.flown import Flown, reaching
from routes_planner.surroundings import Surroundings
from soramichi.domain.geodesy import WGS84

FARTHEST_M = 200_000.0
_NEAREST_M = 500.0
# Metres per degree change by at most this share between a piece and a zone 200 km away.
_SCALE_ERROR = 0.04


def clearances_m(
    flown: Flown, surroundings: Surroundings, overlapping: Integers
) -> list[float | None]:
    """Metres from each corridor's edge to the nearest zone; 0.0 for those `overlapping` one.

    Rules about heights are no place to be clear of and do not count.

    Measured as WGS 84 geodesics. None when no zone within 200 km applies at the
    corridor's height and time; where those are not known a zone counts as applying.
    """
    metres: list[float | None] = [None] * len(flown.corridors)
    for corridor in overlapping.tolist():
        metres[corridor] = 0.0
    volumes = surroundings.during(*flown.flown_between_s)
    waiting = np.setdiff1d(np.arange(len(flown.corridors)), overlapping)
    radius = _NEAREST_M
    while waiting.size and volumes.volumes.size and radius <= 2.0 * FARTHEST_M:
        wide, rows = _widened(flown, waiting, radius * (1.0 + _SCALE_ERROR))
        piece, volume = meetings(wide, volumes, surroundings.grid, first_only=False)
        counted = surroundings.places[volume]
        piece, volume = piece[counted], volume[counted]
        near, places = closest(wide, volumes, piece, volume)
        best = _best_per_owner(near, places, flown.owner[rows[piece]], len(flown.corridors))
        for corridor in waiting.tolist():
            if best[corridor] <= radius:
                half = flown.corridors[corridor].half_width_m
                metres[corridor] = max(float(best[corridor]) - half, 0.0)
        waiting = np.array([c for c in waiting.tolist() if metres[c] is None], np.int64)
        radius *= 2.0
    return metres


def _widened(flown: Flown, corridors: Integers, radius_m: float) -> tuple[Flights, Integers]:
    """The pieces of some corridors with this reach, and their rows in `flown`."""
    flights = flown.flights
    rows = np.flatnonzero(np.isin(flown.owner, corridors))
    pieces = flights.pieces[rows]
    pieces = reaching(pieces, np.maximum(pieces["reach"], radius_m))
    counts = np.diff(flights.start)[corridors]
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Flights(pieces, flights.band[rows], start), rows


def _best_per_owner(near: Floats, places: Floats, owner: Integers, owners: int) -> Floats:
    """The geodesic metres of the closest meeting of each owner; inf for none."""
    roughly = np.full(owners, np.inf)
    np.minimum.at(roughly, owner, near)
    # The plain metres rank well enough; those that might be the closest are measured again.
    close = np.flatnonzero(near <= roughly[owner] * (1.0 + _SCALE_ERROR) + 1.0)
    lon0, lat0, lon1, lat1 = places[close].T
    best = np.full(owners, np.inf)
    np.minimum.at(best, owner[close], WGS84.inv(lon0, lat0, lon1, lat1)[2])
    return best
