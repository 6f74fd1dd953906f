"""The flown line: waypoints become short pieces with metres, seconds and heights.

Legs are WGS 84 geodesics. A leg longer than `PIECE_M` is cut, because a straight
line in degrees strays from the geodesic with the square of its length: 1.4 cm
over 1 km at 35 degrees north, 150 m over 100 km.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from routes_planner.compiled.rows import running
from routes_planner.compiled.tables import PIECE, Flights, Floats, Integers, Records
from routes_planner.surroundings import CROSSING_DEG, Geoid
from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.geodesy import WGS84
from soramichi.errors import BadInput

PIECE_M = 1_000.0
# Metres per degree shrink to nothing at the poles; nobody flies a corridor there.
HIGHEST_LATITUDE_DEG = 85.0
# The calendar that zones are resolved in, and longer than anything flies.
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)
LONGEST_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Flown:
    """The flown lines of several corridors.

    Piece i runs from along_m[i, 0] to along_m[i, 1] metres and from after_s[i, 0] to
    after_s[i, 1] seconds along its corridor; height_m[i] is the line's height at
    both ends in the corridor's own datum, nan where none was given.
    """

    corridors: tuple[Corridor, ...]
    flights: Flights
    along_m: Floats
    after_s: Floats
    height_m: Floats

    @property
    def owner(self) -> Integers:
        """The corridor of each piece."""
        counts = np.diff(self.flights.start)
        return np.repeat(np.arange(counts.size), counts)

    def owner_of(self, piece: Integers) -> Integers:
        """The corridor of each of these pieces."""
        owner: Integers = np.searchsorted(self.flights.start, piece, side="right") - 1
        return owner

    @property
    def flown_between_s(self) -> tuple[float, float]:
        """First departure and last arrival in seconds since 1970; infinite when not known.

        Raises `BadInput` when only some are known: then no one span holds for all.
        """
        start = self.flights.start
        starts, ends = (
            self.flights.pieces["starts"][start[:-1]],
            self.flights.pieces["ends"][start[1:] - 1],
        )
        known = np.isfinite(starts)
        if not known.any():
            return -np.inf, np.inf
        if not known.all():
            raise BadInput(
                "check corridors with and without a departure time separately",
                ja="出発時刻のある経路とない経路は、別々に判定してください",
            )
        return float(starts.min()), float(ends.max())

    def length_m(self, corridor: int) -> float:
        """Metres along the line of that corridor."""
        return float(self.along_m[self.flights.start[corridor + 1] - 1, 1])

    def duration_s(self, corridor: int) -> float:
        """Seconds from departure to arrival of that corridor."""
        return float(self.after_s[self.flights.start[corridor + 1] - 1, 1])


def metres_per_degree(latitude_deg: Floats) -> tuple[Floats, Floats]:
    """East and north metres per degree on WGS 84, from its two radii of curvature."""
    phi = np.radians(latitude_deg)
    w = 1.0 - WGS84.es * np.sin(phi) ** 2
    north = WGS84.a * (1.0 - WGS84.es) / w**1.5
    east = WGS84.a / np.sqrt(w) * np.cos(phi)
    return np.radians(east), np.radians(north)


def reach_m(half_width_m: Floats, latitude_deg: Floats, length_m: Floats) -> Floats:
    """The half width with room for both approximations of a piece, so that no touch is missed.

    Metres per degree east change by tan(latitude) / R with every metre north, and
    the chord of a piece leaves its geodesic by at most length² tan(latitude) / 8R.
    For 150 m and 1 km pieces at 35 degrees that is 3 cm.
    """
    bend = np.abs(np.tan(np.radians(latitude_deg))) / WGS84.b
    away = 0.5 * length_m + half_width_m
    return half_width_m * (1.0 + bend * away) + bend * length_m**2 / 8.0 + 1e-3


def _waypoints(corridors: Sequence[Corridor]) -> tuple[Integers, Floats, Floats, Floats]:
    """(corridor of each waypoint, longitude made continuous, latitude, height or nan)."""
    counts = np.array([len(c.waypoints) for c in corridors], np.int64)
    flat = [v for c in corridors for w in c.waypoints for v in (w.longitude_deg, w.latitude_deg)]
    lon, lat = np.array(flat, np.float64).reshape(-1, 2).T
    heights = [
        h
        for c in corridors
        for h in (
            [a.metres for a in c.heights] if c.heights is not None else [np.nan] * len(c.waypoints)
        )
    ]
    if lat.size and np.abs(lat).max() > HIGHEST_LATITUDE_DEG:
        raise BadInput(
            f"corridors beyond {HIGHEST_LATITUDE_DEG:g} degrees latitude are not judged",
            ja=f"緯度 {HIGHEST_LATITUDE_DEG:g} 度を越える経路は判定しません",
        )
    owner = np.repeat(np.arange(counts.size), counts)
    # A leg takes the short way round: over the antimeridian, not back around the Earth.
    step = np.diff(lon, prepend=lon[:1])
    step[np.flatnonzero(np.diff(owner, prepend=-1))] = 0.0
    turns = np.cumsum(-np.round(step / 360.0))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    lon = lon + 360.0 * (turns - turns[first][owner])
    if lon.size and np.abs(lon).max() > 180.0 + CROSSING_DEG:
        raise BadInput(
            f"corridors more than {CROSSING_DEG:g} degrees beyond 180 are not judged",
            ja=f"経度 180 度を {CROSSING_DEG:g} 度より越える経路は判定しません",
        )
    return owner, lon, lat, np.array(heights)


def _cut(
    lon: Floats, lat: Floats, leg: Integers
) -> tuple[Integers, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Cut legs (from waypoint `leg` to the next) into pieces.

    Returns for every piece: its leg (index into `leg`), x0, y0, x1, y1, and the
    fractions of the leg at both ends stacked with the leg's length.
    """
    x0, y0, x1, y1 = lon[leg], lat[leg], lon[leg + 1], lat[leg + 1]
    east, north = metres_per_degree(0.5 * (y0 + y1))
    length = np.hypot((x1 - x0) * east, (y1 - y0) * north)
    long = np.flatnonzero(length > PIECE_M)
    azimuth = np.zeros_like(length)
    if long.size:
        azimuth[long], _, length[long] = WGS84.inv(x0[long], y0[long], x1[long], y1[long])
    parts = np.maximum(np.ceil(length / PIECE_M), 1.0).astype(np.int64)
    of = np.repeat(np.arange(leg.size), parts)
    nth = np.arange(of.size) - np.repeat(np.cumsum(parts) - parts, parts)
    a, b = nth / parts[of], (nth + 1) / parts[of]
    px0, py0, px1, py1 = x0[of], y0[of], x1[of], y1[of]
    inner = np.flatnonzero(b < 1.0)
    if inner.size:
        mine = of[inner]
        mx, my, _ = WGS84.fwd(x0[mine], y0[mine], azimuth[mine], b[inner] * length[mine])
        mx += 360.0 * np.round((x0[mine] - mx) / 360.0)
        px1[inner], py1[inner] = mx, my
        px0[inner + 1], py0[inner + 1] = mx, my
    return of, px0, py0, px1, py1, np.column_stack([a, b]), length


