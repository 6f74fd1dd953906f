"""Every piece and volume that meet in place, height and time, by way of the index.

One piece against one volume: first the part of the piece that is at the
volume's height and time (both change evenly along it, so it is one interval),
then whether that part comes within reach of the footprint, holes honoured.
Nothing is approximated by whole pieces, boxes or hulls.
"""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import compiled, inner
from routes_planner.compiled.reach import within_reach
from routes_planner.compiled.tables import Flights, Floats, Grid, Integers, Record, Records, Volumes
from routes_planner.compiled.windows import height_window, time_window


@inner
def row_of(value: float, origin: float, per_degree: float, count: int) -> int:
    """The row or column of a coordinate, held inside the grid."""
    return int(min(max((value - origin) * per_degree, 0.0), count - 1.0))


@inner
def _meets(
    pieces: Records,
    band: Floats,
    i: int,
    volume: Record,
    chunks: Records,
    vertices: Floats,
    periods: Floats,
) -> bool:
    """Whether piece i and the volume meet in place, height and time."""
    piece = pieces[i]
    a, b = height_window(
        band, i, volume.floor, volume.floor_datum, volume.ceiling, volume.ceiling_datum
    )
    if a > b:
        return False
    for k in range(volume.period, volume.period_end):
        c, d, _ = time_window(piece.starts, piece.ends, periods[k, 0], periods[k, 1])
        c, d = max(a, c), min(b, d)
        if c <= d and within_reach(piece, c, d, volume, chunks, vertices):
            return True
    return False


@inner
def _columns_in_row(piece: Record, low: float, high: float) -> tuple[float, float]:
    """West and east end in degrees of what a piece and its reach cover between two latitudes."""
    dx, dy = piece.x1 - piece.x0, piece.y1 - piece.y0
    ry = min(piece.y0, piece.y1) - piece.south
    a, b = 0.0, 1.0
    if dy != 0.0:
        c, d = (low - ry - piece.y0) / dy, (high + ry - piece.y0) / dy
        a, b = max(0.0, min(c, d)), min(1.0, max(c, d))
    rx = min(piece.x0, piece.x1) - piece.west
    return piece.x0 + min(a * dx, b * dx) - rx, piece.x0 + max(a * dx, b * dx) + rx


@compiled
def _fill_meetings(
    f: Flights,
    z: Volumes,
    g: Grid,
    first_only: bool,  # numba takes no keyword-only arguments
    seen: Integers,
    out: Integers,
    at: Integers,
) -> None:
    """Add meetings to `out` from candidate at[0] and row at[1] on, moving both.

    Stops at the first candidate whose meetings do not all fit. `seen` is room to work in: per
    volume, the last piece that was held against it.
    """
    # One body over plain arrays: members of tuples, arrays that grow, and arrays given to
    # functions that are not inlined are counted up and down at every step, which costs
    # several times what the step itself does.
    pieces, band, starts = f.pieces, f.band, f.start
    volumes, chunks, vertices, periods = z.volumes, z.chunks, z.vertices, z.periods
    west0, south0, cells, all_columns = g.west, g.south, g.cell_deg, g.columns
    all_rows, bases, listed, listed_volume = g.rows, g.first, g.start, g.volume
    # Every other piece first: neighbours meet the same zone, so that one is found sooner.
    step = 2 if first_only else 1
    for owner in range(at[0], starts.size - 1):
        begin, end, filled = starts[owner], starts[owner + 1], at[1]
        n = filled
        half = begin + (end - begin + step - 1) // step
        for nth in range(begin, end):
            i = nth
            if first_only:
                if n > filled:
                    break
                i = begin + 2 * (nth - begin) if nth < half else begin + 2 * (nth - half) + 1
            piece = pieces[i]
            west, south, east, north = piece.west, piece.south, piece.east, piece.north
            for level in range(cells.size):
                cell, columns, rows = cells[level], all_columns[level], all_rows[level]
                per_degree = 1.0 / cell
                bottom = row_of(south, south0, per_degree, rows)
                top = row_of(north, south0, per_degree, rows)
                left = row_of(west, west0, per_degree, columns)
                right = row_of(east, west0, per_degree, columns)
                slanted = top > bottom and right > left + 1
                for row in range(bottom, top + 1):
                    if slanted:
                        low = south0 + row * cell
                        lo, hi = _columns_in_row(piece, low, low + cell)
                        left = row_of(lo, west0, per_degree, columns)
                        right = row_of(hi, west0, per_degree, columns)
                    base = bases[level] + row * columns
                    for k in range(listed[base + left], listed[base + right + 1]):
                        v = listed_volume[k]
                        volume = volumes[v]
                        if west > volume.east or east < volume.west:
                            continue
                        if south > volume.north or north < volume.south or seen[v] == i:
                            continue
                        seen[v] = i
                        if not _meets(pieces, band, i, volume, chunks, vertices, periods):
                            continue
                        if n == out.shape[0]:
                            return
                        out[n, 0], out[n, 1] = i, v
                        n += 1
                        if first_only:
                            break
                    if first_only and n > filled:
                        break
                if first_only and n > filled:
                    break
        at[0], at[1] = owner + 1, n


def meetings(f: Flights, z: Volumes, g: Grid, *, first_only: bool) -> tuple[Integers, Integers]:
    """Every (piece, volume) that meet in place, height and time, ordered by piece.

    With `first_only` one of each candidate that meets any: enough to accept or reject it.
    """
    out = np.empty((8 * f.start.size + 1024, 2), np.int64)
    at = np.zeros(2, np.int64)
    while True:
        seen = np.full(z.volumes.size, -1, np.int64)
        _fill_meetings(f, z, g, first_only, seen, out, at)
        if at[0] >= f.start.size - 1:
            return out[: at[1], 0].copy(), out[: at[1], 1].copy()
        out = np.concatenate((out, np.empty((2 * out.shape[0], 2), np.int64)))
