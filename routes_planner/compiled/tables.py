"""What the compiled part of the planner works on: pieces, volumes and their index, as tables.

Everything stays in longitude and latitude. A zone's edge is then exactly what
its source says (a straight line in those coordinates, RFC 7946), and each piece
of a flown line, at most a kilometre long, carries the metres per degree at its
own middle, so that distances are right to 0.01 % wherever on the Earth it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.uint8]
Records: TypeAlias = NDArray[np.void]
Record: TypeAlias = Any  # one row of Records, as numba sees it

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
