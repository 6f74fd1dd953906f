"""A path pulled straight, and its bends moved while that makes it cheaper."""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import compiled, inner
from routes_planner.compiled.lines import Field, line_cost
from routes_planner.compiled.tables import Floats


@compiled
def pulled(f: Field, xy: Floats, window: int) -> Floats:
    """The cheapest path that keeps some of these places, looking back over `window` of them.

    Every place kept costs a thousandth of a cell, so that none is kept on a straight line.
    """
    n = len(xy)
    bend = 1e-3 * f.cell
    cost, clock = np.full(n, np.inf), np.zeros(n)
    back = np.zeros(n, np.int64)
    cost[0] = 0.0
    for k in range(1, n):
        for j in range(max(0, k - window), k):
            length = np.hypot(xy[k, 0] - xy[j, 0], xy[k, 1] - xy[j, 1]) * f.cell
            if cost[j] + bend + length >= cost[k]:
                continue
            c = cost[j] + bend + line_cost(f, xy[j, 0], xy[j, 1], xy[k, 0], xy[k, 1], clock[j])
            if c < cost[k]:
                cost[k], back[k], clock[k] = c, j, clock[j] + length / f.speed
    if not np.isfinite(cost[n - 1]):
        return xy
    keep = np.zeros(n, np.bool_)
    k = n - 1
    while k > 0:
        keep[k] = True
        k = back[k]
    keep[0] = True
    return xy[keep]


@inner
def _bend_cost(
    f: Field, ax: float, ay: float, x: float, y: float, bx: float, by: float, clock: float
) -> float:
    first = line_cost(f, ax, ay, x, y, clock)
    if not np.isfinite(first):
        return np.inf
    there = clock + np.hypot(x - ax, y - ay) * f.cell / f.speed
    return first + line_cost(f, x, y, bx, by, there)


@compiled
def relaxed(f: Field, xy: Floats, furthest: float, rounds: int) -> Floats:
    """Move every bend about, by `furthest` cells and then by ever less, while that is cheaper."""
    xy = xy.copy()
    n = len(xy)
    step = furthest
    for _ in range(rounds):
        moved = False
        clock = 0.0
        for k in range(1, n - 1):
            ax, ay, bx, by = xy[k - 1, 0], xy[k - 1, 1], xy[k + 1, 0], xy[k + 1, 1]
            x, y = xy[k, 0], xy[k, 1]
            best = _bend_cost(f, ax, ay, x, y, bx, by, clock)
            for turn in range(8):
                angle = turn * 0.25 * np.pi
                nx, ny = x + step * np.cos(angle), y + step * np.sin(angle)
                c = _bend_cost(f, ax, ay, nx, ny, bx, by, clock)
                if c < best - 1e-6:
                    best, xy[k, 0], xy[k, 1], moved = c, nx, ny, True
            clock += np.hypot(xy[k, 0] - ax, xy[k, 1] - ay) * f.cell / f.speed
        if not moved:
            step *= 0.5
    return xy
