"""What a straight line through the search's rasters costs, cell by cell, at its own moments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from routes_planner.compiled.cache import compiled
from routes_planner.compiled.tables import Floats


class Field(NamedTuple):
    """Rasters, row 0 in the south: metres of `cell`, cost per metre, and closed moments.

    A cell is closed from `closed_from` until `closed_until` seconds after departure
    (inf and -inf: never closed). Lines advance at `speed` metres per second.
    """

    cell: float
    speed: float
    weight: Floats
    closed_from: Floats
    closed_until: Floats


@compiled
def line_cost(f: Field, x0: float, y0: float, x1: float, y1: float, after_s: float) -> float:
    """Cost in metres times weight of the straight line; inf when a cell is closed as it passes.

    Places are in cells, whole numbers being middles; the line starts `after_s` seconds
    after departure. Outside the raster everything is closed.
    """
    rows, columns = f.weight.shape
    x0, y0, x1, y1 = x0 + 0.5, y0 + 0.5, x1 + 0.5, y1 + 0.5
    if min(x0, x1) < 0.0 or min(y0, y1) < 0.0 or max(x0, x1) >= columns or max(y0, y1) >= rows:
        return np.inf
    dx, dy = x1 - x0, y1 - y0
    length = np.sqrt(dx * dx + dy * dy)
    column, row = int(x0), int(y0)
    end_column, end_row = int(x1), int(y1)
    step_x, step_y = (1 if dx > 0.0 else -1), (1 if dy > 0.0 else -1)
    # Share of the line to the next column and row line, and from one to the next.
    per_x = abs(1.0 / dx) if dx != 0.0 else np.inf
    per_y = abs(1.0 / dy) if dy != 0.0 else np.inf
    next_x = ((column + 1 - x0) if dx > 0.0 else (x0 - column)) * per_x if dx != 0.0 else np.inf
    next_y = ((row + 1 - y0) if dy > 0.0 else (y0 - row)) * per_y if dy != 0.0 else np.inf
    seconds = length * f.cell / f.speed
    cost, t = 0.0, 0.0
    for _ in range(rows + columns):
        until = min(next_x, next_y, 1.0)
        enters, leaves = after_s + t * seconds, after_s + until * seconds
        if leaves >= f.closed_from[row, column] and enters < f.closed_until[row, column]:
            return np.inf
        cost += (until - t) * f.weight[row, column]
        if until >= 1.0 or (column == end_column and row == end_row):
            break
        if next_x <= next_y:
            column += step_x
            next_x += per_x
        else:
            row += step_y
            next_y += per_y
        if column < 0 or row < 0 or column >= columns or row >= rows:
            break
        t = until
    total: float = cost * length * f.cell
    return total


@compiled
def path_cost(f: Field, xy: Floats) -> float:
    """Cost of a whole path; places are (column, row) in cells."""
    cost, clock = 0.0, 0.0
    for k in range(len(xy) - 1):
        cost += line_cost(f, xy[k, 0], xy[k, 1], xy[k + 1, 0], xy[k + 1, 1], clock)
        length = np.hypot(xy[k + 1, 0] - xy[k, 0], xy[k + 1, 1] - xy[k, 1])
        clock += length * f.cell / f.speed
    return cost
