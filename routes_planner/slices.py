"""A corridor cut into slices that occupy airspace: what a booking asks the database to keep.

Two corridors are too close when somewhere they pass within a distance, a height
and a time of each other. Each brings half of all three: a slice is a short part
of the line, wider than the corridor by half the distance, its band higher by
half the height, and occupied from half the time before to half the time after it
is flown. Two corridors are then too close only if a slice of one meets a slice of
the other, so that plain overlap, which a database can guard, refuses every
conflict that `routes_planner.separation` finds.

It refuses a little more: within one slice (at most `STEP_S` of flight) place,
height and moment no longer belong together, and a footprint is a polygon around
the rounded one, up to 2 % of its half width wider at the corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routes_planner.compiled.tables import Floats, Integers
from routes_planner.flown import PIECE_M, Flown, fly
from routes_planner.separation import Separation
from routes_planner.surroundings import COLUMN, Geoid
from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.geodesy import WGS84
from soramichi.domain.terrain import Terrain
from soramichi.errors import BadInput, DatumMismatch

# What every booked corridor keeps from every other, edge to edge.
BOOKED = Separation(horizontal_m=50.0, vertical_m=20.0, time_s=60.0)
# 260 m of a flying car's cruise, 20 m of its climb: less than what is kept apart anyway.
STEP_S = 5.0
LONGEST_H = 24.0
# PostgreSQL compares geometry to 1e-6, in degrees 11 cm; heights and times are rounded on the way.
_FUZZ_M, _FUZZ_HEIGHT_M, _FUZZ_S = 0.25, 0.001, 0.001
# Corners of each rounded end.
_CORNERS = 8
# The common national elevation grid has 10 m posts.
_GROUND_STEP_M = 10.0


@dataclass(frozen=True, slots=True)
class Slices:
    """Parts of one corridor in order, a row each, all ends included.

    `along_m` (n, 2): metres along the line. `flown_s` (n, 2): when it is flown, in
    seconds since 1970. With their half of the separation: `occupied_s` (n, 2),
    `footprint_deg` (n, corners, 2) of longitude and latitude, `height_amsl_m` (n, 2).
    """

    along_m: Floats
    flown_s: Floats
    occupied_s: Floats
    footprint_deg: Floats
    height_amsl_m: Floats


def slices(
    corridor: Corridor,
    separation: Separation = BOOKED,
    *,
    geoid: Geoid,
    terrain: Terrain | None = None,
) -> Slices:
    """Cut a corridor into slices.

    Raises `BadInput` without a departure, over more than `LONGEST_H` hours or across
    the antimeridian, and `DatumMismatch` for heights that cannot be told in AMSL
    everywhere: unknown, barometric, above an unknown take-off point, above ground
    that is not loaded.
    """
    if corridor.departs_at is None:
        raise BadInput(f"{corridor.name} cannot be booked without its departure; add --depart TIME")
    flown = fly([corridor], geoid)
    if flown.duration_s(0) > LONGEST_H * 3_600.0:
        raise BadInput(f"{corridor.name} takes longer than the {LONGEST_H:g} h that can be booked")
    of, part = _parts(flown)
    pieces = flown.flights.pieces[of]
    ends = np.stack([_between(pieces["x0"], pieces["x1"], part),
                     _between(pieces["y0"], pieces["y1"], part)], axis=2)  # fmt: skip
    after = _between(flown.after_s[of, 0], flown.after_s[of, 1], part)
    flown_s = corridor.departs_at.timestamp() + after
    scale = np.stack([pieces["kx"], pieces["ky"]], axis=1)
    reach = _reach(pieces["reach"] + 0.5 * separation.horizontal_m, ends[:, :, 1])
    footprint = _around(ends, scale, reach)
    if np.abs(footprint[:, :, 0]).max() > 180.0:
        raise BadInput(f"{corridor.name} crosses the antimeridian; such a corridor is not booked")
    heights, above_ground = _heights(corridor, flown.flights.band[of], part)
    if above_ground:
        heights = heights + _ground(corridor, ends, scale, terrain)
    beside = np.array([-1.0, 1.0])
    return Slices(
        along_m=_between(flown.along_m[of, 0], flown.along_m[of, 1], part),
        flown_s=flown_s,
        occupied_s=flown_s + beside * (0.5 * separation.time_s + _FUZZ_S),
        footprint_deg=footprint,
        height_amsl_m=heights + beside * (0.5 * separation.vertical_m + _FUZZ_HEIGHT_M),
    )


def _parts(flown: Flown) -> tuple[Integers, Floats]:
    """Every slice's piece, and which part of it, (n, 2) in [0, 1]."""
    seconds = np.diff(flown.after_s)[:, 0]
    count = np.maximum(np.ceil(seconds / STEP_S), 1.0).astype(np.int64)
    of = np.repeat(np.arange(count.size), count)
    nth = np.arange(of.size) - np.repeat(np.cumsum(count) - count, count)
    return of, np.stack([nth, nth + 1], axis=1) / count[of, None]


