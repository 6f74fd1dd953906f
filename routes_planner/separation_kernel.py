"""Two flown lines and the places where they come close: the compiled part of separation.

On a pair of straight pieces, everything that must hold at once (the moments no
further apart than allowed, the bands too) is linear in the places s and t on them,
so that what is allowed is a convex polygon; their distance is convex as well.
Its least value, and the stretch on which it is within reach, follow by halving.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from routes_planner.kernel import Floats, Integers, Record, Records

compiled = njit(cache=True, nogil=True, error_model="numpy")

_HALVINGS = 48


@compiled
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


@compiled
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


@compiled
def _apart(w: Floats, polygon: Floats, n: int, s: float) -> float:
    """Least metres between s on the first piece and what is allowed on the second.

    w: the first piece's start and vector in metres, then the second's.
    """
    lo, hi = _slice(polygon, n, s)
    x, y = w[0] + s * w[2] - w[4], w[1] + s * w[3] - w[5]
    length2 = w[6] * w[6] + w[7] * w[7]
    t = min(max((x * w[6] + y * w[7]) / length2, lo), hi) if length2 > 0.0 else lo
    return float(np.hypot(x - t * w[6], y - t * w[7]))


@compiled
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
    n = 4
    if np.isfinite(p.starts) and np.isfinite(q.starts):
        lead, dp, dq = p.starts - q.starts, p.ends - p.starts, q.ends - q.starts
        n = _clipped(polygon, n, lead - late_s, dp, -dq, spare)
        n = _clipped(spare, n, -lead - late_s, -dp, dq, polygon)
    if np.isfinite(top).all() and np.isfinite(bottom).all():
        over = bottom[0, 0] - top[1, 0] - apart_m
        n = _clipped(polygon, n, over, bottom[0, 1] - bottom[0, 0], top[1, 0] - top[1, 1], spare)
        under = bottom[1, 0] - top[0, 0] - apart_m
        n = _clipped(spare, n, under, top[0, 0] - top[0, 1], bottom[1, 1] - bottom[1, 0], polygon)
    return n


@compiled
def close_pieces(
    first: Records,
    first_band: Floats,
    second: Records,
    second_band: Floats,
    late_s: float,
    apart_m: float,
    between_m: float,
) -> tuple[Integers, Integers, Floats]:
    """Every pair of pieces that come closer than allowed.

    Bands are (pieces, 4) as in `Flights.band`, of one datum. `between_m` is added
    to both reaches. Rows (from, to, metres): the stretch in [0, 1] of the first piece,
    and the least distance between the lines on it.
    """
    which, other = np.empty(256, np.int64), np.empty(256, np.int64)
    rows = np.empty((256, 3))
    polygon, spare, w = np.empty((16, 2)), np.empty((16, 2)), np.empty(8)
    top, bottom = np.empty((2, 2)), np.empty((2, 2))
    n = 0
    for i in range(first.size):
        p = first[i]
        wide = between_m / p.kx, between_m / p.ky
        for j in range(second.size):
            q = second[j]
            if p.west - wide[0] > q.east or q.west > p.east + wide[0]:
                continue
            if p.south - wide[1] > q.north or q.south > p.north + wide[1]:
                continue
            if p.starts - late_s > q.ends or q.starts - late_s > p.ends:
                continue
            for end in range(2):
                top[0, end], bottom[0, end] = first_band[i, end], first_band[i, end + 2]
                top[1, end], bottom[1, end] = second_band[j, end], second_band[j, end + 2]
            corners = _polygon(p, q, top, bottom, late_s, apart_m, polygon, spare)
            if corners == 0:
                continue
            w[0], w[1] = 0.0, 0.0
            w[2], w[3] = (p.x1 - p.x0) * p.kx, (p.y1 - p.y0) * p.ky
            w[4], w[5] = (q.x0 - p.x0) * p.kx, (q.y0 - p.y0) * p.ky
            w[6], w[7] = (q.x1 - q.x0) * p.kx, (q.y1 - q.y0) * p.ky
            lo, hi = polygon[:corners, 0].min(), polygon[:corners, 0].max()
            a, b = lo, hi
            for _ in range(_HALVINGS * 2):
                c, d = a + (b - a) / 3.0, b - (b - a) / 3.0
                if _apart(w, polygon, corners, c) < _apart(w, polygon, corners, d):
                    b = d
                else:
                    a = c
            best = 0.5 * (a + b)
            for edge in (lo, hi):
                if _apart(w, polygon, corners, edge) < _apart(w, polygon, corners, best):
                    best = edge
            least = _apart(w, polygon, corners, best)
            reach = p.reach + q.reach + between_m
            if least > reach:
                continue
            if n == which.size:
                which = np.append(which, np.empty(n, np.int64))
                other = np.append(other, np.empty(n, np.int64))
                rows = np.concatenate((rows, np.empty((n, 3))))
            which[n], other[n] = i, j
            rows[n, 0] = _last_within(w, polygon, corners, best, lo, reach)
            rows[n, 1] = _last_within(w, polygon, corners, best, hi, reach)
            rows[n, 2] = least
            n += 1
    return which[:n].copy(), other[:n].copy(), rows[:n].copy()


@compiled
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
