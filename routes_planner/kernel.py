"""Where flown pieces and zone volumes meet: the compiled part of the check.

Everything stays in longitude and latitude. A zone's edge is then exactly what
its source says (a straight line in those coordinates, RFC 7946), and each piece
of a flown line, at most a kilometre long, carries the metres per degree at its
own middle, so that distances are right to 0.01 % wherever on the Earth it is.

One piece against one volume: first the part of the piece that is at the
volume's height and time (both change evenly along it, so it is one interval),
then whether that part comes within reach of the footprint, holes honoured.
Nothing is approximated by whole pieces, boxes or hulls.

The module is one long file because numba's cache on disk notices a change only
in the file of the function that is called, not in the files of those it calls.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Records: TypeAlias = NDArray[np.void]
Record: TypeAlias = Any  # one row of Records, as numba sees it


# Cached on disk, so that only the first check after an installation waits for the compiler.
# Division as numpy does it: a zero divisor gives an infinity, never an exception.
compiled = njit(cache=True, nogil=True, error_model="numpy")

# One flown piece, short and straight. Degrees at both ends; metres per degree; `reach` the
# half width in metres with the margin for both approximations above; seconds since 1970 at
# both ends (-inf and inf when not known); the box that its reach covers.
PIECE = np.dtype(
    [(n, np.float64) for n in ("x0", "y0", "x1", "y1", "kx", "ky", "reach", "starts", "ends")]
    + [(n, np.float64) for n in ("west", "south", "east", "north")]
)
# One zone volume: its box in degrees, its limits in metres (infinite where there is none) with
# the column of their datum, and the rows that belong to it in chunks and periods.
VOLUME = np.dtype(
    [(n, np.float64) for n in ("west", "south", "east", "north", "floor", "ceiling")]
    + [(n, np.int32) for n in ("floor_datum", "ceiling_datum", "chunk", "chunk_end")]
    + [(n, np.int32) for n in ("period", "period_end")]
)
# A few consecutive edges of one ring, between vertices first..last, with their box.
CHUNK = np.dtype(
    [(n, np.float64) for n in ("west", "south", "east", "north")]
    + [(n, np.int64) for n in ("first", "last")]
)


class Flights(NamedTuple):
    """Flown lines of one or many corridors, cut into pieces.

    `band` (pieces, 3, 4) holds, per column of datum, top at both ends, then bottom
    at both ends, in metres; infinite where not known. Candidate c owns the pieces
    start[c]..start[c+1].
    """

    pieces: Records
    band: Floats
    start: Integers


class Volumes(NamedTuple):
    """Zone volumes, their chunks of edges, vertices (n, 2) and periods [since, until) (n, 2).

    The periods of one volume are in order and apart.
    """

    volumes: Records
    chunks: Records
    vertices: Floats
    periods: Floats


class Grid(NamedTuple):
    """Cells of degrees in levels of growing size; each volume stands in one level.

    Level l has rows x columns cells from (west, south); cell number k of it lists
    volume[start[first[l]+k]:start[first[l]+k+1]].
    """

    west: float
    south: float
    cell_deg: Floats
    columns: Integers
    rows: Integers
    first: Integers
    start: Integers
    volume: Integers


@compiled
def _at_least(a: float, b: float, limit: float) -> tuple[float, float]:
    """The part of [0, 1] where the even change from a to b is >= limit; (1, 0) for none."""
    if a >= limit and b >= limit:
        return 0.0, 1.0
    if a < limit and b < limit:
        return 1.0, 0.0
    t = (limit - a) / (b - a)
    return (t, 1.0) if b > a else (0.0, t)


@compiled
def _height_window(
    band: Floats, i: int, floor: float, floor_datum: int, ceiling: float, ceiling_datum: int
) -> tuple[float, float]:
    """The part of piece i whose band meets the limits; empty when from > to."""
    a, b = _at_least(band[i, floor_datum, 0], band[i, floor_datum, 1], floor)
    c, d = _at_least(-band[i, ceiling_datum, 2], -band[i, ceiling_datum, 3], -ceiling)
    return max(a, c), min(b, d)


@compiled
def _time_window(start: float, end: float, since: float, until: float) -> tuple[float, float, bool]:
    """The part of [start, end] inside [since, until), and whether `until` cuts it off."""
    if start >= until or end < since:
        return 1.0, 0.0, True
    if not (np.isfinite(start) and end > start):
        return 0.0, 1.0, False
    a = (since - start) / (end - start) if since > start else 0.0
    b = (until - start) / (end - start) if until <= end else 1.0
    return a, b, until <= end


@compiled
def _contains(chunks: Records, vertices: Floats, first: int, end: int, x: float, y: float) -> bool:
    """Whether (x, y) in degrees lies inside these rings: an odd number of edges to the east."""
    inside = False
    for c in range(first, end):
        k = chunks[c]
        if y < k.south or y > k.north or x > k.east:
            continue
        for j in range(k.first, k.last):
            ya, yb = vertices[j, 1], vertices[j + 1, 1]
            if (ya > y) != (yb > y):
                xa = vertices[j, 0]
                if x < xa + (y - ya) * (vertices[j + 1, 0] - xa) / (yb - ya):
                    inside = not inside
    return inside


@compiled
def _edge_within(u1: float, v1: float, u2: float, v2: float, length: float, r: float) -> bool:
    """Whether an edge comes within r of the stretch [0, length] of the u axis."""
    if (v1 > 0.0) != (v2 > 0.0):
        u = u1 - v1 * (u2 - u1) / (v2 - v1)
        if 0.0 <= u <= length:
            return True
    r2 = r * r
    c = min(max(u1, 0.0), length) - u1
    if c * c + v1 * v1 <= r2:
        return True
    c = min(max(u2, 0.0), length) - u2
    if c * c + v2 * v2 <= r2:
        return True
    eu, ev = u2 - u1, v2 - v1
    e2 = eu * eu + ev * ev
    if e2 == 0.0:
        return False
    for end in (0.0, length):
        t = min(max(((end - u1) * eu - v1 * ev) / e2, 0.0), 1.0)
        du, dv = u1 + t * eu - end, v1 + t * ev
        if du * du + dv * dv <= r2:
            return True
    return False


@compiled
def _within_reach(
    piece: Record, a: float, b: float, volume: Record, chunks: Records, vertices: Floats
) -> bool:
    """Whether the stretch [a, b] of a piece comes within its reach of the volume's footprint."""
    dx, dy = piece.x1 - piece.x0, piece.y1 - piece.y0
    xs, ys = piece.x0 + a * dx, piece.y0 + a * dy
    xe, ye = piece.x0 + b * dx, piece.y0 + b * dy
    kx, ky, r = piece.kx, piece.ky, piece.reach
    rx, ry = r / kx, r / ky
    west, east = min(xs, xe) - rx, max(xs, xe) + rx
    south, north = min(ys, ye) - ry, max(ys, ye) + ry
    if west > volume.east or east < volume.west:
        return False
    if south > volume.north or north < volume.south:
        return False
    ex, ey = (xe - xs) * kx, (ye - ys) * ky
    length = np.sqrt(ex * ex + ey * ey)
    ux, uy = (ex / length, ey / length) if length > 0.0 else (1.0, 0.0)
    for c in range(volume.chunk, volume.chunk_end):
        chunk = chunks[c]
        if west > chunk.east or east < chunk.west or south > chunk.north or north < chunk.south:
            continue
        j = chunk.first
        mx, my = (vertices[j, 0] - xs) * kx, (vertices[j, 1] - ys) * ky
        u1, v1 = mx * ux + my * uy, my * ux - mx * uy
        for k in range(j + 1, chunk.last + 1):
            mx, my = (vertices[k, 0] - xs) * kx, (vertices[k, 1] - ys) * ky
            u2, v2 = mx * ux + my * uy, my * ux - mx * uy
            far = min(v1, v2) > r or max(v1, v2) < -r
            far = far or min(u1, u2) > length + r or max(u1, u2) < -r
            if not far and _edge_within(u1, v1, u2, v2, length, r):
                return True
            u1, v1 = u2, v2
    return _contains(chunks, vertices, volume.chunk, volume.chunk_end, xs, ys)


