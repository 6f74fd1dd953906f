"""What is summed and joined row by row, in order."""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import compiled
from routes_planner.compiled.tables import Floats, Integers


@compiled
def _fill_joined(
    owner: Integers,
    volume: Integers,
    from_m: Floats,
    to_m: Floats,
    gap_m: float,
    first: Integers,
    ends: Floats,
) -> int:
    """Fill `first` and `ends` as `joined` returns them; how many."""
    n = 0
    for k in range(owner.size):
        if n > 0:
            same = owner[k] == owner[first[n - 1]] and volume[k] == volume[first[n - 1]]
            if same and from_m[k] <= ends[n - 1, 1] + gap_m:
                ends[n - 1, 1] = max(ends[n - 1, 1], to_m[k])
                continue
        first[n], ends[n, 0], ends[n, 1] = k, from_m[k], to_m[k]
        n += 1
    return n


def joined(
    owner: Integers, volume: Integers, from_m: Floats, to_m: Floats, gap_m: float
) -> tuple[Integers, Floats, Floats]:
    """Join the stretches of one owner and volume that touch; rows are sorted by both and from_m.

    Returns the row that each joined stretch began with, and its ends.
    """
    first, ends = np.empty(owner.size, np.int64), np.empty((owner.size, 2))
    n = _fill_joined(owner, volume, from_m, to_m, gap_m, first, ends)
    return first[:n], ends[:n, 0], ends[:n, 1]


@compiled
def _fill_running(value: Floats, owner: Integers, before: Floats) -> None:
    for k in range(1, value.size):
        if owner[k] == owner[k - 1]:
            before[k] = before[k - 1] + value[k - 1]


def running(value: Floats, owner: Integers) -> Floats:
    """The sum of what comes before each row, from nothing with each owner.

    Added up in order, so that a line is laid out to the same bits in every batch.
    """
    before = np.zeros(value.size)
    _fill_running(value, owner, before)
    return before
