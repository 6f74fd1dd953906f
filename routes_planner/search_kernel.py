"""The compiled part of the search: rasters of what is closed and costly, and paths through them.

A path is searched on any angle (Theta*: a place is reached in a straight line
from the parent of its neighbour where that is cheaper), first on coarse cells,
then on fine cells beside the coarse path; then it is pulled straight and every
bend is moved while that makes it cheaper. Lines are charged cell by cell, each
by the length inside it, and a cell may be closed for some moments only.

One long file for the same reason as `kernel`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routes_planner.kernel import Floats, Integers

compiled = njit(cache=True, nogil=True, error_model="numpy")

Flags: TypeAlias = NDArray[np.uint8]

# Straight lines longer than this many cells are left to the pulling.
LONGEST_LINE_CELLS = 8.0


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
def _close(f: Field, row: int, column: int, since: float, until: float) -> None:
    """Widen a cell's closed moments; two periods of one cell become one with what lies between."""
    f.closed_from[row, column] = min(f.closed_from[row, column], since)
    f.closed_until[row, column] = max(f.closed_until[row, column], until)


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
                    _close(f, row, column, since, until)


@compiled
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
                _close(f, row, column, since, until)


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
def _pushed(heap: Floats, nodes: Integers, n: int, key: float, node: int) -> int:
    """Put one entry into a binary heap of n; the arrays have room."""
    k = n
    while k > 0:
        up = (k - 1) >> 1
        if heap[up] <= key:
            break
        heap[k], nodes[k] = heap[up], nodes[up]
        k = up
    heap[k], nodes[k] = key, node
    return n + 1


@compiled
def _popped(heap: Floats, nodes: Integers, n: int) -> int:
    """Take the smallest entry of n out (the caller has read it)."""
    n -= 1
    key, node = heap[n], nodes[n]
    k = 0
    while 2 * k + 1 < n:
        down = 2 * k + 1
        if down + 1 < n and heap[down + 1] < heap[down]:
            down += 1
        if key <= heap[down]:
            break
        heap[k], nodes[k] = heap[down], nodes[down]
        k = down
    heap[k], nodes[k] = key, node
    return n


@compiled
def any_angle(f: Field, allowed: Flags, start: Integers, goal: Integers) -> Integers:
    """The cells (row, column) at which a cheap path bends, start and goal included; none: empty.

    Only cells with `allowed` other than 0 are entered. Weights are at least 1, so
    that straight metres never overestimate what is left.
    """
    rows, columns = f.weight.shape
    # Written when a cell is first reached: most of a wide raster never is.
    cost = np.empty(rows * columns)
    clock = np.empty(rows * columns)
    parent = np.empty(rows * columns, np.int64)
    state = np.zeros(rows * columns, np.uint8)
    reached, done = 1, 2
    room = 1 << 16
    heap, nodes = np.empty(room), np.empty(room, np.int64)
    s, target = start[0] * columns + start[1], goal[0] * columns + goal[1]
    cost[s], clock[s], parent[s], state[s] = 0.0, 0.0, s, reached
    n = _pushed(heap, nodes, 0, 0.0, s)
    while n > 0:
        s = nodes[0]
        n = _popped(heap, nodes, n)
        if state[s] == done:
            continue
        state[s] = done
        if s == target:
            break
        row, column, p = s // columns, s % columns, parent[s]
        pr, pc = p // columns, p % columns
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                r, c = row + dr, column + dc
                if r < 0 or c < 0 or r >= rows or c >= columns:
                    continue
                k = r * columns + c
                if state[k] == done or allowed[r, c] == 0:
                    continue
                best = cost[k] if state[k] == reached else np.inf
                far = np.hypot(r - pr, c - pc)
                step = np.hypot(dr, dc)
                by = -1
                if p != s and far <= LONGEST_LINE_CELLS and cost[p] + far * f.cell < best:
                    straight = cost[p] + line_cost(f, pc, pr, c, r, clock[p])
                    if straight < best:
                        best, by, at = straight, p, clock[p] + far * f.cell / f.speed
                if cost[s] + step * f.cell < best:
                    near = cost[s] + line_cost(f, column, row, c, r, clock[s])
                    if near < best:
                        best, by, at = near, s, clock[s] + step * f.cell / f.speed
                if by >= 0:
                    cost[k], parent[k], clock[k], state[k] = best, by, at, reached
                    left = np.hypot(r - goal[0], c - goal[1]) * f.cell
                    if n == heap.size:
                        heap = np.append(heap, np.empty(n))
                        nodes = np.append(nodes, np.empty(n, np.int64))
                    n = _pushed(heap, nodes, n, best + left, k)
    if state[target] != done:
        return np.empty((0, 2), np.int64)
    count, s = 1, target
    while parent[s] != s:
        s = parent[s]
        count += 1
    path = np.empty((count, 2), np.int64)
    s = target
    for k in range(count - 1, -1, -1):
        path[k, 0], path[k, 1] = s // columns, s % columns
        s = parent[s]
    return path


@compiled
def connected(f: Field, start: Integers, goal: Integers) -> bool:
    """Whether open cells join two cells, those being open that are so at any moment of a flight.

    A quick no, before a search tries everything: only cells closed from before the
    departure and for good count as closed.
    """
    rows, columns = f.weight.shape
    seen = np.zeros((rows, columns), np.bool_)
    queue = np.empty((rows * columns, 2), np.int64)
    queue[0, 0], queue[0, 1] = start[0], start[1]
    seen[start[0], start[1]] = True
    first, last = 0, 1
    while first < last:
        row, column = queue[first, 0], queue[first, 1]
        first += 1
        if f.closed_from[row, column] <= 0.0 and f.closed_until[row, column] == np.inf:
            continue
        if row == goal[0] and column == goal[1]:
            return True
        for r in range(max(row - 1, 0), min(row + 2, rows)):
            for c in range(max(column - 1, 0), min(column + 2, columns)):
                if not seen[r, c]:
                    seen[r, c] = True
                    queue[last, 0], queue[last, 1] = r, c
                    last += 1
    return False


@compiled
def path_cost(f: Field, xy: Floats) -> float:
    """Cost of a whole path; places are (column, row) in cells."""
    cost, clock = 0.0, 0.0
    for k in range(len(xy) - 1):
        cost += line_cost(f, xy[k, 0], xy[k, 1], xy[k + 1, 0], xy[k + 1, 1], clock)
        length = np.hypot(xy[k + 1, 0] - xy[k, 0], xy[k + 1, 1] - xy[k, 1])
        clock += length * f.cell / f.speed
    return cost


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


@compiled
def _bend_cost(
    f: Field, ax: float, ay: float, x: float, y: float, bx: float, by: float, clock: float
) -> float:
    first = line_cost(f, ax, ay, x, y, clock)
    if not np.isfinite(first):
        return np.inf
    there = clock + np.hypot(x - ax, y - ay) * f.cell / f.speed
    return first + line_cost(f, x, y, bx, by, there)