@compiled
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
    a, b = _height_window(
        band, i, volume.floor, volume.floor_datum, volume.ceiling, volume.ceiling_datum
    )
    if a > b:
        return False
    for k in range(volume.period, volume.period_end):
        c, d, _ = _time_window(piece.starts, piece.ends, periods[k, 0], periods[k, 1])
        c, d = max(a, c), min(b, d)
        if c <= d and _within_reach(piece, c, d, volume, chunks, vertices):
            return True
    return False


@compiled
def _row_of(value: float, origin: float, per_degree: float, count: int) -> int:
    """The row or column of a coordinate, held inside the grid."""
    return int(min(max((value - origin) * per_degree, 0.0), count - 1.0))


@compiled
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
    f: Flights, z: Volumes, g: Grid, first_only: bool, out: Integers, at: Integers
) -> None:
    """Add meetings to `out` from candidate at[0] and row at[1] on, moving both.

    Stops at the first candidate whose meetings do not all fit.
    """
    # One body over plain arrays: members of tuples, arrays that grow, and arrays given to
    # functions that are not inlined are counted up and down at every step, which costs
    # several times what the step itself does.
    pieces, band, starts = f.pieces, f.band, f.start
    volumes, chunks, vertices, periods = z.volumes, z.chunks, z.vertices, z.periods
    west0, south0, cells, all_columns = g.west, g.south, g.cell_deg, g.columns
    all_rows, bases, listed, listed_volume = g.rows, g.first, g.start, g.volume
    seen = np.full(volumes.size, -1, np.int64)
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
                bottom = _row_of(south, south0, per_degree, rows)
                top = _row_of(north, south0, per_degree, rows)
                left = _row_of(west, west0, per_degree, columns)
                right = _row_of(east, west0, per_degree, columns)
                slanted = top > bottom and right > left + 1
                for row in range(bottom, top + 1):
                    if slanted:
                        low = south0 + row * cell
                        lo, hi = _columns_in_row(piece, low, low + cell)
                        left = _row_of(lo, west0, per_degree, columns)
                        right = _row_of(hi, west0, per_degree, columns)
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


