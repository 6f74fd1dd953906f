"""Choose the samples that say most about a track, so that few of them draw it truly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from soramichi.store.arrays import Floats

Positions = NDArray[np.intp]

# Mean radius of the Earth (IUGG); a scale for comparing errors, not for measuring.
_EARTH_RADIUS_M = 6_371_008.8
# A pause is a gap in the record when it is this long and this many times the usual one.
_GAP_S = 10.0
_GAP_RATIO = 5.0
# At most this part of the samples may go before the rest is judged anew.
_SHARE_PER_ROUND = 0.25


def metres(
    longitudes_deg: Floats, latitudes_deg: Floats, heights_m: Floats
) -> tuple[Floats, Floats, Floats]:
    """East, north and up in metres from the first sample, near enough to compare errors by.

    A track across the antimeridian stays in one piece. Not empty.
    """
    east_deg = (longitudes_deg - longitudes_deg[0] + 180.0) % 360.0 - 180.0
    middle = np.radians((latitudes_deg.min() + latitudes_deg.max()) / 2)
    return (
        np.radians(east_deg) * np.cos(middle) * _EARTH_RADIUS_M,
        np.radians(latitudes_deg - latitudes_deg[0]) * _EARTH_RADIUS_M,
        heights_m - heights_m[0],
    )


def kept(times_s: Floats, place_m: tuple[Floats, ...], *, points: int) -> Positions:
    """Which samples to keep, in order: all of them, or exactly `points` (two or more).

    `times_s` increases. The first and the last are kept, and both ends of the
    gaps in the record, the longest first. Of the rest those go, round by round,
    that lie nearest to where a steady flight between their neighbours would have
    been at their time (synchronised Euclidean distance), so turns, climbs,
    stops and changes of speed all count.
    """
    alive = np.arange(len(times_s))
    pinned = _pinned(times_s, points)
    while (excess := len(alive) - points) > 0:
        weight = _error_squared(times_s, place_m, alive)
        weight[pinned[alive]] = np.inf
        share = min(excess, max(1, int(_SHARE_PER_ROUND * len(alive))))
        threshold = np.partition(weight, share - 1)[share - 1]
        # Never two neighbours in one round: each was judged by the other.
        light = np.flatnonzero(weight <= threshold)
        even = light[light % 2 == 0]
        going = even if 2 * len(even) >= len(light) else light[light % 2 == 1]
        if len(going) > excess:
            going = going[np.argsort(weight[going], kind="stable")[:excess]]
        alive = np.delete(alive, going)
    return alive


def _pinned(times_s: Floats, points: int) -> NDArray[np.bool_]:
    pinned = np.zeros(len(times_s), np.bool_)
    pinned[[0, -1]] = True
    pauses_s = np.diff(times_s)
    gaps = np.flatnonzero(pauses_s > max(_GAP_S, _GAP_RATIO * float(np.median(pauses_s))))
    room = max(0, points - 2) // 2
    longest = gaps[np.argsort(-pauses_s[gaps], kind="stable")[:room]]
    pinned[longest] = True
    pinned[longest + 1] = True
    return pinned


def _error_squared(times_s: Floats, place_m: tuple[Floats, ...], alive: Positions) -> Floats:
    """How far, squared, each sample is from its neighbours' steady flight; ends are infinite."""
    times = times_s[alive]
    share = (times[1:-1] - times[:-2]) / (times[2:] - times[:-2])
    error = np.full(len(alive), np.inf)
    error[1:-1] = 0.0
    for axis_m in place_m:
        at = axis_m[alive]
        error[1:-1] += (at[1:-1] - at[:-2] - share * (at[2:] - at[:-2])) ** 2
    return error
