"""Whether a stretch of a piece comes within reach of a footprint, holes honoured."""

from __future__ import annotations

import numpy as np

from routes_planner.compiled.cache import inner
from routes_planner.compiled.tables import Floats, Record, Records


@inner
def contains(chunks: Records, vertices: Floats, first: int, end: int, x: float, y: float) -> bool:
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


@inner
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


@inner
def within_reach(
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
    return contains(chunks, vertices, volume.chunk, volume.chunk_end, xs, ys)
