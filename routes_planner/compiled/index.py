"""Which cells of the index a footprint touches."""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import compiled, inner
from routes_planner.compiled.meetings import row_of
from routes_planner.compiled.reach import contains
from routes_planner.compiled.tables import Floats, Grid, Integers, Record, Records, Volumes
from routes_planner.compiled.windows import at_least


@inner
def _box_meets(
    volume: Record,
    chunks: Records,
    vertices: Floats,
    west: float,
    south: float,
    east: float,
    north: float,
) -> bool:
    """Whether a footprint meets a box of degrees, edges of both included."""
    for c in range(volume.chunk, volume.chunk_end):
        k = chunks[c]
        if west > k.east or east < k.west or south > k.north or north < k.south:
            continue
        for j in range(k.first, k.last):
            x0, y0, x1, y1 = vertices[j, 0], vertices[j, 1], vertices[j + 1, 0], vertices[j + 1, 1]
            a, b = at_least(x0, x1, west)
            c1, d1 = at_least(-x0, -x1, -east)
            a, b = max(a, c1), min(b, d1)
            c1, d1 = at_least(y0, y1, south)
            a, b = max(a, c1), min(b, d1)
            c1, d1 = at_least(-y0, -y1, -north)
            if max(a, c1) <= min(b, d1):
                return True
    x, y = 0.5 * (west + east), 0.5 * (south + north)
    return contains(chunks, vertices, volume.chunk, volume.chunk_end, x, y)


@compiled
def _fill_cells(z: Volumes, g: Grid, level: Integers, out: Integers, at: Integers) -> None:
    """Add (cell, volume) to `out` from volume at[0] and row at[1] on, moving both.

    Stops at the first volume whose cells do not all fit.
    """
    volumes, chunks, vertices = z.volumes, z.chunks, z.vertices
    # A hair wider than the cell, so that rounding cannot lose a touch.
    hair = 1e-9
    n = at[1]
    for v in range(at[0], level.size):
        volume, mine = volumes[v], level[v]
        size, columns, rows = g.cell_deg[mine], g.columns[mine], g.rows[mine]
        per_degree = 1.0 / size
        left = row_of(volume.west, g.west, per_degree, columns)
        right = row_of(volume.east, g.west, per_degree, columns)
        top = row_of(volume.north, g.south, per_degree, rows)
        for row in range(row_of(volume.south, g.south, per_degree, rows), top + 1):
            for column in range(left, right + 1):
                x, y = g.west + column * size - hair, g.south + row * size - hair
                far = size + 2.0 * hair
                if not _box_meets(volume, chunks, vertices, x, y, x + far, y + far):
                    continue
                if n == out.shape[0]:
                    return
                out[n, 0], out[n, 1] = g.first[mine] + row * columns + column, v
                n += 1
        at[0], at[1] = v + 1, n


def cells_of(z: Volumes, g: Grid, level: Integers) -> tuple[Integers, Integers]:
    """Every (cell, volume) that touch, each volume in its own level; the grid's raw list."""
    out = np.empty((8 * level.size + 1024, 2), np.int64)
    at = np.zeros(2, np.int64)
    while True:
        _fill_cells(z, g, level, out, at)
        if at[0] == level.size:
            return out[: at[1], 0].copy(), out[: at[1], 1].copy()
        out = np.concatenate((out, np.empty((2 * out.shape[0], 2), np.int64)))
