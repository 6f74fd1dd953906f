"""Places along a flown line, in order, with its band and times there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routes_planner.compiled.tables import Floats
from routes_planner.flown import Flown


@dataclass(frozen=True, slots=True)
class Profile:
    """Places along one flown line, in order: both ends of what was asked and every bend between.

    `top_m` and `bottom_m` have a row per datum (see `surroundings.COLUMN`), infinite
    where not known; `height_m` is in the corridor's own datum.
    """

    along_m: Floats
    longitude_deg: Floats
    latitude_deg: Floats
    after_s: Floats
    height_m: Floats
    top_m: Floats
    bottom_m: Floats


def profile(flown: Flown, corridor: int, from_m: float, to_m: float) -> Profile:
    """The flown line of `corridor` between two distances along it."""
    start, end = flown.flights.start[corridor], flown.flights.start[corridor + 1]
    along = flown.along_m[start:end].ravel()
    inside = (along >= from_m) & (along <= to_m)

    def between(values: Floats) -> Floats:
        at_ends = _interpolated(np.array([from_m, to_m]), along, values)
        return np.concatenate([at_ends[:1], values[inside], at_ends[1:]])

    piece, band = flown.flights.pieces[start:end], flown.flights.band[start:end]
    return Profile(
        between(along),
        between(np.column_stack([piece["x0"], piece["x1"]]).ravel()),
        between(np.column_stack([piece["y0"], piece["y1"]]).ravel()),
        between(flown.after_s[start:end].ravel()),
        between(flown.height_m[start:end].ravel()),
        np.stack([between(band[:, column, :2].ravel()) for column in range(3)]),
        np.stack([between(band[:, column, 2:].ravel()) for column in range(3)]),
    )


def _interpolated(at: Floats, along: Floats, values: Floats) -> Floats:
    """`np.interp` that keeps infinities, which it would turn into nan."""
    if not np.isfinite(values).all():
        return np.full(at.size, values[np.flatnonzero(~np.isfinite(values))[0]])
    return np.interp(at, along, values)
