"""A checker written the slow and obvious way, to hold the quick one against.

Dense samples of the line (place, height, moment) against dense samples of the
zone's boundary, all distances by pyproj.Geod. It shares no code with the check.
A hit is a witness: a real place and moment at which the corridor is in the zone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.geozone import Geozone

EARTH = Geod(ellps="WGS84")
Floats = NDArray[np.float64]
Surface = Callable[[Floats, Floats], Floats]


@dataclass
class Samples:
    lon: Floats
    lat: Floats
    along_m: Floats
    height_m: Floats
    time_s: Floats


def samples(corridor: Corridor, step_m: float) -> Samples:
    """The flown line at most `step_m` apart."""
    assert corridor.heights is not None
    assert corridor.departs_at is not None
    columns: list[list[float]] = []
    along, clock = 0.0, corridor.departs_at.timestamp()
    legs = zip(
        corridor.waypoints, corridor.waypoints[1:], corridor.heights, corridor.heights[1:],
        strict=False,
    )  # fmt: skip
    for a, b, low, high in legs:
        azimuth, _, length = EARTH.inv(*a.lonlat, *b.lonlat)
        climb = high.metres - low.metres
        seconds = max(length / corridor.ground_speed_mps, abs(climb) / corridor.vertical_speed_mps)
        count = max(int(np.ceil(length / step_m)), 1)
        for part in np.linspace(0.0, 1.0, count + 1):
            lon, lat, _ = EARTH.fwd(*a.lonlat, azimuth, part * length)
            columns.append(
                [lon, lat, along + part * length, low.metres + part * climb, clock + part * seconds]
            )
        along, clock = along + length, clock + seconds
    return Samples(*np.array(columns).T)


def boundary(footprint: shapely.Polygon, step_m: float) -> Floats:
    """Places on every ring, straight in longitude and latitude, at most `step_m` apart."""
    step_deg = step_m / 111_320.0
    places: Floats = shapely.get_coordinates(shapely.segmentize(footprint.boundary, step_deg))
    return places


def met_along(
    corridor: Corridor,
    zone: Geozone,
    *,
    step_m: float = 10.0,
    slack_m: float = 0.0,
    slack_s: float = 0.0,
    undulation: Surface | None = None,
) -> Floats:
    """Metres along the line of every sample that is in a volume of `zone`, its slacks granted."""
    line = samples(corridor, step_m)
    assert corridor.heights is not None
    hits = np.zeros(line.lon.size, bool)
    for volume in zone.volumes:
        inside = shapely.covers(volume.footprint, shapely.points(line.lon, line.lat))
        edge = boundary(volume.footprint, step_m)
        rows, columns = line.lon.size, len(edge)
        away = EARTH.inv(
            np.repeat(line.lon, columns), np.repeat(line.lat, columns),
            np.tile(edge[:, 0], rows), np.tile(edge[:, 1], rows),
        )[2].reshape(rows, columns).min(axis=1)  # fmt: skip
        near = inside | (away <= corridor.half_width_m + slack_m)
        amsl = line.height_m.copy()
        if corridor.heights[0].datum is Datum.ELLIPSOID:
            assert undulation is not None
            amsl -= undulation(line.lon, line.lat)
        for limit, sign, reach in (
            (volume.floor, 1.0, corridor.above_m),
            (volume.ceiling, -1.0, corridor.below_m),
        ):
            if limit is None:
                continue
            value = np.full(rows, limit.metres)
            if limit.datum is Datum.ELLIPSOID:
                assert undulation is not None
                value -= undulation(line.lon, line.lat)
            near &= sign * (amsl - value) + reach + slack_m >= 0.0
        hits |= near
    if zone.activations:
        active = np.zeros(line.lon.size, bool)
        for period in zone.activations:
            since = period.starts_at.timestamp() if period.starts_at else -np.inf
            until = period.ends_at.timestamp() if period.ends_at else np.inf
            active |= (line.time_s >= since - slack_s) & (line.time_s < until + slack_s)
        hits &= active
    return line.along_m[hits]


def met_over_ground(
    corridor: Corridor, zone: Geozone, surface: Surface, *, step_m: float, slack_m: float = 0.0
) -> Floats:
    """As `met_along` over ground, always active: places all over the width are tried."""
    assert corridor.heights is not None
    line = samples(corridor, step_m)
    radii = np.linspace(0.0, corridor.half_width_m + slack_m, 6)
    turns = np.arange(0.0, 360.0, 15.0)
    away, turn = (v.ravel() for v in np.meshgrid(radii, turns))
    rows, columns = line.lon.size, away.size
    lon, lat, _ = EARTH.fwd(
        np.repeat(line.lon, columns), np.repeat(line.lat, columns),
        np.tile(turn, rows), np.tile(away, rows),
    )  # fmt: skip
    ground = surface(lon, lat)
    height = np.repeat(line.height_m, columns)
    if corridor.heights[0].datum is Datum.AGL:
        height = height + ground
    hits = np.zeros(lon.size, bool)
    for volume in zone.volumes:
        near = shapely.covers(volume.footprint, shapely.points(lon, lat))
        floor, ceiling = (
            None
            if limit is None
            else limit.metres + (ground if limit.datum is Datum.AGL else 0.0 * ground)
            for limit in (volume.floor, volume.ceiling)
        )
        if floor is not None:
            near &= height - floor + corridor.above_m + slack_m >= 0.0
        if ceiling is not None:
            near &= ceiling - height + corridor.below_m + slack_m >= 0.0
        if floor is not None and ceiling is not None:
            # Where the ground lifts the floor over the ceiling the volume has no height at all.
            near &= floor <= ceiling + slack_m
        hits |= near
    return line.along_m[hits.reshape(rows, columns).any(axis=1)]
