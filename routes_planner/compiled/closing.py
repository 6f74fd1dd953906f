"""The search's rasters: which cells are closed when, finely and coarsely."""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import compiled, inner
from routes_planner.compiled.lines import Field
from routes_planner.compiled.tables import Floats, Integers


@inner
def _shut(f: Field, row: int, column: int, since: float, until: float) -> None:
    """Widen a cell's closed moments; two periods of one cell become one with what lies between."""
    f.closed_from[row, column] = min(f.closed_from[row, column], since)
    f.closed_until[row, column] = max(f.closed_until[row, column], until)


@inner
def _close_edge(
    f: Field, x0: float, y0: float, x1: float, y1: float, r: float, since: float, until: float
) -> None:
    """Close the cells whose middle is within r cells of one edge (in cell coordinates)."""
    rows, columns = f.weight.shape
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy
    for row in range(
        max(int(np.ceil(min(y0, y1) - r)), 0), min(int(np.floor(max(y0, y1) + r)), rows - 1) + 1
    ):
        a, b = 0.0, 1.0
        if dy != 0.0:
            c, d = (row - r - y0) / dy, (row + r - y0) / dy
            a, b = max(0.0, min(c, d)), min(1.0, max(c, d))
        low, high = x0 + min(a * dx, b * dx) - r, x0 + max(a * dx, b * dx) + r
        for column in range(max(int(np.ceil(low)), 0), min(int(np.floor(high)), columns - 1) + 1):
            t = 0.0
            if length2 > 0.0:
                t = min(max(((column - x0) * dx + (row - y0) * dy) / length2, 0.0), 1.0)
            ex, ey = column - x0 - t * dx, row - y0 - t * dy
            if ex * ex + ey * ey <= r * r:
                _shut(f, row, column, since, until)


@compiled
def close_zones(
    f: Field, xy: Floats, ring_start: Integers, shape_start: Integers, times: Floats, reach_m: float
) -> None:
    """Close every cell whose middle is within reach of a shape, or inside it, in its moments.

    `xy` are metres from the south-west corner; shape s has the closed rings
    shape_start[s]..shape_start[s+1] and the moments times[s].
    """
    rows, columns = f.weight.shape
    crossings = np.empty(1024)
    r = reach_m / f.cell
    for s in range(shape_start.size - 1):
        since, until = times[s, 0], times[s, 1]
        lowest, highest = np.inf, -np.inf
        for ring in range(shape_start[s], shape_start[s + 1]):
            for k in range(ring_start[ring], ring_start[ring + 1] - 1):
                x0, y0 = xy[k, 0] / f.cell - 0.5, xy[k, 1] / f.cell - 0.5
                x1, y1 = xy[k + 1, 0] / f.cell - 0.5, xy[k + 1, 1] / f.cell - 0.5
                lowest, highest = min(lowest, y0, y1), max(highest, y0, y1)
                _close_edge(f, x0, y0, x1, y1, r, since, until)
        for row in range(max(int(np.ceil(lowest)), 0), min(int(np.floor(highest)), rows - 1) + 1):
            n = 0
            for ring in range(shape_start[s], shape_start[s + 1]):
                for k in range(ring_start[ring], ring_start[ring + 1] - 1):
                    y0, y1 = xy[k, 1] / f.cell - 0.5, xy[k + 1, 1] / f.cell - 0.5
                    if (y0 > row) == (y1 > row):
                        continue
                    x0, x1 = xy[k, 0] / f.cell - 0.5, xy[k + 1, 0] / f.cell - 0.5
                    if n == crossings.size:
                        crossings = np.append(crossings, np.empty(n))
                    crossings[n] = x0 + (row - y0) * (x1 - x0) / (y1 - y0)
                    n += 1
            crossings[:n].sort()
            for k in range(0, n - 1, 2):
                a, b = max(int(np.ceil(crossings[k])), 0), int(np.floor(crossings[k + 1]))
                for column in range(a, min(b, columns - 1) + 1):
                    _shut(f, row, column, since, until)


@compiled
def coarsened(f: Field, factor: int, least_open: float) -> tuple[Floats, Floats, Floats]:
    """Weight and closed moments in cells `factor` times as large.

    A cell with less than the share `least_open` of it open is closed from the first
    to the last of its moments. What closes a part makes the way through it longer.
    """
    rows, columns = f.weight.shape
    shape = ((rows + factor - 1) // factor, (columns + factor - 1) // factor)
    weight, since, until = np.ones(shape), np.full(shape, np.inf), np.full(shape, -np.inf)
    for r in range(shape[0]):
        for c in range(shape[1]):
            total, free, first, last = 0.0, 0, np.inf, -np.inf
            for row in range(r * factor, min((r + 1) * factor, rows)):
                for column in range(c * factor, min((c + 1) * factor, columns)):
                    if f.closed_until[row, column] > f.closed_from[row, column]:
                        first = min(first, f.closed_from[row, column])
                        last = max(last, f.closed_until[row, column])
                    else:
                        total += f.weight[row, column]
                        free += 1
            share = free / (factor * factor)
            if free > 0:
                weight[r, c] = total / free / np.sqrt(max(share, least_open))
            if share < least_open:
                since[r, c], until[r, c] = first, last
                if not first < last:
                    since[r, c], until[r, c] = -np.inf, np.inf
    return weight, since, until
