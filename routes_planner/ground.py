"""Bands that need the ground: a height above it met by one above the sea.

Where a corridor's heights and a zone's limits are measured from different
surfaces, the answer depends on the ground at each place, not along the line
only: the whole width is looked at, as a lattice of places inside the disc that
the corridor covers at each moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from routes_planner.flown import Flown, metres_per_degree
from routes_planner.kernel import Floats
from routes_planner.surroundings import COLUMN, Geoid, Surroundings
from routes_planner.verdict import HeightOverlap
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.geozone import ZoneVolume

# The finest national elevation grid has 5 m posts, the common one 10 m.
FINEST_STEP_M = 5.0
COARSEST_STEP_M = 20.0
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

    Ends are right to one step (a tenth of the half width, 5 to 20 m), always to
    the outside. A place whose ground is not loaded makes its part a question,
    unless another place under the corridor already settles it.
    """
    if surroundings.terrain is None:
        return [BandMeeting(*stretch, None)]
    half = flown.corridors[corridor].half_width_m
    step = float(np.clip(half / 10.0, FINEST_STEP_M, COARSEST_STEP_M))
    line = steps(flown, corridor, stretch, step)
    count = line.from_m.size
    east, north = _disc(half + 0.5 * step, step)
    met, asked = np.zeros(count, bool), np.zeros(count, bool)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    batch = max(_PLACES_AT_ONCE // east.size, 1)
    for begin in range(0, count, batch):
        rows = slice(begin, begin + batch)
        kx, ky = metres_per_degree(line.latitude_deg[rows])
        lon = line.longitude_deg[rows, None] + east / kx[:, None]
        lat = line.latitude_deg[rows, None] + north / ky[:, None]
        lon = (lon + 180.0) % 360.0 - 180.0
        inside = _inside(volume, lon, lat, step / float(kx.min()))
        ground = np.full(lon.shape, np.nan)
        ground[inside] = surroundings.terrain.surfaces_amsl_m(lon[inside], lat[inside])
        undulation = _undulation(surroundings.geoid, lon, lat)
        top, bottom = _band_amsl(line.top_m[rows], line.bottom_m[rows], ground)
        if volume.floor is not None:
            bottom = np.maximum(bottom, _amsl(volume.floor, ground, undulation))
        if volume.ceiling is not None:
            top = np.minimum(top, _amsl(volume.ceiling, ground, undulation))
        meets = inside & (bottom <= top)
        met[rows] = meets.any(axis=1)
        asked[rows] = (inside & (np.isnan(bottom) | np.isnan(top))).any(axis=1)
        low[rows] = np.where(meets, bottom, np.inf).min(axis=1)
        high[rows] = np.where(meets, top, -np.inf).max(axis=1)
    return list(_runs(line, met, asked & ~met, low, high))


def _disc(radius_m: float, step_m: float) -> tuple[Floats, Floats]:
    """East and north metres of a lattice that covers a disc, its edge included."""
    line = np.linspace(-radius_m, radius_m, 2 * int(np.ceil(radius_m / step_m)) + 1)
    east, north = (v.ravel() for v in np.meshgrid(line, line))
    inside = np.hypot(east, north) <= radius_m
    angle = np.linspace(0.0, 2.0 * np.pi, max(int(2.0 * np.pi * radius_m / step_m), 8))
    return (
        np.concatenate([east[inside], radius_m * np.cos(angle)]),
        np.concatenate([north[inside], radius_m * np.sin(angle)]),
    )


def _inside(volume: ZoneVolume, lon: Floats, lat: Floats, margin_deg: float) -> NDArray[np.bool_]:
    """Which places lie in the footprint, or so near that the lattice may have stepped over it."""
    near = volume.footprint.buffer(margin_deg)
    shapely.prepare(near)
    found: NDArray[np.bool_] = shapely.contains_xy(near, lon.ravel(), lat.ravel())
    return found.reshape(lon.shape)


def _band_amsl(top: Floats, bottom: Floats, ground: Floats) -> tuple[Floats, Floats]:
    """The corridor's band above the sea at each place; nan where it needs unknown ground."""
    amsl, agl = COLUMN[Datum.AMSL], COLUMN[Datum.AGL]
    if np.isfinite(top[:, amsl]).all():
        shape = ground.shape
        return (
            np.broadcast_to(top[:, amsl, None], shape),
            np.broadcast_to(bottom[:, amsl, None], shape),
        )
    return top[:, agl, None] + ground, bottom[:, agl, None] + ground


def _undulation(geoid: Geoid | None, lon: Floats, lat: Floats) -> Floats:
    if geoid is None:
        return np.full(lon.shape, np.nan)
    return geoid.undulations_m(lon.ravel(), lat.ravel()).reshape(lon.shape)


def _amsl(limit: Altitude, ground: Floats, undulation: Floats) -> Floats:
    """A limit above the sea at each place; nan where the evidence for it is missing."""
    if limit.datum is Datum.AMSL:
        return np.full(ground.shape, limit.metres)
    return limit.metres + (ground if limit.datum is Datum.AGL else -undulation)


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
