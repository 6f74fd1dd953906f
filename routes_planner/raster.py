"""The search's rasters: which cells are closed when, and what a metre costs in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from routes_planner.compiled.closing import close_zones, coarsened
from routes_planner.compiled.lines import Field
from routes_planner.compiled.tables import Floats, Integers
from routes_planner.evidence import SEVERITY
from routes_planner.surroundings import COLUMN, Surroundings
from routes_planner.verdict import Severity
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.geozone import Geozone

# People per km² at each place; nan where not known.
Crowding = Callable[[Floats, Floats], Floats]

# Cells of the coarse raster are this many fine ones across.
COARSE = 8
# A coarse cell with less open room than this is closed.
_LEAST_OPEN = 0.25
_CROWDING_EVERY = 4
# Blocks between exact degrees: 3.2 km of 100 m cells in fours.
_KNOT = 8
# Moments of passage are approximate in the raster; zones close and open this much wider there.
_SPARE_S = 60.0


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in a plane: metres of its south-west corner, and cells."""

    plane: LocalPlane
    west_m: float
    south_m: float
    cell_m: float
    rows: int
    columns: int

    def cells(self, xy_m: Floats) -> Floats:
        """Plane metres as (column, row), whole numbers being the middles of cells."""
        moved: Floats = (xy_m - np.array([self.west_m, self.south_m])) / self.cell_m - 0.5
        return moved

    def metres(self, cells: Floats) -> Floats:
        """The inverse of `cells`."""
        moved: Floats = (cells + 0.5) * self.cell_m + np.array([self.west_m, self.south_m])
        return moved

    def lonlat(self, every: int) -> tuple[Floats, Floats]:
        """Longitude and latitude of the middle of every block of `every` cells, as two rasters.

        Right to a metre: exact at every `_KNOT`th block, straight between, where a
        plane's degrees bend by less than that.
        """
        middle = 0.5 * (every - 1)
        row = np.arange(0.0, self.rows, every) + middle
        column = np.arange(0.0, self.columns, every) + middle
        knots = [_knots(each) for each in (row, column)]
        at = np.meshgrid(knots[1], knots[0])
        places = self.metres(np.column_stack([each.ravel() for each in at]))
        lonlat = shapely.get_coordinates(self.plane.degrees(shapely.MultiPoint(places)))
        lon, lat = (
            _between(_between(v.reshape(at[0].shape), knots[0], row).T, knots[1], column).T
            for v in lonlat.T
        )
        return lon, lat


def _knots(at: Floats) -> Floats:
    """Every `_KNOT`th value, and the last."""
    return np.unique(np.concatenate([at[::_KNOT], at[-1:]]))


def _between(values: Floats, knots: Floats, at: Floats) -> Floats:
    """Rows `at` of a table whose rows are known at `knots`, by straight lines."""
    if knots.size == 1:
        return values.repeat(at.size, axis=0)
    low = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, knots.size - 2)
    part = ((at - knots[low]) / (knots[low + 1] - knots[low]))[:, None]
    mixed: Floats = values[low] * (1.0 - part) + values[low + 1] * part
    return mixed


@dataclass(frozen=True, slots=True)
class Band:
    """The heights that a flight takes up, lowest and highest, of one datum."""

    lowest: Altitude
    highest: Altitude


@dataclass(frozen=True, slots=True)
class Demand:
    """What a flight takes up: heights, metres to each side, and from when (unix) for how long.

    `binds` tells which zones count; None: all.
    """

    band: Band
    reach_m: float
    departs_s: float
    lasts_s: float
    binds: Callable[[Geozone], bool] | None = None


def open_field(area: Area, speed_mps: float) -> Field:
    """Nothing closed, and every metre costs a metre."""
    shape = (area.rows, area.columns)
    return Field(
        area.cell_m, speed_mps, np.ones(shape), np.full(shape, np.inf), np.full(shape, -np.inf)
    )


def close(field: Field, area: Area, surroundings: Surroundings, demand: Demand) -> None:
    """Close the cells from which zones are in reach that forbid the band, or leave it open."""
    departs_s, reach_m = demand.departs_s, demand.reach_m
    volumes = surroundings.during(departs_s, departs_s + demand.lasts_s)
    earliest, latest = departs_s - _SPARE_S, departs_s + demand.lasts_s + _SPARE_S
    if not np.isfinite(departs_s):
        earliest, latest = -np.inf, np.inf
    forbids = forbidding(surroundings, demand.band)
    if demand.binds is not None:
        binding = [demand.binds(surroundings.zones[k]) for k in surroundings.zone_of.tolist()]
        forbids &= np.array(binding, bool)
    rows = np.flatnonzero(forbids)
    table = volumes.volumes[rows]
    box = _box(area, reach_m)
    near = (
        (table["west"] <= box[2])
        & (table["east"] >= box[0])
        & (table["south"] <= box[3])
        & (table["north"] >= box[1])
    )
    rows, table = rows[near], table[near]
    shapes, times = [], []
    for row, volume in zip(rows.tolist(), table, strict=True):
        for since, until in volumes.periods[volume["period"] : volume["period_end"]]:
            # A cell keeps one span: a period long before or after would close what lies between.
            if until >= earliest and since <= latest:
                shapes.append(surroundings.footprint(row))
                times.append((since, until))
    moments = np.array(times, np.float64).reshape(-1, 2)
    if np.isfinite(departs_s):
        moments += np.array([-_SPARE_S, _SPARE_S]) - departs_s
    else:
        moments[:] = -np.inf, np.inf
    _fill(field, area, area.plane.metres(np.array(shapes, dtype=object)), moments, reach_m)
    for k in surroundings.keep_in:
        room = shapely.union_all([v.footprint for v in surroundings.zones[k].volumes])
        inside = open_field(area, field.speed)
        inner = np.array([area.plane.metres(room).buffer(-reach_m)], dtype=object)
        _fill(inside, area, inner, np.array([[-np.inf, np.inf]]), 0.0)
        outside = ~(inside.closed_until > inside.closed_from)
        field.closed_from[outside], field.closed_until[outside] = -np.inf, np.inf


