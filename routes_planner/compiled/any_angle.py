"""A cheap path through the search's rasters, on any angle.

Theta*: a place is reached in a straight line from the parent of its neighbour
where that is cheaper.
"""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import compiled, inner
from routes_planner.compiled.lines import Field, line_cost
from routes_planner.compiled.tables import Flags, Floats, Integers

# Straight lines longer than this many cells are left to the pulling.
LONGEST_LINE_CELLS = 8.0


@inner
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


@inner
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
    n = _pushed(heap, nodes, int(np.int64(0)), 0.0, s)  # typed: not one more variant
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
                    straight = cost[p] + line_cost(
                        f, float(pc), float(pr), float(c), float(r), clock[p]
                    )
                    if straight < best:
                        best, by, at = straight, p, clock[p] + far * f.cell / f.speed
                if cost[s] + step * f.cell < best:
                    near = cost[s] + line_cost(
                        f, float(column), float(row), float(c), float(r), clock[s]
                    )
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
