"""Where corridors and zone volumes overlap, as unbroken stretches in metres along the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routes_planner.compiled.meetings import meetings
from routes_planner.compiled.stretches import stretches
from routes_planner.compiled.tables import Floats, Integers
from routes_planner.flown import Flown
from routes_planner.surroundings import Surroundings

# Consecutive pieces end and begin at one place, but their metres were added up differently.
_SEAM_M = 1e-3


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Rows: corridor, laid-out volume, and the stretch of the line; sorted in that order.

    Whatever is not known (a height, a datum, the departure) was taken in the widest
    sense, so a row is either a conflict or a question; a missing row is neither.
    """

    corridor: Integers
    volume: Integers
    from_m: Floats
    to_m: Floats


def overlaps(flown: Flown, surroundings: Surroundings) -> Overlaps:
    """Every overlap of `flown` with the zones, in place, height and time of the same volume."""
    volumes = surroundings.during(*flown.flown_between_s)
    piece, volume = meetings(flown.flights, volumes, surroundings.grid, first_only=False)
    corridor, volume, from_m, to_m = stretches(
        flown.flights, volumes, flown.along_m, piece, volume, _SEAM_M
    )
    order = np.argsort(corridor * volumes.volumes.size + volume, kind="stable")
    return Overlaps(corridor[order], volume[order], from_m[order], to_m[order])


def rejected(flown: Flown, surroundings: Surroundings) -> Integers:
    """Indices of the corridors that overlap any zone: the quickest accept or reject.

    What is not known counts as an overlap. A corridor that touches a zone at the very
    instant when it ceases to apply counts too; only `overlaps` tells that apart.
    """
    volumes = surroundings.during(*flown.flown_between_s)
    piece, _ = meetings(flown.flights, volumes, surroundings.grid, first_only=True)
    return flown.owner_of(piece)
