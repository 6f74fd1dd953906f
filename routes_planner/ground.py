"""Bands that need the ground: a height above it met by one above the sea.

Where a corridor's heights and a zone's limits are measured from different
surfaces, the answer depends on the ground at each place, not along the line
only: the whole width is looked at, as small squares that cover the disc which
the corridor covers at each moment. The two bands meet over some span of ground
heights; a square is a meeting when any of its ground lies in that span.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from routes_planner.bands import Bands
from routes_planner.compiled.tables import Floats
from routes_planner.flown import Flown, metres_per_degree
from routes_planner.squares import Squares
from routes_planner.surroundings import Geoid, Surroundings
from routes_planner.verdict import HeightOverlap
from soramichi.domain.altitude import Datum
from soramichi.domain.geozone import ZoneVolume

# The finest national elevation grid has 5 m posts, the common one 10 m: none is stepped over.
FINEST_STEP_M = 5.0
COARSEST_STEP_M = 10.0
_PLACES_AT_ONCE = 200_000


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
    if surroundings.terrain is None:
        return [BandMeeting(*stretch, None)]
    half = flown.corridors[corridor].half_width_m
    step = float(np.clip(half / 10.0, FINEST_STEP_M, COARSEST_STEP_M))
    line = steps(flown, corridor, stretch, step)
    squares = Squares.over(half + 0.5 * step, step)
    near = volume.footprint.buffer(step / float(metres_per_degree(line.latitude_deg)[0].min()))
    shapely.prepare(near)
    count = line.from_m.size
    met, asked = np.zeros(count, bool), np.zeros(count, bool)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    batch = max(_PLACES_AT_ONCE // squares.corners**2, 1)
    for begin in range(0, count, batch):
        rows = slice(begin, begin + batch)
        here = (line.longitude_deg[rows], line.latitude_deg[rows])
        lon, lat = squares.middles(*here)
        inside = squares.covering & _inside(near, lon, lat)
        least, most = squares.ground(*here, inside, surroundings.terrain)
        undulation = _undulation(surroundings.geoid, lon, lat)
        bands = Bands.of(line.top_m[rows], line.bottom_m[rows], volume, undulation)
        lowest, highest = bands.ground()
        known = np.isfinite(least) & np.isfinite(most)
        any_ground = (lowest == -np.inf) & (highest == np.inf)
        least, most = np.where(known, least, -np.inf), np.where(known, most, np.inf)
        least, most = np.maximum(least, lowest), np.minimum(most, highest)
        possible = inside & ~(least > most)
        meets = possible & (known | any_ground) & ~(np.isnan(least) | np.isnan(most))
        met[rows] = meets.any(axis=(1, 2))
        asked[rows] = (possible & ~meets).any(axis=(1, 2))
        bottom, top = bands.overlap(least, most)
        low[rows] = np.where(meets, bottom, np.inf).min(axis=(1, 2))
        high[rows] = np.where(meets, top, -np.inf).max(axis=(1, 2))
    return list(_runs(line, met, asked & ~met, low, high))


def _inside(near: shapely.Geometry, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Which squares have their middle inside; place by place where all or none have."""
    box = shapely.box(
        *(pick(axis, axis=(1, 2)) for pick in (np.min, np.max) for axis in (lon, lat))
    )
    inside = np.zeros(lon.shape, bool)
    inside[shapely.contains_properly(near, box)] = True
    mixed = shapely.intersects(near, box) & ~inside[:, 0, 0]
    found = shapely.contains_xy(near, lon[mixed].ravel(), lat[mixed].ravel())
    inside[mixed] = found.reshape(lon[mixed].shape)
    return inside


def _undulation(geoid: Geoid | None, lon: Floats, lat: Floats) -> Floats:
    if geoid is None:
        return np.full(lon.shape, np.nan)
    return geoid.undulations_m(lon.ravel(), lat.ravel()).reshape(lon.shape)


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
