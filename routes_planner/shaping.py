"""From a bent line to one that can be flown: turns of a radius, climbs of a rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routes_planner.compiled.tables import Floats

# A turn is drawn as chords of at most this angle; they stay within 0.1 % of its radius.
_CHORD_DEG = 10.0


@dataclass(frozen=True, slots=True)
class Climb:
    """Metres to be flown before the cruise height is reached, and before the end is."""

    up_m: float
    down_m: float


def rounded(xy: Floats, radius_m: float) -> Floats:
    """The line with every bend turned on an arc of `radius_m`, or of what its legs have room for.

    Rows are metres in a plane. A bend uses at most half of each leg beside it, so
    that neighbouring arcs never overlap; see `sharpest_radius_m` for what came out.
    """
    if len(xy) < 3:
        return xy
    out = [xy[:1]]
    for before, here, after in zip(xy[:-2], xy[1:-1], xy[2:], strict=True):
        inward, outward = here - before, after - here
        a, b = float(np.hypot(*inward)), float(np.hypot(*outward))
        if a == 0.0 or b == 0.0:
            continue
        u, v = inward / a, outward / b
        turn = float(np.arctan2(u[0] * v[1] - u[1] * v[0], u @ v))
        if abs(turn) < 1e-6:
            continue
        half = np.tan(abs(turn) / 2.0)
        cut = min(radius_m * half, 0.5 * a, 0.5 * b)
        radius = cut / half
        centre = here - cut * u + np.sign(turn) * radius * np.array([-u[1], u[0]])
        start = np.arctan2(*(here - cut * u - centre)[::-1])
        count = int(np.ceil(np.degrees(abs(turn)) / _CHORD_DEG)) + 1
        angles = start + np.linspace(0.0, turn, count)
        out.append(centre + radius * np.column_stack([np.cos(angles), np.sin(angles)]))
    out.append(xy[-1:])
    return np.concatenate(out)


def sharpest_radius_m(xy: Floats) -> float:
    """The smallest radius at which the bends can be turned on half of their legs; inf: straight."""
    if len(xy) < 3:
        return np.inf
    a, b, c = xy[:-2], xy[1:-1], xy[2:]
    ab, bc = np.hypot(*(b - a).T), np.hypot(*(c - b).T)
    cross = (b - a)[:, 0] * (c - b)[:, 1] - (b - a)[:, 1] * (c - b)[:, 0]
    turn = np.abs(np.arctan2(cross, ((b - a) * (c - b)).sum(axis=1)))
    with np.errstate(divide="ignore"):
        radius = 0.5 * np.minimum(ab, bc) / np.tan(turn / 2.0)
    return float(radius.min())


def climbing(
    xy: Floats, start_m: float, cruise_m: float, end_m: float, climb: Climb
) -> tuple[Floats, Floats]:
    """The line with bends where the climb ends and the descent begins, and a height at each place.

    A line too short for both is flown in a tent: up and down meet where their
    slopes do, below the cruise height.
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    length = float(along[-1])
    up, down = climb.up_m, climb.down_m
    if up + down > length:
        up, down = length * up / (up + down), length * down / (up + down)
    extra = [d for d in (up, length - down) if 0.0 < d < length]
    at = np.unique(np.concatenate([along, extra]))
    x, y = np.interp(at, along, xy[:, 0]), np.interp(at, along, xy[:, 1])
    rising = _slope(at, start_m, cruise_m, climb.up_m)
    sinking = _slope(length - at, end_m, cruise_m, climb.down_m)
    return np.column_stack([x, y]), np.minimum(np.minimum(rising, sinking), cruise_m)


def _slope(away_m: Floats, low_m: float, cruise_m: float, over_m: float) -> Floats:
    """Heights `away_m` from an end at `low_m`, reaching the cruise height after `over_m`."""
    if over_m == 0.0:
        return np.full(away_m.size, cruise_m)
    return low_m + (cruise_m - low_m) * away_m / over_m