def forbidding(surroundings: Surroundings, band: Band) -> NDArray[np.bool_]:
    """Which laid-out volumes forbid heights of the band, or cannot be told not to.

    A rule about heights everywhere that only the ground could tell is left to the
    verdict: closing all of the area would leave nothing to search.
    """
    table = surroundings.volumes.volumes
    severity = np.array(
        [
            SEVERITY[surroundings.zones[k].zone_type] is Severity.FAIL
            or bool(surroundings.zones[k].unknowns)
            for k in surroundings.zone_of.tolist()
        ],
        bool,
    )
    lowest, highest = _in_columns(surroundings, band)
    each = np.arange(table.size)
    top, bottom = highest[each, table["floor_datum"]], lowest[each, table["ceiling_datum"]]
    told = surroundings.places | (np.isfinite(top) & np.isfinite(bottom))
    meets = (top >= table["floor"]) & (bottom <= table["ceiling"])
    forbidden: NDArray[np.bool_] = severity & told & meets
    return forbidden


def _in_columns(surroundings: Surroundings, band: Band) -> tuple[Floats, Floats]:
    """The band in every datum at every volume, widened by what ground and geoid do under it."""
    table = surroundings.volumes.volumes
    lowest, highest = np.full((table.size, 3), -np.inf), np.full((table.size, 3), np.inf)
    own = COLUMN.get(band.lowest.datum)
    if own is None or not table.size:
        return lowest, highest
    lowest[:, own], highest[:, own] = band.lowest.metres, band.highest.metres
    amsl, agl, ellipsoid = COLUMN[Datum.AMSL], COLUMN[Datum.AGL], COLUMN[Datum.ELLIPSOID]
    lon = np.stack([table["west"], table["east"], table["west"], table["east"]])
    lat = np.stack([table["south"], table["south"], table["north"], table["north"]])
    if surroundings.geoid is not None:
        there = surroundings.geoid.undulations_m(lon.ravel(), lat.ravel()).reshape(lon.shape)
        # A metre to spare for what the geoid does between the corners of a box.
        low, high = there.min(axis=0) - 1.0, there.max(axis=0) + 1.0
        if own == amsl:
            lowest[:, ellipsoid], highest[:, ellipsoid] = (
                lowest[:, own] + low,
                highest[:, own] + high,
            )
        elif own == ellipsoid:
            lowest[:, amsl] = lowest[:, own] - high
            highest[:, amsl] = highest[:, own] - low
    if own == agl:
        return lowest, highest
    unknown = np.isnan(lowest) | np.isnan(highest)
    lowest[unknown], highest[unknown] = -np.inf, np.inf
    return lowest, highest


def _box(area: Area, reach_m: float) -> tuple[float, float, float, float]:
    """Degrees that certainly hold the area and what reaches into it."""
    width, height = area.columns * area.cell_m, area.rows * area.cell_m
    outline = shapely.box(
        area.west_m, area.south_m, area.west_m + width, area.south_m + height
    ).buffer(reach_m)
    west, south, east, north = area.plane.degrees(shapely.segmentize(outline, width / 8.0)).bounds
    return west, south, east, north


def _fill(
    field: Field, area: Area, shapes: NDArray[np.object_], times: Floats, reach_m: float
) -> None:
    """Close the cells within reach of shapes in plane metres, each in its moments."""
    rings, shape_start = _rings(shapes)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    ring_start = np.searchsorted(ring, np.arange(rings.size + 1)).astype(np.int64)
    corner = np.array([area.west_m, area.south_m])
    # A cell counts when any of it is within reach: its middle is then at most half a diagonal off.
    reach = reach_m + area.cell_m * np.sqrt(0.5)
    close_zones(field, xy - corner, ring_start, shape_start, times, reach)


def _rings(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], Integers]:
    parts, whose = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    start = np.searchsorted(whose[part], np.arange(shapes.size + 1))
    return rings, start.astype(np.int64)


def crowd(area: Area, crowding: Crowding) -> Floats:
    """People per km² under every cell, 0 where unknown.

    They are asked for every fourth cell: meshes are coarser than that.
    """
    lon, lat = area.lonlat(_CROWDING_EVERY)
    people = np.nan_to_num(crowding(lon.ravel(), lat.ravel()).reshape(lon.shape))
    each = people.repeat(_CROWDING_EVERY, axis=0).repeat(_CROWDING_EVERY, axis=1)
    return np.ascontiguousarray(each[: area.rows, : area.columns])


def charged(people: Floats, per_thousand: float) -> Floats:
    """What a metre costs: 1 + `per_thousand` x (people per km²) / 1,000."""
    cost: Floats = 1.0 + per_thousand / 1_000.0 * people
    return cost


def coarse(field: Field) -> Field:
    """The same in cells eight times as large: costs of their open part, closed where little is."""
    weight, since, until = coarsened(field, COARSE, _LEAST_OPEN)
    return Field(field.cell * COARSE, field.speed, weight, since, until)
