"""Where corridors and zone volumes overlap, as unbroken stretches in metres along the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routes_planner import kernel
from routes_planner.flown import Flown
from routes_planner.kernel import Floats, Integers
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
    piece, volume = kernel.meetings(flown.flights, volumes, surroundings.grid, False)
    which, _, lo, hi = kernel.stretches(flown.flights, volumes, piece, volume)
    piece, volume = piece[which], volume[which]
    corridor = flown.owner[piece]
    begin = flown.along_m[piece, 0]
    span = flown.along_m[piece, 1] - begin
    from_m, to_m = begin + lo * span, begin + hi * span
    order = np.lexsort((from_m, volume, corridor))
    first, low, high = kernel.joined(
        corridor[order], volume[order], from_m[order], to_m[order], _SEAM_M
    )
    row = order[first]
    return Overlaps(corridor[row], volume[row], low, high)


def rejected(flown: Flown, surroundings: Surroundings) -> Integers:
    """Indices of the corridors that overlap any zone: the quickest accept or reject.

    What is not known counts as an overlap. A corridor that touches a zone at the very
    instant when it ceases to apply counts too; only `overlaps` tells that apart.
    """
    volumes = surroundings.during(*flown.flown_between_s)
    piece, _ = kernel.meetings(flown.flights, volumes, surroundings.grid, True)
    return flown.owner[piece]
