"""What a corridor is judged against: zones laid out for the compiled part, geoid and terrain."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import shapely
import shapely.affinity
from numpy.typing import NDArray

from routes_planner.compiled.index import cells_of
from routes_planner.compiled.tables import (
    CHUNK,
    VOLUME,
    Floats,
    Grid,
    Integers,
    Records,
    Volumes,
)
from routes_planner.rules.apply import rule_of
from soramichi.domain.activation import active_intervals
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.geozone import Containment, Geozone, ZoneKind, ZoneType, ZoneVolume
from soramichi.domain.terrain import Terrain

EDGES_PER_CHUNK = 8
# About 800 m in Japan: cells half or twice as large cost a tenth more.
FINEST_CELL_DEG = 0.0075
# The grid may grow no larger than this; a wider area gets larger cells instead.
MOST_CELLS = 4_000_000
# A volume stands in the level where its box is at most this many cells across.
WIDEST_CELLS = 32
# A line may reach this far beyond the antimeridian; zones that near to it are laid out twice.
CROSSING_DEG = 25.0
_DAY_S = 86_400.0
# Spans of days whose weekly hours are kept resolved.
_DAYS_KEPT = 8
# Row of `Flights.band` for each datum that a limit of a zone may have.
COLUMN = {Datum.AMSL: 0, Datum.ELLIPSOID: 1, Datum.AGL: 2}


class Geoid(Protocol):
    """Heights of the geoid above the WGS 84 ellipsoid; `soramichi.domain.geoid` is one."""

    def undulations_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        """Metres at each place, nan where the model has none."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Zones with their index, and the evidence that their limits need.

    Made once with `survey` and used for any number of checks; what it says never
    changes. `zone_of` and `part_of` tell the zone, and the volume in that zone,
    of each laid-out volume, `places` which of them are more than a rule
    about heights; `keep_in` and `anywhere` are zones judged on their own.
    `districts` are the densely inhabited ones whatever they ask, None without any.
    """

    zones: tuple[Geozone, ...]
    geoid: Geoid | None
    terrain: Terrain | None
    zone_of: Integers
    part_of: Integers
    volumes: Volumes
    places: NDArray[np.bool_]
    grid: Grid
    keep_in: tuple[int, ...]
    anywhere: tuple[int, ...]
    districts: Surroundings | None
    _scheduled: tuple[int, ...] = field(repr=False)
    _resolved: dict[tuple[int, int], Volumes] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def ellipsoidal(self) -> bool:
        """Whether some limit is a height above the ellipsoid."""
        column, table = COLUMN[Datum.ELLIPSOID], self.volumes.volumes
        return bool(((table["floor_datum"] == column) | (table["ceiling_datum"] == column)).any())

    def footprint(self, row: int) -> shapely.Polygon | shapely.MultiPolygon:
        """The footprint of a laid-out volume, in WGS 84 degrees."""
        return self.zones[int(self.zone_of[row])].volumes[int(self.part_of[row])].footprint

    def during(self, since_s: float, until_s: float) -> Volumes:
        """The volumes with the weekly hours of their zones as instants around [since, until].

        For times that are not finite a zone with hours counts as always active.
        """
        if not self._scheduled or not (np.isfinite(since_s) and np.isfinite(until_s)):
            return self.volumes
        # Whole days, a second to spare: one answer serves every flight of a day.
        days = int((since_s - 1.0) // _DAY_S), int((until_s + 1.0) // _DAY_S) + 1
        found = self._resolved.get(days)
        if found is None:
            # Others may ask at the same time, so what is returned is never read back from here.
            found = self._with_hours(*days)
            if len(self._resolved) >= _DAYS_KEPT:
                self._resolved.clear()
            self._resolved[days] = found
        return found

    def _with_hours(self, first_day: int, end_day: int) -> Volumes:
        """The volumes with weekly hours as instants on these days since 1970."""
        asked = [datetime.fromtimestamp(day * _DAY_S, UTC) for day in (first_day, end_day)]
        hours = {
            z: [(a.timestamp(), b.timestamp()) for a, b in active_intervals(self.zones[z], *asked)]
            for z in self._scheduled
        }
        rows = np.flatnonzero(np.isin(self.zone_of, self._scheduled))
        mine = [hours[z] for z in self.zone_of[rows].tolist()]
        count = np.array([len(each) for each in mine])
        end = len(self.volumes.periods) + np.cumsum(count)
        volumes = self.volumes.volumes.copy()
        volumes["period"][rows], volumes["period_end"][rows] = end - count, end
        periods = np.concatenate([self.volumes.periods, *(np.array(each) for each in mine if each)])
        return self.volumes._replace(volumes=volumes, periods=periods)


def survey(
    zones: Sequence[Geozone], *, geoid: Geoid | None = None, terrain: Terrain | None = None
) -> Surroundings:
    """Lay out and index `zones`; those that restrict nothing are left out. () is allowed."""
    zones = tuple(zones)
    judged = [k for k, z in enumerate(zones) if z.zone_type is not ZoneType.NO_RESTRICTION]
    inhabited = tuple(zone for zone in zones if zone.kind is ZoneKind.DID)
    whole = range(len(inhabited))
    districts = _laid_out(inhabited, whole, None, None) if inhabited else None
    return replace(_laid_out(zones, judged, geoid, terrain), districts=districts)


def _laid_out(
    zones: tuple[Geozone, ...],
    judged: Sequence[int],
    geoid: Geoid | None,
    terrain: Terrain | None,
) -> Surroundings:
    laid = [
        (k, part, volume)
        for k in judged
        if zones[k].containment is Containment.KEEP_OUT
        for part, volume in enumerate(zones[k].volumes)
        if not volume.footprint.is_empty
    ]
    laid += _beyond_the_antimeridian(laid)
    zone_of = np.array([k for k, _, _ in laid], np.int64)
    table = np.zeros(len(laid), VOLUME)
    _lay_out_limits(table, [(v.floor, v.ceiling) for _, _, v in laid])
    chunks, vertices = _lay_out_rings(table, [v.footprint for _, _, v in laid])
    periods = _lay_out_periods(table, zones, zone_of)
    volumes = Volumes(table, chunks, vertices, periods)
    return Surroundings(
        zones=zones,
        geoid=geoid,
        terrain=terrain,
        zone_of=zone_of,
        part_of=np.array([p for _, p, _ in laid], np.int64),
        volumes=volumes,
        places=np.array([not _is_height_rule(zones[k]) for k in zone_of.tolist()], bool),
        grid=_grid(volumes),
        keep_in=tuple(k for k in judged if zones[k].containment is Containment.KEEP_IN),
        anywhere=tuple(k for k in judged if zones[k].unknowns and not zones[k].volumes),
        districts=None,
        _scheduled=tuple(
            k for k in sorted(set(zone_of.tolist())) if any(a.windows for a in zones[k].activations)
        ),
    )


def _is_height_rule(zone: Geozone) -> bool:
    """Whether the zone stands for a rule about heights everywhere, not for a place."""
    return rule_of(zone) is not None and any(
        volume.floor is not None or volume.ceiling is not None for volume in zone.volumes
    )


def _beyond_the_antimeridian(
    laid: list[tuple[int, int, ZoneVolume]],
) -> list[tuple[int, int, ZoneVolume]]:
    """Copies, a turn of the Earth away, of volumes that a line crossing it could meet there."""
    copies = []
    for k, part, volume in laid:
        west, _, east, _ = volume.footprint.bounds
        turns = [360.0] if west <= CROSSING_DEG - 180.0 else []
        turns += [-360.0] if east >= 180.0 - CROSSING_DEG else []
        for turn in turns:
            moved = shapely.affinity.translate(volume.footprint, xoff=turn)
            copies.append((k, part, replace(volume, footprint=moved)))
    return copies


def _lay_out_limits(table: Records, bands: list[tuple[Altitude | None, Altitude | None]]) -> None:
    table["floor"] = [-np.inf if f is None else f.metres for f, _ in bands]
    table["ceiling"] = [np.inf if c is None else c.metres for _, c in bands]
    table["floor_datum"] = [COLUMN[f.datum] if f is not None else 0 for f, _ in bands]
    table["ceiling_datum"] = [COLUMN[c.datum] if c is not None else 0 for _, c in bands]


def _lay_out_rings(
    table: Records, footprints: list[shapely.Polygon | shapely.MultiPolygon]
) -> tuple[Records, Floats]:
    """Fill in boxes and chunks of `table`; return the chunks and vertices."""
    shapes = np.array(footprints, dtype=object)
    parts, whose = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    size = np.bincount(ring, minlength=rings.size)
    begin = np.cumsum(size) - size
    count = -(-(size - 1) // EDGES_PER_CHUNK)
    of = np.repeat(np.arange(rings.size), count)
    nth = np.arange(of.size) - np.repeat(np.cumsum(count) - count, count)
    chunks = np.zeros(of.size, CHUNK)
    chunks["first"] = begin[of] + nth * EDGES_PER_CHUNK
    chunks["last"] = np.minimum(chunks["first"] + EDGES_PER_CHUNK, begin[of] + size[of] - 1)
    if of.size:
        ends = np.column_stack([chunks["first"], chunks["last"] + 1]).ravel()
        # reduceat wants every end inside the array; the last chunk ends just behind it.
        padded = np.concatenate([xy, xy[-1:]])
        low = np.minimum.reduceat(padded, ends, axis=0)[::2]
        high = np.maximum.reduceat(padded, ends, axis=0)[::2]
        chunks["west"], chunks["south"], chunks["east"], chunks["north"] = *low.T, *high.T
    start = np.searchsorted(whose[part][of], np.arange(shapes.size + 1))
    table["chunk"], table["chunk_end"] = start[:-1], start[1:]
    box = shapely.bounds(shapes).reshape(-1, 4)
    table["west"], table["south"], table["east"], table["north"] = box.T
    return chunks, np.ascontiguousarray(xy)


def _lay_out_periods(
    table: Records,
    zones: tuple[Geozone, ...],
    zone_of: Integers,
) -> Floats:
    """Fill in the periods of `table`, weekly hours taken as always open."""
    periods = {k: _periods(zones[k]) for k in set(zone_of.tolist())}
    mine = [periods[k] for k in zone_of.tolist()]
    end = np.cumsum([len(p) for p in mine])
    table["period"], table["period_end"] = end - [len(p) for p in mine], end
    return np.array(list(itertools.chain.from_iterable(mine)), np.float64).reshape(-1, 2)


def _periods(zone: Geozone) -> list[tuple[float, float]]:
    """[since, until) of a zone in seconds since 1970, weekly hours taken as always open.

    In order and apart, as the compiled part wants them.
    """
    given = sorted(
        (
            a.starts_at.timestamp() if a.starts_at is not None else -np.inf,
            a.ends_at.timestamp() if a.ends_at is not None else np.inf,
        )
        for a in zone.activations
    ) or [(-np.inf, np.inf)]
    apart = given[:1]
    for since, until in given[1:]:
        if since <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(apart[-1][1], until)
        else:
            apart.append((since, until))
    return apart


def _grid(volumes: Volumes) -> Grid:
    """The index: cells of degrees in levels, eight times larger from one to the next."""
    table = volumes.volumes
    if not table.size:
        nothing = np.zeros(0, np.int64)
        return Grid(
            0.0, 0.0, np.zeros(0), nothing, nothing, nothing, np.zeros(1, np.int64), nothing
        )
    west, south = table["west"].min(), table["south"].min()
    east, north = table["east"].max(), table["north"].max()
    finest = max(FINEST_CELL_DEG, np.sqrt((east - west) * (north - south) / MOST_CELLS))
    across = np.maximum(table["east"] - table["west"], table["north"] - table["south"])
    wanted = np.ceil(np.log(np.maximum(across / (WIDEST_CELLS * finest), 1.0)) / np.log(8.0))
    used, level = np.unique(wanted, return_inverse=True)
    cell = finest * 8.0**used
    columns = np.floor((east - west) / cell).astype(np.int64) + 1
    rows = np.floor((north - south) / cell).astype(np.int64) + 1
    first = np.concatenate([[0], np.cumsum(columns * rows)]).astype(np.int64)
    nothing = np.zeros(0, np.int64)
    empty = Grid(
        float(west), float(south), cell, columns, rows, first[:-1].copy(), nothing, nothing
    )
    cells, owner = cells_of(volumes, empty, level.astype(np.int64))
    order = np.argsort(cells, kind="stable")
    counts = np.bincount(cells, minlength=int(first[-1]))
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return empty._replace(start=start, volume=owner[order])
