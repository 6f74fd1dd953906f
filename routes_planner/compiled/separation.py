"""Two flown lines and the places where they come close.

On a pair of straight pieces, everything that must hold at once (the moments no
further apart than allowed, the bands too) is linear in the places s and t on them,
so that what is allowed is a convex polygon; their distance is convex as well.
Its least value, and the stretch on which it is within reach, follow by halving.
"""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import compiled, inner
from routes_planner.compiled.tables import Floats, Integers, Record, Records

_HALVINGS = 48


@inner
def _clipped(polygon: Floats, n: int, a: float, b: float, c: float, out: Floats) -> int:
    """Cut a convex polygon of n corners (s, t) to a + b s + c t <= 0; corners go to `out`."""
    m = 0
    for k in range(n):
        s0, t0 = polygon[k, 0], polygon[k, 1]
        s1, t1 = polygon[(k + 1) % n, 0], polygon[(k + 1) % n, 1]
        f0, f1 = a + b * s0 + c * t0, a + b * s1 + c * t1
        if f0 <= 0.0:
            out[m, 0], out[m, 1] = s0, t0
            m += 1
        if (f0 < 0.0 < f1) or (f1 < 0.0 < f0):
            u = f0 / (f0 - f1)
            out[m, 0], out[m, 1] = s0 + u * (s1 - s0), t0 + u * (t1 - t0)
            m += 1
    return m


@inner
def _slice(polygon: Floats, n: int, s: float) -> tuple[float, float]:
    """Lowest and highest t of a convex polygon at s."""
    lo, hi = np.inf, -np.inf
    for k in range(n):
        s0, t0 = polygon[k, 0], polygon[k, 1]
        s1, t1 = polygon[(k + 1) % n, 0], polygon[(k + 1) % n, 1]
        if min(s0, s1) <= s <= max(s0, s1):
            if s1 == s0:
                lo, hi = min(lo, t0, t1), max(hi, t0, t1)
            else:
                t = t0 + (s - s0) / (s1 - s0) * (t1 - t0)
                lo, hi = min(lo, t), max(hi, t)
    return lo, hi


@inner
def _apart(w: Floats, polygon: Floats, n: int, s: float) -> float:
    """Least metres between s on the first piece and what is allowed on the second.

    w: the first piece's start and vector in metres, then the second's.
    """
    lo, hi = _slice(polygon, n, s)
    x, y = w[0] + s * w[2] - w[4], w[1] + s * w[3] - w[5]
    length2 = w[6] * w[6] + w[7] * w[7]
    t = min(max((x * w[6] + y * w[7]) / length2, lo), hi) if length2 > 0.0 else lo
    return float(np.hypot(x - t * w[6], y - t * w[7]))


@inner
def _finite(values: Floats) -> bool:
    """Whether all four numbers of a 2 x 2 table are finite."""
    return bool(np.isfinite(values[0, 0] + values[0, 1] + values[1, 0] + values[1, 1]))


@inner
def _polygon(
    p: Record,
    q: Record,
    top: Floats,
    bottom: Floats,
    late_s: float,
    apart_m: float,
    polygon: Floats,
    spare: Floats,
) -> int:
    """Corners of what is allowed on two pieces; `top` and `bottom` at both ends of both."""
    # Number by number: a row set from a tuple takes the compiler ten times as long.
    polygon[0, 0], polygon[0, 1], polygon[1, 0], polygon[1, 1] = 0.0, 0.0, 1.0, 0.0
    polygon[2, 0], polygon[2, 1], polygon[3, 0], polygon[3, 1] = 1.0, 1.0, 0.0, 1.0
    n = int(np.int64(4))  # typed: a literal would have `_clipped` compiled twice
    if np.isfinite(p.starts) and np.isfinite(q.starts):
        lead, dp, dq = p.starts - q.starts, p.ends - p.starts, q.ends - q.starts
        n = _clipped(polygon, n, lead - late_s, dp, -dq, spare)
        n = _clipped(spare, n, -lead - late_s, -dp, dq, polygon)
    if _finite(top) and _finite(bottom):
        over = bottom[0, 0] - top[1, 0] - apart_m
        n = _clipped(polygon, n, over, bottom[0, 1] - bottom[0, 0], top[1, 0] - top[1, 1], spare)
        under = bottom[1, 0] - top[0, 0] - apart_m
        n = _clipped(spare, n, under, top[0, 0] - top[0, 1], bottom[1, 1] - bottom[1, 0], polygon)
    return n