@compiled
def meetings(f: Flights, z: Volumes, g: Grid, first_only: bool) -> tuple[Integers, Integers]:
    """Every (piece, volume) that meet in place, height and time, ordered by piece.

    With `first_only` one of each candidate that meets any: enough to accept or reject it.
    """
    out = np.empty((8 * f.start.size + 1024, 2), np.int64)
    at = np.zeros(2, np.int64)
    while True:
        _fill_meetings(f, z, g, first_only, out, at)
        if at[0] >= f.start.size - 1:
            return out[: at[1], 0].copy(), out[: at[1], 1].copy()
        out = np.concatenate((out, np.empty((2 * out.shape[0], 2), np.int64)))


@compiled
def _reach_of_edge(u1: float, v1: float, u2: float, v2: float, r: float) -> tuple[float, float]:
    """The stretch of the u axis within r of an edge; (inf, -inf) for none."""
    lo, hi = np.inf, -np.inf
    if abs(v1) <= r:
        h = np.sqrt(r * r - v1 * v1)
        lo, hi = u1 - h, u1 + h
    if abs(v2) <= r:
        h = np.sqrt(r * r - v2 * v2)
        lo, hi = min(lo, u2 - h), max(hi, u2 + h)
    eu, ev = u2 - u1, v2 - v1
    length = np.sqrt(eu * eu + ev * ev)
    if length == 0.0:
        return lo, hi
    eu, ev = eu / length, ev / length
    # Beside the edge: at most r across it, and between its two ends along it.
    a, b = -np.inf, np.inf
    if abs(ev) > 1e-12:
        c, d = u1 - (eu * v1 + r) / ev, u1 - (eu * v1 - r) / ev
        a, b = min(c, d), max(c, d)
    elif abs(eu * v1) > r:
        return lo, hi
    if abs(eu) > 1e-12:
        c, d = u1 + v1 * ev / eu, u1 + (length + v1 * ev) / eu
        a, b = max(a, min(c, d)), min(b, max(c, d))
    elif not 0.0 <= -v1 * ev <= length:
        return lo, hi
    if a <= b:
        lo, hi = min(lo, a), max(hi, b)
    return lo, hi


@compiled
def _joined(out: Floats, m: int, lo: float, hi: float) -> int:
    """Append (lo, hi) to the first m rows of `out`, joined to the last where they touch."""
    if m > 0 and lo <= out[m - 1, 1]:
        out[m - 1, 1] = max(out[m - 1, 1], hi)
        return m
    out[m, 0], out[m, 1] = lo, hi
    return m + 1


@compiled
def _merged(rows: Floats, n: int, lo: float, hi: float) -> int:
    """Add (lo, hi) to n rows that are in order and apart, joining those it touches."""
    k = 0
    while k < n and rows[k, 1] < lo:
        k += 1
    j = k
    while j < n and rows[j, 0] <= hi:
        lo, hi = min(lo, rows[j, 0]), max(hi, rows[j, 1])
        j += 1
    if j == k:
        for m in range(n, k, -1):
            rows[m, 0], rows[m, 1] = rows[m - 1, 0], rows[m - 1, 1]
    else:
        for m in range(j, n):
            rows[m - j + k + 1, 0], rows[m - j + k + 1, 1] = rows[m, 0], rows[m, 1]
    rows[k, 0], rows[k, 1] = lo, hi
    return n + 1 - (j - k)