def fly(corridors: Sequence[Corridor], geoid: Geoid | None = None) -> Flown:
    """Lay out the flown lines of `corridors`; `geoid` lets AMSL and ELLIPSOID heights meet.

    A height whose datum cannot be brought to that of a zone's limit makes the
    band infinite there: the check then finds every zone that could be met and
    decides, or says `unknown`. Raises `BadInput` beyond 85 degrees of latitude, for a flight of
    more than `LONGEST_DAYS`, and for a departure before 1900 or after 2198.
    """
    owner, lon, lat, height = _waypoints(corridors)
    leg = np.flatnonzero(np.diff(owner, append=-1) == 0)
    of, x0, y0, x1, y1, part, length = _cut(lon, lat, leg)
    whose = owner[leg]
    speed = np.array([(c.ground_speed_mps, c.vertical_speed_mps) for c in corridors]).reshape(-1, 2)
    with np.errstate(over="ignore"):  # heights and speeds that are slips: refused just below
        rise = np.abs(height[leg + 1] - height[leg])
        seconds = np.fmax(length / speed[whose, 0], rise / speed[whose, 1])
    _refuse_what_nobody_flies(
        corridors, np.bincount(whose, weights=seconds, minlength=len(corridors)).tolist()
    )
    along = running(length, whose)[of, None] + part * length[of, None]
    after = running(seconds, whose)[of, None] + part * seconds[of, None]
    levels = height[leg][of, None] + part * (height[leg + 1] - height[leg])[of, None]
    mine = whose[of]
    departs = np.array(
        [c.departs_at.timestamp() if c.departs_at is not None else np.nan for c in corridors]
    )[mine]
    band = _bands(corridors, mine, levels, np.stack([x0, x1, y0, y1]), geoid)
    middle = 0.5 * (y0 + y1)
    half = np.array([c.half_width_m for c in corridors])[mine]
    pieces = np.empty(mine.size, PIECE)
    pieces["x0"], pieces["y0"], pieces["x1"], pieces["y1"] = x0, y0, x1, y1
    pieces["kx"], pieces["ky"] = metres_per_degree(middle)
    pieces["reach"] = reach_m(half, np.abs(middle), (part[:, 1] - part[:, 0]) * length[of])
    pieces["starts"] = np.where(np.isfinite(departs), departs + after[:, 0], -np.inf)
    pieces["ends"] = np.where(np.isfinite(departs), departs + after[:, 1], np.inf)
    rx, ry = pieces["reach"] / pieces["kx"], pieces["reach"] / pieces["ky"]
    pieces["west"], pieces["east"] = np.minimum(x0, x1) - rx, np.maximum(x0, x1) + rx
    pieces["south"], pieces["north"] = np.minimum(y0, y1) - ry, np.maximum(y0, y1) + ry
    start = np.searchsorted(mine, np.arange(len(corridors) + 1)).astype(np.int64)
    return Flown(tuple(corridors), Flights(pieces, band, start), along, after, levels)


