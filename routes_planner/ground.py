"""Bands that need the ground: a height above it met by one above the sea.

Where a corridor's heights and a zone's limits are measured from different
surfaces, the answer depends on the ground at each place, not along the line
only: the whole width is looked at, as small squares that cover the disc which
the corridor covers at each moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from routes_planner.compiled.squares import Limits, meet
from routes_planner.compiled.tables import Floats
from routes_planner.flown import Flown, metres_per_degree
from routes_planner.squares import Squares
from routes_planner.surroundings import COLUMN, Geoid, Surroundings
from routes_planner.verdict import HeightOverlap
from soramichi.domain.altitude import Datum
from soramichi.domain.geozone import ZoneVolume
from soramichi.domain.terrain import Terrain

# The finest national elevation grid has 5 m posts, the common one 10 m: none is stepped over.
FINEST_STEP_M = 5.0
COARSEST_STEP_M = 10.0
# Of a diagonal line longer than this most squares of the lattice would lie beside it.
_AT_ONCE_M = 1_000.0


@dataclass(frozen=True, slots=True)
class BandMeeting:
    """A stretch on which the bands meet (`height` in AMSL) or may meet (`height` None)."""

    from_m: float
    to_m: float
    height: HeightOverlap | None


@dataclass(frozen=True, slots=True)
class Steps:
    """Short steps along a line: ends in metres, the middle in degrees, and the widest band.

    `top_m` and `bottom_m` have a column per datum (see `surroundings.COLUMN`).
    """

    from_m: Floats
    to_m: Floats
    longitude_deg: Floats
    latitude_deg: Floats
    top_m: Floats
    bottom_m: Floats


def steps(flown: Flown, corridor: int, stretch: tuple[float, float], step_m: float) -> Steps:
    """Cut a stretch of one line into steps of at most `step_m`; a vertical leg is one step."""
    first, end = flown.flights.start[corridor], flown.flights.start[corridor + 1]
    along = flown.along_m[first:end]
    mine = np.flatnonzero((along[:, 1] >= stretch[0]) & (along[:, 0] <= stretch[1]))
    span = along[mine, 1] - along[mine, 0]
    safe = np.where(span > 0.0, span, 1.0)
    lo = np.where(span > 0.0, np.clip((stretch[0] - along[mine, 0]) / safe, 0.0, 1.0), 0.0)
    hi = np.where(span > 0.0, np.clip((stretch[1] - along[mine, 0]) / safe, 0.0, 1.0), 1.0)
    count = np.maximum(np.ceil((hi - lo) * span / step_m), 1.0).astype(np.int64)
    of = np.repeat(np.arange(mine.size), count)
    nth = np.arange(of.size) - np.repeat(np.cumsum(count) - count, count)
    a = lo[of] + (hi - lo)[of] * nth / count[of]
    b = lo[of] + (hi - lo)[of] * (nth + 1) / count[of]
    piece, band = flown.flights.pieces[first + mine[of]], flown.flights.band[first + mine[of]]
    middle = 0.5 * (a + b)

    def at(t: Floats, start: Floats, stop: Floats) -> Floats:
        change = np.where(np.isfinite(start), stop, 0.0) - np.where(np.isfinite(start), start, 0.0)
        moved: Floats = start + t * change
        return moved

    tops = [at(t[:, None], band[:, :, 0], band[:, :, 1]) for t in (a, b)]
    bottoms = [at(t[:, None], band[:, :, 2], band[:, :, 3]) for t in (a, b)]
    return Steps(
        along[mine[of], 0] + a * span[of],
        along[mine[of], 0] + b * span[of],
        at(middle, piece["x0"], piece["x1"]),
        at(middle, piece["y0"], piece["y1"]),
        np.maximum(*tops),
        np.minimum(*bottoms),
    )


def band_meetings(
    flown: Flown,
    corridor: int,
    stretch: tuple[float, float],
    volume: ZoneVolume,
    surroundings: Surroundings,
) -> list[BandMeeting]:
    """The parts of a stretch on which the corridor's band meets the volume's, through the ground.

    Ends are right to one step (a tenth of the half width, 5 to 10 m), always to
    the outside. A square whose ground is not loaded makes its part a question,
    unless no ground or any ground would do, or another square settles it.
    """
    terrain = surroundings.terrain
    if terrain is None:
        return [BandMeeting(*stretch, None)]
    half = flown.corridors[corridor].half_width_m
    step = float(np.clip(half / 10.0, FINEST_STEP_M, COARSEST_STEP_M))
    line = steps(flown, corridor, stretch, step)
    amsl, agl = COLUMN[Datum.AMSL], COLUMN[Datum.AGL]
    column, times = (amsl, 0.0) if np.isfinite(line.top_m[:, amsl]).all() else (agl, 1.0)
    own = np.column_stack([line.bottom_m[:, column], line.top_m[:, column]])
    near = volume.footprint.buffer(step / float(metres_per_degree(line.latitude_deg)[0].min()))
    shapely.prepare(near)
    count = line.from_m.size
    met, asked = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    band = np.tile([np.inf, -np.inf], (count, 1))
    batch = max(int(_AT_ONCE_M / step), 1)
    for begin in range(0, count, batch):
        rows = slice(begin, begin + batch)
        here = line.longitude_deg[rows], line.latitude_deg[rows]
        squares = Squares.under(*here, half + 0.5 * step, step).inside(near)
        if squares.wanted.any():
            under = _under(squares, volume, surroundings.geoid, terrain)
            meet(
                *(squares.lattice, squares.places, own[rows], times, _limits(volume), under),
                *(met[rows], asked[rows], band[rows]),
            )
    return list(_runs(line, met == 1, (asked == 1) & (met == 0), band[:, 0], band[:, 1]))


def _under(squares: Squares, volume: ZoneVolume, geoid: Geoid | None, terrain: Terrain) -> Floats:
    """`ground` as `meet` takes it."""
    wanted = squares.wanted
    undulation = np.full(wanted.shape, np.nan)
    limits = [limit.datum for limit in (volume.floor, volume.ceiling) if limit is not None]
    if geoid is not None and Datum.ELLIPSOID in limits:
        undulation[wanted] = geoid.undulations_m(*squares.middles())
    return np.stack([wanted.astype(np.float64), *squares.ground(terrain), undulation])


def _limits(volume: ZoneVolume) -> Limits:
    floor, ceiling = volume.floor, volume.ceiling
    datums = [None if limit is None else limit.datum for limit in (floor, ceiling)]
    return Limits(
        -np.inf if floor is None else floor.metres,
        np.inf if ceiling is None else ceiling.metres,
        *(1.0 if datum is Datum.AGL else 0.0 for datum in datums),
        *(-1.0 if datum is Datum.ELLIPSOID else 0.0 for datum in datums),
    )


def _runs(
    line: Steps,
    met: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    low: Floats,
    high: Floats,
) -> Iterator[BandMeeting]:
    """Runs of steps that meet, and runs that are open."""
    state = np.where(met, 2, np.where(asked, 1, 0))
    edges = np.flatnonzero(np.diff(state)) + 1
    for run in np.split(np.arange(state.size), edges):
        if not run.size or state[run[0]] == 0:
            continue
        height = None
        if state[run[0]] == 2:
            a, b = float(low[run].min()), float(high[run].max())
            height = HeightOverlap(
                from_m=a if np.isfinite(a) else None,
                to_m=b if np.isfinite(b) else None,
                datum=Datum.AMSL,
            )
        yield BandMeeting(float(line.from_m[run[0]]), float(line.to_m[run[-1]]), height)