def _between(start: Floats, stop: Floats, part: Floats) -> Floats:
    moved: Floats = start[:, None] + (stop - start)[:, None] * part
    return moved


def _reach(metres: Floats, latitude_deg: Floats) -> Floats:
    """With room for two footprints measured in the metres per degree of different pieces.

    Those change by tan(latitude) / R a metre north; pieces that meet are at most one
    piece and both reaches apart, of which each brings its own part twice.
    """
    bend = np.abs(np.tan(np.radians(latitude_deg))).max(axis=1) / WGS84.b
    room: Floats = metres * (1.0 + 2.0 * bend * (PIECE_M + metres)) + _FUZZ_M
    return room


def _around(ends: Floats, scale: Floats, reach: Floats) -> Floats:
    """The polygon around everything within `reach` metres of each line: its sides touch, none cuts.

    `ends` (n, 2, 2) in degrees, `scale` (n, 2) in metres per degree east and north.
    """
    along = (ends[:, 1] - ends[:, 0]) * scale
    ahead = np.arctan2(along[:, 1], along[:, 0])
    half = 0.5 * np.pi / _CORNERS
    turn = half * (2.0 * np.arange(_CORNERS) + 1.0) - 0.5 * np.pi
    rounded = []
    for end, back in ((1, 0.0), (0, np.pi)):
        angle = ahead[:, None] + back + turn
        corner = np.stack([np.cos(angle), np.sin(angle)], axis=2)
        away = corner * (reach / np.cos(half))[:, None, None]
        rounded.append(ends[:, end, None] + away / scale[:, None])
    return np.concatenate(rounded, axis=1)


def _heights(corridor: Corridor, band: Floats, part: Floats) -> tuple[Floats, bool]:
    """Lowest and highest metres of each slice, (n, 2), and whether they are above ground."""
    for column in (COLUMN[Datum.AMSL], COLUMN[Datum.AGL]):
        if np.isfinite(band[:, column]).all():
            top = _between(band[:, column, 0], band[:, column, 1], part).max(axis=1)
            bottom = _between(band[:, column, 2], band[:, column, 3], part).min(axis=1)
            return np.stack([bottom, top], axis=1), column == COLUMN[Datum.AGL]
    raise DatumMismatch(
        f"{corridor.name} cannot be booked: its heights cannot be told above sea level; "
        "give them as AMSL, ELLIPSOID, or TAKEOFF with takeoff_amsl_m"
    )


def _ground(corridor: Corridor, ends: Floats, scale: Floats, terrain: Terrain | None) -> Floats:
    """Lowest and highest ground in metres AMSL below each slice, (n, 2)."""
    if terrain is None:
        raise DatumMismatch(
            f"{corridor.name} cannot be booked: its heights are above ground (AGL) and no terrain "
            "is loaded; add --terrain FOLDER or give heights above sea level (AMSL)"
        )
    reach = corridor.half_width_m + _GROUND_STEP_M
    side = np.arange(-np.ceil(reach / _GROUND_STEP_M), np.ceil(reach / _GROUND_STEP_M) + 1.0)
    east, north = (axis.ravel() * _GROUND_STEP_M for axis in np.meshgrid(side, side))
    inside = np.hypot(east, north) <= reach
    disc = np.stack([east[inside], north[inside]], axis=1)
    found = np.empty((ends.shape[0], 2))
    for k, (start, stop) in enumerate(ends):
        count = int(np.ceil(np.hypot(*((stop - start) * scale[k])) / _GROUND_STEP_M)) + 1
        line = start + (stop - start) * np.linspace(0.0, 1.0, count)[:, None]
        places = (line[:, None] + disc / scale[k]).reshape(-1, 2)
        heights = terrain.surfaces_amsl_m(places[:, 0], places[:, 1])
        if np.isnan(heights).any():
            lon, lat = places[np.isnan(heights)][0]
            raise DatumMismatch(
                f"{corridor.name} cannot be booked: no terrain is loaded at "
                f"{lat:.5f} N {lon:.5f} E, and its heights are above ground"
            )
        found[k] = heights.min(), heights.max()
    return found