@compiled
def _near(
    piece: Record, volume: Record, chunks: Records, vertices: Floats, rows: Floats, out: Floats
) -> int:
    """Fill `out` with (from, to) in [0, 1], in order: where the piece is within reach.

    Returns how many; `rows` is room to work in, both with two rows per edge and two more.
    """
    kx, ky, r = piece.kx, piece.ky, piece.reach
    ex, ey = (piece.x1 - piece.x0) * kx, (piece.y1 - piece.y0) * ky
    length = np.sqrt(ex * ex + ey * ey)
    if length < 1e-6:
        out[0, 0], out[0, 1] = 0.0, 1.0
        return 1 if _within_reach(piece, 0.0, 1.0, volume, chunks, vertices) else 0
    ux, uy = ex / length, ey / length
    n = 0
    for c in range(volume.chunk, volume.chunk_end):
        chunk = chunks[c]
        if piece.west > chunk.east or piece.east < chunk.west:
            continue
        if piece.south > chunk.north or piece.north < chunk.south:
            continue
        j = chunk.first
        mx, my = (vertices[j, 0] - piece.x0) * kx, (vertices[j, 1] - piece.y0) * ky
        u1, v1 = mx * ux + my * uy, my * ux - mx * uy
        for k in range(j + 1, chunk.last + 1):
            mx, my = (vertices[k, 0] - piece.x0) * kx, (vertices[k, 1] - piece.y0) * ky
            u2, v2 = mx * ux + my * uy, my * ux - mx * uy
            lo, hi = np.inf, -np.inf
            if min(v1, v2) <= r and max(v1, v2) >= -r:
                lo, hi = _reach_of_edge(u1, v1, u2, v2, r)
            u1, v1 = u2, v2
            lo, hi = max(lo / length, 0.0), min(hi / length, 1.0)
            if lo > hi:
                continue
            n = _merged(rows, n, lo, hi)
    # Between two stretches no edge is near: such a gap is wholly inside or wholly outside.
    m, reached = 0, 0.0
    for k in range(n + 1):
        lo, hi = (rows[k, 0], rows[k, 1]) if k < n else (1.0, 1.0)
        if lo > reached:
            t = 0.5 * (reached + lo)
            x, y = piece.x0 + t * (piece.x1 - piece.x0), piece.y0 + t * (piece.y1 - piece.y0)
            if _contains(chunks, vertices, volume.chunk, volume.chunk_end, x, y):
                m = _joined(out, m, reached, lo)
        if k < n:
            m = _joined(out, m, lo, hi)
        reached = max(reached, hi)
    return m


@compiled
def _fill_stretches(
    f: Flights,
    z: Volumes,
    along_m: Floats,
    piece: Integers,
    volume: Integers,
    gap_m: float,
    last: Integers,
    owner: Integers,
    which: Integers,
    ends: Floats,
    at: Integers,
) -> None:
    """Add the stretches of meetings from at[0] on, from row at[1] on, moving both.

    Stops at the first meeting whose stretches do not fit. `last` is the last row of each
    volume or -1.
    """
    pieces, band, starts = f.pieces, f.band, f.start
    volumes, chunks, vertices, periods = z.volumes, z.chunks, z.vertices, z.periods
    most = 0
    for w in volume:
        v = volumes[w]
        most = max(most, chunks[v.chunk_end - 1].last - chunks[v.chunk].first)
    rows, near = np.empty((2 * most + 2, 2)), np.empty((2 * most + 2, 2))
    mine, n = 0, at[1]
    for m in range(at[0], piece.size):
        i, w = piece[m], volume[m]
        while starts[mine + 1] <= i:
            mine += 1
        p, v = pieces[i], volumes[w]
        begin, span = along_m[i, 0], along_m[i, 1] - along_m[i, 0]
        a, b = _height_window(band, i, v.floor, v.floor_datum, v.ceiling, v.ceiling_datum)
        count = _near(p, v, chunks, vertices, rows, near)
        if n + count * (v.period_end - v.period) > owner.size:
            return
        for k in range(v.period, v.period_end):
            c, d, cut = _time_window(p.starts, p.ends, periods[k, 0], periods[k, 1])
            for row in range(count):
                start, end = max(a, c, near[row, 0]), min(b, d, near[row, 1])
                if start > end or (cut and start >= d):
                    continue
                start, end = begin + start * span, begin + end * span
                before = last[w]
                if before >= 0 and owner[before] == mine and start <= ends[before, 1] + gap_m:
                    ends[before, 1] = max(ends[before, 1], end)
                    continue
                owner[n], which[n], ends[n, 0], ends[n, 1] = mine, w, start, end
                last[w] = n
                n += 1
        at[0], at[1] = m + 1, n


