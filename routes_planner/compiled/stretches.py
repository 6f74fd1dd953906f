"""The exact stretches of flown lines that meet a volume."""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import compiled, inner
from routes_planner.compiled.reach import contains, within_reach
from routes_planner.compiled.tables import Flights, Floats, Integers, Record, Records, Volumes
from routes_planner.compiled.windows import height_window, time_window


@inner
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


@inner
def _joined(out: Floats, m: int, lo: float, hi: float) -> int:
    """Append (lo, hi) to the first m rows of `out`, joined to the last where they touch."""
    if m > 0 and lo <= out[m - 1, 1]:
        out[m - 1, 1] = max(out[m - 1, 1], hi)
        return m
    out[m, 0], out[m, 1] = lo, hi
    return m + 1


@inner
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


@inner
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
        return 1 if within_reach(piece, 0.0, 1.0, volume, chunks, vertices) else 0
    ux, uy = ex / length, ey / length
    n = int(np.int64(0))  # typed: a literal would have `_merged` compiled twice
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
    m, reached = int(np.int64(0)), 0.0
    for k in range(n + 1):
        lo, hi = (rows[k, 0], rows[k, 1]) if k < n else (1.0, 1.0)
        if lo > reached:
            t = 0.5 * (reached + lo)
            x, y = piece.x0 + t * (piece.x1 - piece.x0), piece.y0 + t * (piece.y1 - piece.y0)
            if contains(chunks, vertices, volume.chunk, volume.chunk_end, x, y):
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
    rows: Floats,
    near: Floats,
    owner: Integers,
    which: Integers,
    ends: Floats,
    at: Integers,
) -> None:
    """Add the stretches of meetings from at[0] on, from row at[1] on, moving both.

    Stops at the first meeting whose stretches do not fit. `last` is the last row of each
    volume or -1; `rows` and `near` are room to work in, as `_near` wants it.
    """
    pieces, band, starts = f.pieces, f.band, f.start
    volumes, chunks, vertices, periods = z.volumes, z.chunks, z.vertices, z.periods
    mine, n = 0, at[1]
    for m in range(at[0], piece.size):
        i, w = piece[m], volume[m]
        while starts[mine + 1] <= i:
            mine += 1
        p, v = pieces[i], volumes[w]
        begin, span = along_m[i, 0], along_m[i, 1] - along_m[i, 0]
        a, b = height_window(band, i, v.floor, v.floor_datum, v.ceiling, v.ceiling_datum)
        count = _near(p, v, chunks, vertices, rows, near)
        if n + count * (v.period_end - v.period) > owner.size:
            return
        for k in range(v.period, v.period_end):
            c, d, cut = time_window(p.starts, p.ends, periods[k, 0], periods[k, 1])
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


def stretches(
    f: Flights, z: Volumes, along_m: Floats, piece: Integers, volume: Integers, gap_m: float
) -> tuple[Integers, Integers, Floats, Floats]:
    """The exact parts of the lines that meet a volume, joined where they touch across pieces.

    The meetings come ordered by piece. Returns (candidate, volume, from, to) in metres
    along the line, ordered by candidate and, for one volume, by from. A touch of a single
    point counts; one at the very moment when the period ends does not.
    """
    last = np.full(z.volumes.size, -1, np.int64)
    met = z.volumes[volume]
    edges = z.chunks["last"][met["chunk_end"] - 1] - z.chunks["first"][met["chunk"]]
    room = 2 * int(edges.max(initial=0)) + 2
    rows, near = np.empty((room, 2)), np.empty((room, 2))
    owner, which = np.empty((2, piece.size + 256), np.int64)
    ends = np.empty((owner.size, 2))
    at = np.zeros(2, np.int64)
    while True:
        _fill_stretches(
            f, z, along_m, piece, volume, gap_m, last, rows, near, owner, which, ends, at
        )
        if at[0] == piece.size:
            n = at[1]
            return owner[:n].copy(), which[:n].copy(), ends[:n, 0].copy(), ends[:n, 1].copy()
        more = owner.size
        owner, which = (np.concatenate((each, np.empty(more, np.int64))) for each in (owner, which))
        ends = np.concatenate((ends, np.empty((more, 2))))
