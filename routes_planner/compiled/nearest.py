"""Where a piece, while at a volume's height and time, is closest to its footprint."""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import compiled, inner
from routes_planner.compiled.reach import contains
from routes_planner.compiled.tables import Flights, Floats, Integers, Volumes
from routes_planner.compiled.windows import height_window, time_window


@inner
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
def _fill_closest(
    f: Flights, z: Volumes, piece: Integers, volume: Integers, metres: Floats, places: Floats
) -> None:
    """Fill `metres`, all infinite before, and `places` as `closest` returns them."""
    pieces, band = f.pieces, f.band
    volumes, chunks, vertices, periods = z.volumes, z.chunks, z.vertices, z.periods
    for m in range(piece.size):
        i = piece[m]
        p, v = pieces[i], volumes[volume[m]]
        a, b = height_window(band, i, v.floor, v.floor_datum, v.ceiling, v.ceiling_datum)
        for k in range(v.period, v.period_end):
            c, d, _ = time_window(p.starts, p.ends, periods[k, 0], periods[k, 1])
            c, d = max(a, c), min(b, d)
            if c > d:
                continue
            xs, ys = p.x0 + c * (p.x1 - p.x0), p.y0 + c * (p.y1 - p.y0)
            ex, ey = (d - c) * (p.x1 - p.x0) * p.kx, (d - c) * (p.y1 - p.y0) * p.ky
            length = np.sqrt(ex * ex + ey * ey)
            ux, uy = (ex / length, ey / length) if length > 0.0 else (1.0, 0.0)
            if contains(chunks, vertices, v.chunk, v.chunk_end, xs, ys):
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


def closest(f: Flights, z: Volumes, piece: Integers, volume: Integers) -> tuple[Floats, Floats]:
    """Where each piece, while at the height and time of its volume, is closest to its footprint.

    Returns metres (0.0 inside) and rows (lon, lat of the line, lon, lat of the
    zone). Metres are those of the middle of the piece: measure again on the Earth
    between the two places when they are far apart.
    """
    metres, places = np.full(piece.size, np.inf), np.zeros((piece.size, 4))
    _fill_closest(f, z, piece, volume, metres, places)
    return metres, places