@compiled
def stretches(
    f: Flights, z: Volumes, along_m: Floats, piece: Integers, volume: Integers, gap_m: float
) -> tuple[Integers, Integers, Floats, Floats]:
    """The exact parts of the lines that meet a volume, joined where they touch across pieces.

    The meetings come ordered by piece. Returns (candidate, volume, from, to) in metres
    along the line, ordered by candidate and, for one volume, by from. A touch of a single
    point counts; one at the very moment when the period ends does not.
    """
    last = np.full(z.volumes.size, -1, np.int64)
    room = piece.size + 256
    owner, which, ends = np.empty(room, np.int64), np.empty(room, np.int64), np.empty((room, 2))
    at = np.zeros(2, np.int64)
    while True:
        _fill_stretches(f, z, along_m, piece, volume, gap_m, last, owner, which, ends, at)
        if at[0] == piece.size:
            n = at[1]
            return owner[:n].copy(), which[:n].copy(), ends[:n, 0].copy(), ends[:n, 1].copy()
        owner = np.concatenate((owner, np.empty(room, np.int64)))
        which = np.concatenate((which, np.empty(room, np.int64)))
        ends = np.concatenate((ends, np.empty((room, 2))))
        room *= 2


@compiled
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
            a, b = _at_least(x0, x1, west)
            c1, d1 = _at_least(-x0, -x1, -east)
            a, b = max(a, c1), min(b, d1)
            c1, d1 = _at_least(y0, y1, south)
            a, b = max(a, c1), min(b, d1)
            c1, d1 = _at_least(-y0, -y1, -north)
            if max(a, c1) <= min(b, d1):
                return True
    x, y = 0.5 * (west + east), 0.5 * (south + north)
    return _contains(chunks, vertices, volume.chunk, volume.chunk_end, x, y)


@compiled
def cells_of(z: Volumes, g: Grid, level: Integers) -> tuple[Integers, Integers]:
    """Every (cell, volume) that touch, each volume in its own level; the grid's raw list."""
    volumes, chunks, vertices = z.volumes, z.chunks, z.vertices
    cells = np.empty(4096, np.int64)
    owner = np.empty(4096, np.int64)
    # A hair wider than the cell, so that rounding cannot lose a touch.
    hair = 1e-9
    n = 0
    for v in range(level.size):
        volume, at = volumes[v], level[v]
        size, columns, rows = g.cell_deg[at], g.columns[at], g.rows[at]
        per_degree = 1.0 / size
        left = _row_of(volume.west, g.west, per_degree, columns)
        right = _row_of(volume.east, g.west, per_degree, columns)
        top = _row_of(volume.north, g.south, per_degree, rows)
        for row in range(_row_of(volume.south, g.south, per_degree, rows), top + 1):
            for column in range(left, right + 1):
                x, y = g.west + column * size - hair, g.south + row * size - hair
                far = size + 2.0 * hair
                if not _box_meets(volume, chunks, vertices, x, y, x + far, y + far):
                    continue
                if n == cells.size:
                    cells = np.append(cells, np.empty(n, np.int64))
                    owner = np.append(owner, np.empty(n, np.int64))
                cells[n], owner[n] = g.first[at] + row * columns + column, v
                n += 1
    return cells[:n].copy(), owner[:n].copy()


@compiled
def joined(
    owner: Integers, volume: Integers, from_m: Floats, to_m: Floats, gap_m: float
) -> tuple[Integers, Floats, Floats]:
    """Join the stretches of one owner and volume that touch; rows are sorted by both and from_m.

    Returns the row that each joined stretch began with, and its ends.
    """
    first = np.empty(owner.size, np.int64)
    lo = np.empty(owner.size)
    hi = np.empty(owner.size)
    n = 0
    for k in range(owner.size):
        if n > 0:
            same = owner[k] == owner[first[n - 1]] and volume[k] == volume[first[n - 1]]
            if same and from_m[k] <= hi[n - 1] + gap_m:
                hi[n - 1] = max(hi[n - 1], to_m[k])
                continue
        first[n], lo[n], hi[n] = k, from_m[k], to_m[k]
        n += 1
    return first[:n].copy(), lo[:n].copy(), hi[:n].copy()