def _refuse_what_nobody_flies(corridors: Sequence[Corridor], seconds: list[float]) -> None:
    """Times that no calendar holds come of a speed or height that is a slip."""
    for corridor, lasts in zip(corridors, seconds, strict=True):
        if not lasts <= LONGEST_DAYS * 86_400.0:
            raise BadInput(
                f"{corridor.name} would fly for more than {LONGEST_DAYS:g} days; check its speeds "
                "and heights",
                ja=f"{corridor.name} は {LONGEST_DAYS:g} 日を超えて飛ぶことになります。"
                "速さと高さを確かめてください",
            )
        if corridor.departs_at is not None and not _EARLIEST <= corridor.departs_at < _LATEST:
            raise BadInput(
                f"{corridor.name} departs at {corridor.departs_at}; check the year",
                ja=f"{corridor.name} の出発は {corridor.departs_at} です。年を確かめてください",
            )


def _bands(
    corridors: Sequence[Corridor],
    owner: Integers,
    height_m: Floats,
    ends: Floats,
    geoid: Geoid | None,
) -> Floats:
    """`Flights.band` of these pieces."""
    n = owner.size
    middle = np.full((n, 3, 2), np.nan)
    datum = [c.heights[0].datum if c.heights is not None else None for c in corridors]
    lift = np.array(
        [c.takeoff_amsl_m if c.takeoff_amsl_m is not None else np.nan for c in corridors]
    )
    for given, column in (
        (Datum.AMSL, 0),
        (Datum.TAKEOFF, 0),
        (Datum.ELLIPSOID, 1),
        (Datum.AGL, 2),
    ):
        rows = np.flatnonzero(np.array([d is given for d in datum], bool)[owner])
        add = lift[owner[rows], None] if given is Datum.TAKEOFF else 0.0
        middle[rows, column] = height_m[rows] + add
    if geoid is not None and n:
        west, east, south, north = ends
        lon = (np.column_stack([west, east]) + 180.0) % 360.0 - 180.0
        lat = np.column_stack([south, north])
        undulation = geoid.undulations_m(lon.ravel(), lat.ravel()).reshape(lon.shape)
        amsl, ellipsoid = middle[:, 0].copy(), middle[:, 1].copy()
        middle[:, 0] = np.where(np.isnan(amsl), ellipsoid - undulation, amsl)
        middle[:, 1] = np.where(np.isnan(ellipsoid), amsl + undulation, ellipsoid)
    above = np.array([c.above_m for c in corridors])[owner, None, None]
    below = np.array([c.below_m for c in corridors])[owner, None, None]
    known = np.isfinite(middle).all(axis=2, keepdims=True)
    top, bottom = np.where(known, middle + above, np.inf), np.where(known, middle - below, -np.inf)
    return np.concatenate([top, bottom], axis=2)


def everywhere(flown: Flown, reach_m: float | None = None) -> Flown:
    """The same lines at all heights and times, with another reach: a question in two dimensions."""
    band, pieces = flown.flights.band.copy(), flown.flights.pieces.copy()
    band[:, :, :2], band[:, :, 2:] = np.inf, -np.inf
    pieces["starts"], pieces["ends"] = -np.inf, np.inf
    if reach_m is not None:
        pieces = reaching(pieces, np.full(pieces.size, reach_m))
    flights = flown.flights._replace(band=band, pieces=pieces)
    return Flown(flown.corridors, flights, flown.along_m, flown.after_s, flown.height_m)


def reaching(pieces: Records, metres: Floats) -> Records:
    """The pieces with another reach, and the boxes that go with it."""
    changed = pieces.copy()
    grow = metres - pieces["reach"]
    changed["reach"] = metres
    for low, high, scale in (("west", "east", "kx"), ("south", "north", "ky")):
        changed[low] -= grow / pieces[scale]
        changed[high] += grow / pieces[scale]
    return changed
