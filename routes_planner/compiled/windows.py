"""Which part of a piece is at given heights, or flown at given times."""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import inner
from routes_planner.compiled.tables import Floats


@inner
def at_least(a: float, b: float, limit: float) -> tuple[float, float]:
    """The part of [0, 1] where the even change from a to b is >= limit; (1, 0) for none."""
    if a >= limit and b >= limit:
        return 0.0, 1.0
    if a < limit and b < limit:
        return 1.0, 0.0
    t = (limit - a) / (b - a)
    return (t, 1.0) if b > a else (0.0, t)


@inner
def height_window(
    band: Floats, i: int, floor: float, floor_datum: int, ceiling: float, ceiling_datum: int
) -> tuple[float, float]:
    """The part of piece i whose band meets the limits; empty when from > to."""
    a, b = at_least(band[i, floor_datum, 0], band[i, floor_datum, 1], floor)
    c, d = at_least(-band[i, ceiling_datum, 2], -band[i, ceiling_datum, 3], -ceiling)
    return max(a, c), min(b, d)


@inner
def time_window(start: float, end: float, since: float, until: float) -> tuple[float, float, bool]:
    """The part of [start, end] inside [since, until), and whether `until` cuts it off."""
    if start >= until or end < since:
        return 1.0, 0.0, True
    if not (np.isfinite(start) and end > start):
        return 0.0, 1.0, False
    a = (since - start) / (end - start) if since > start else 0.0
    b = (until - start) / (end - start) if until <= end else 1.0
    return a, b, until <= end