@compiled
def _closest_of_edge(
    u1: float, v1: float, u2: float, v2: float, length: float
) -> tuple[float, float, float, float]:
    """(distance, u on the axis stretch [0, length], u and v on the edge) where they are closest."""
    if (v1 > 0.0) != (v2 > 0.0):
        u = u1 - v1 * (u2 - u1) / (v2 - v1)
        if 0.0 <= u <= length:
            return 0.0, u, u, 0.0
    best, bu, eu, ev = np.inf, 0.0, 0.0, 0.0
    for u, v in ((u1, v1), (u2, v2)):
        on = min(max(u, 0.0), length)
        d = np.hypot(u - on, v)
        if d < best:
            best, bu, eu, ev = d, on, u, v
    du, dv = u2 - u1, v2 - v1
    e2 = du * du + dv * dv
    if e2 > 0.0:
        for on in (0.0, length):
            t = min(max(((on - u1) * du - v1 * dv) / e2, 0.0), 1.0)
            d = np.hypot(u1 + t * du - on, v1 + t * dv)
            if d < best:
                best, bu, eu, ev = d, on, u1 + t * du, v1 + t * dv
    return best, bu, eu, ev


@compiled
def closest(f: Flights, z: Volumes, piece: Integers, volume: Integers) -> tuple[Floats, Floats]:
    """Where each piece, while at the height and time of its volume, is closest to its footprint.

    Returns metres (0.0 inside) and rows (lon, lat of the line, lon, lat of the
    zone). Metres are those of the middle of the piece: measure again on the Earth
    between the two places when they are far apart.
    """
    pieces, band = f.pieces, f.band
    volumes, chunks, vertices, periods = z.volumes, z.chunks, z.vertices, z.periods
    metres = np.full(piece.size, np.inf)
    places = np.zeros((piece.size, 4))
    for m in range(piece.size):
        i = piece[m]
        p, v = pieces[i], volumes[volume[m]]
        a, b = _height_window(band, i, v.floor, v.floor_datum, v.ceiling, v.ceiling_datum)
        for k in range(v.period, v.period_end):
            c, d, _ = _time_window(p.starts, p.ends, periods[k, 0], periods[k, 1])
            c, d = max(a, c), min(b, d)
            if c > d:
                continue
            xs, ys = p.x0 + c * (p.x1 - p.x0), p.y0 + c * (p.y1 - p.y0)
            ex, ey = (d - c) * (p.x1 - p.x0) * p.kx, (d - c) * (p.y1 - p.y0) * p.ky
            length = np.sqrt(ex * ex + ey * ey)
            ux, uy = (ex / length, ey / length) if length > 0.0 else (1.0, 0.0)
            if _contains(chunks, vertices, v.chunk, v.chunk_end, xs, ys):
                metres[m] = 0.0
                places[m, 0], places[m, 1], places[m, 2], places[m, 3] = xs, ys, xs, ys
                continue
            for n in range(v.chunk, v.chunk_end):
                for j in range(chunks[n].first, chunks[n].last):
                    mx, my = (vertices[j, 0] - xs) * p.kx, (vertices[j, 1] - ys) * p.ky
                    nx, ny = (vertices[j + 1, 0] - xs) * p.kx, (vertices[j + 1, 1] - ys) * p.ky
                    far, on, eu, ev = _closest_of_edge(
                        mx * ux + my * uy,
                        my * ux - mx * uy,
                        nx * ux + ny * uy,
                        ny * ux - nx * uy,
                        length,
                    )
                    if far < metres[m]:
                        metres[m] = far
                        places[m, 0] = xs + on * ux / p.kx
                        places[m, 1] = ys + on * uy / p.ky
                        places[m, 2] = xs + (eu * ux - ev * uy) / p.kx
                        places[m, 3] = ys + (eu * uy + ev * ux) / p.ky
    return metres, places


@compiled
def running(value: Floats, owner: Integers) -> Floats:
    """The sum of what comes before each row, from nothing with each owner.

    Added up in order, so that a line is laid out to the same bits in every batch.
    """
    before = np.zeros(value.size)
    for k in range(1, value.size):
        if owner[k] == owner[k - 1]:
            before[k] = before[k - 1] + value[k - 1]
    return before