@inner
def _last_within(
    w: Floats, polygon: Floats, n: int, inside: float, outside: float, reach: float
) -> float:
    """From a place within reach towards an end, the last that is within reach too."""
    if _apart(w, polygon, n, outside) <= reach:
        return outside
    for _ in range(_HALVINGS):
        middle = 0.5 * (inside + outside)
        if _apart(w, polygon, n, middle) <= reach:
            inside = middle
        else:
            outside = middle
    return inside


@inner
def _closest(w: Floats, polygon: Floats, n: int, ends: Floats) -> float:
    """The s at which the lines are closest; `ends` is filled with the span of the polygon in s."""
    lo, hi = polygon[0, 0], polygon[0, 0]
    for k in range(1, n):
        lo, hi = min(lo, polygon[k, 0]), max(hi, polygon[k, 0])
    ends[0], ends[1] = lo, hi
    a, b = lo, hi
    for _ in range(_HALVINGS * 2):
        c, d = a + (b - a) / 3.0, b - (b - a) / 3.0
        if _apart(w, polygon, n, c) < _apart(w, polygon, n, d):
            b = d
        else:
            a = c
    best: float = 0.5 * (a + b)
    for edge in (lo, hi):
        if _apart(w, polygon, n, edge) < _apart(w, polygon, n, best):
            best = edge
    return best


@compiled
def _fill_close_pieces(
    first: Records,
    first_band: Floats,
    second: Records,
    second_band: Floats,
    apart: Floats,
    which: Integers,
    rows: Floats,
    at: Integers,
) -> None:
    """Add what `close_pieces` returns from piece at[0] of the first and row at[1] on, moving both.

    `apart`: seconds, metres up, metres across. Stops at the first piece whose rows do not all fit.
    """
    late_s, between_m = apart[0], apart[2]
    polygon, spare, w, ends = np.empty((16, 2)), np.empty((16, 2)), np.empty(8), np.empty(2)
    top, bottom = np.empty((2, 2)), np.empty((2, 2))
    n = at[1]
    for i in range(at[0], first.size):
        p = first[i]
        wide, high = between_m / p.kx, between_m / p.ky
        for j in range(second.size):
            q = second[j]
            if p.west - wide > q.east or q.west > p.east + wide:
                continue
            if p.south - high > q.north or q.south > p.north + high:
                continue
            if p.starts - late_s > q.ends or q.starts - late_s > p.ends:
                continue
            for end in range(2):
                top[0, end], bottom[0, end] = first_band[i, end], first_band[i, end + 2]
                top[1, end], bottom[1, end] = second_band[j, end], second_band[j, end + 2]
            corners = _polygon(p, q, top, bottom, late_s, apart[1], polygon, spare)
            if corners == 0:
                continue
            w[0], w[1] = 0.0, 0.0
            w[2], w[3] = (p.x1 - p.x0) * p.kx, (p.y1 - p.y0) * p.ky
            w[4], w[5] = (q.x0 - p.x0) * p.kx, (q.y0 - p.y0) * p.ky
            w[6], w[7] = (q.x1 - q.x0) * p.kx, (q.y1 - q.y0) * p.ky
            best = _closest(w, polygon, corners, ends)
            least = _apart(w, polygon, corners, best)
            reach = p.reach + q.reach + between_m
            if least > reach:
                continue
            if n == which.size:
                return
            which[n], rows[n, 2] = i, least
            for end in range(2):
                rows[n, end] = _last_within(w, polygon, corners, best, ends[end], reach)
            n += 1
        at[0], at[1] = i + 1, n


def close_pieces(
    first: Records,
    first_band: Floats,
    second: Records,
    second_band: Floats,
    *,
    late_s: float,
    apart_m: float,
    between_m: float,
) -> tuple[Integers, Floats]:
    """Every stretch of a first piece that a second piece comes closer to than allowed.

    Bands are (pieces, 4) as in `Flights.band`, of one datum. `between_m` is added
    to both reaches. The first piece of each, and rows (from, to, metres): the stretch
    in [0, 1] of it, and the least distance between the lines on it.
    """
    room = first.size + second.size + 256
    which, rows = np.empty(room, np.int64), np.empty((room, 3))
    at, apart = np.zeros(2, np.int64), np.array([late_s, apart_m, between_m])
    while True:
        _fill_close_pieces(first, first_band, second, second_band, apart, which, rows, at)
        if at[0] == first.size:
            return which[: at[1]], rows[: at[1]]
        which = np.concatenate((which, np.empty(room, np.int64)))
        rows = np.concatenate((rows, np.empty((room, 3))))
        room *= 2
