"""How many people live below a corridor: mesh population by JIS X 0410, as e-Stat publishes it."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass

import numpy as np
import shapely

from routes_planner.compiled.tables import Floats, Integers
from routes_planner.merging import line_between
from routes_planner.zones_in.footprint import number
from soramichi.domain.corridor import Corridor
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.position import Position
from soramichi.errors import BadFile

# Digits of a code -> cells per degree of latitude and longitude (JIS X 0410).
LEVELS = {
    4: (1.5, 1.0),
    6: (12.0, 8.0),
    8: (120.0, 80.0),
    9: (240.0, 160.0),
    10: (480.0, 320.0),
    11: (960.0, 640.0),
}
_CODE_COLUMNS = ("key_code", "mesh_code", "meshcode", "mesh", "メッシュコード")
_PEOPLE_COLUMNS = ("population", "people", "pop", "人口", "人口(総数)", "人口（総数）")


@dataclass(frozen=True, slots=True)
class Population:
    """People per mesh cell; all cells of one size.

    `row` and `column` count cells from 0 N and 100 E; `covered` are the first-level
    meshes (row, column) that the source has at all: a cell that it leaves out in one
    of these is empty, elsewhere nobody knows.
    """

    per_degree: tuple[float, float]
    row: Integers
    column: Integers
    people: Floats
    covered: frozenset[tuple[int, int]]

    def below(self, corridor: Corridor) -> int | None:
        """People inside the corridor's width, cells counted by the share inside; None: not known.

        Rounded up to whole people.
        """
        plane, area = area_below(corridor)
        west, south, east, north = plane.degrees(area).bounds
        if not self._covers(west, south, east, north):
            return None
        lat, lon = self.row / self.per_degree[0], 100.0 + self.column / self.per_degree[1]
        high, wide = 1.0 / self.per_degree[0], 1.0 / self.per_degree[1]
        near = (lon <= east) & (lon + wide >= west) & (lat <= north) & (lat + high >= south)
        cells = plane.metres(shapely.box(lon[near], lat[near], lon[near] + wide, lat[near] + high))
        share = shapely.area(shapely.intersection(cells, area)) / np.maximum(
            shapely.area(cells), 1.0
        )
        return math.ceil(float((share * self.people[near]).sum()) - 1e-9)

    def density(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        """People per km² at each place; nan where the source has no mesh."""
        row = np.floor(latitude_deg * self.per_degree[0] + 1e-9).astype(np.int64)
        column = np.floor((longitude_deg - 100.0) * self.per_degree[1] + 1e-9).astype(np.int64)
        key, own = _key(row, column), _key(self.row, self.column)
        order = np.argsort(own)
        at = np.minimum(np.searchsorted(own[order], key), max(own.size - 1, 0))
        found = own[order][at] == key if own.size else np.zeros(key.size, bool)
        people = np.where(found, self.people[order][at] if own.size else 0.0, 0.0)
        height_km = 110.95 / self.per_degree[0]
        width_km = 111.32 * np.cos(np.radians(latitude_deg)) / self.per_degree[1]
        first = _key(
            np.floor(latitude_deg * 1.5 + 1e-9).astype(np.int64),
            np.floor(longitude_deg - 100.0 + 1e-9).astype(np.int64),
        )
        known = np.isin(
            first, [int(_key(np.array([r]), np.array([c]))[0]) for r, c in self.covered]
        )
        return np.where(known, people / (height_km * width_km), np.nan)

    def nearest_home_m(self, corridor: Corridor) -> float | None:
        """Metres from the corridor's edge to the nearest cell with people; None: none known."""
        plane, area = area_below(corridor)
        lived = self.people > 0.0
        lat = self.row[lived] / self.per_degree[0]
        lon = 100.0 + self.column[lived] / self.per_degree[1]
        high, wide = 1.0 / self.per_degree[0], 1.0 / self.per_degree[1]
        west, south, east, north = plane.degrees(area).bounds
        near = (lon < east + 1.0) & (lon > west - 1.0) & (lat < north + 1.0) & (lat > south - 1.0)
        if not near.any():
            return None
        cells = shapely.box(lon[near], lat[near], lon[near] + wide, lat[near] + high)
        return float(shapely.distance(plane.metres(cells), area).min())

    def _covers(self, west: float, south: float, east: float, north: float) -> bool:
        rows = range(math.floor(south * 1.5), math.floor(north * 1.5) + 1)
        columns = range(math.floor(west - 100.0), math.floor(east - 100.0) + 1)
        return all((row, column) in self.covered for row in rows for column in columns)


def read_population(source: str, data: bytes) -> Population:
    """Mesh population from CSV: a column of codes and one of people, UTF-8 or Shift_JIS.

    Codes of 8 to 11 digits, all alike. e-Stat's second header line and its secret
    cells ("*", counted with a neighbour there) are passed over. Raises `BadFile`.
    """
    rows = list(csv.reader(io.StringIO(_text(source, data))))
    if not rows:
        raise BadFile(source, "the file is empty")
    header = [name.strip().lower() for name in rows[0]]
    code_at = next((header.index(name) for name in _CODE_COLUMNS if name in header), None)
    people_at = next((header.index(name) for name in _PEOPLE_COLUMNS if name in header), None)
    if people_at is None:
        # e-Stat names its columns T001234001, the first being the total.
        people_at = next(
            (k for k, name in enumerate(header) if name[:1] == "t" and name[1:].isdigit()), None
        )
    if code_at is None or people_at is None:
        raise BadFile(
            source,
            f"it needs the columns {_CODE_COLUMNS[0]} and {_PEOPLE_COLUMNS[0]}",
            field="header",
        )
    counts: dict[str, float] = {}
    for line, row in enumerate(rows[1:], 2):
        code = row[code_at].strip() if len(row) > max(code_at, people_at) else ""
        text = row[people_at].strip() if code else ""
        if not code or text in {"*", "-", ""}:
            continue
        people = number(text)
        if people is None or people < 0.0:
            reason = f"{text[:40]!r} is no number of people"
            raise BadFile(source, reason, field=f"line {line}")
        counts[code] = counts.get(code, 0.0) + people
    return _population(source, counts)


def mesh_bounds(code: str) -> tuple[float, float, float, float]:
    """(west, south, east, north) in degrees of a mesh code of 4, 6, 8, 9, 10 or 11 digits.

    >>> mesh_bounds("5236")
    (136.0, 34.666666666666664, 137.0, 35.333333333333336)
    """
    row, column = _cell(code)
    high, wide = LEVELS[len(code)]
    return (100.0 + column / wide, row / high, 100.0 + (column + 1) / wide, (row + 1) / high)


def _cell(code: str) -> tuple[int, int]:
    """Row and column of a code, counted from 0 N and 100 E in cells of its own size."""
    row, column = int(code[:2]), int(code[2:4])
    if len(code) >= 6:
        if not set(code[4:6]) <= set("01234567"):
            raise ValueError(code)
        row, column = row * 8 + int(code[4]), column * 8 + int(code[5])
    if len(code) >= 8:
        row, column = row * 10 + int(code[6]), column * 10 + int(code[7])
    for digit in code[8:]:
        quarter = int(digit) - 1
        if not 0 <= quarter <= 3:
            raise ValueError(digit)
        row, column = row * 2 + quarter // 2, column * 2 + quarter % 2
    return row, column


def _population(source: str, counts: dict[str, float]) -> Population:
    sizes = {len(code) for code in counts}
    if len(sizes) != 1 or not sizes <= LEVELS.keys():
        raise BadFile(source, f"mesh codes of {sorted(sizes)} digits: all must have 8, 9, 10 or 11")
    try:
        cells = np.array([_cell(code) for code in counts], np.int64)
    except ValueError:
        raise BadFile(source, "a mesh code holds something else than its digits") from None
    return Population(
        LEVELS[sizes.pop()],
        cells[:, 0],
        cells[:, 1],
        np.array(list(counts.values())),
        frozenset((int(code[:2]), int(code[2:4])) for code in counts),
    )


def _key(row: Integers, column: Integers) -> Integers:
    return row * 1_000_000 + column


def _text(source: str, data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadFile(source, "it is neither UTF-8 nor Shift_JIS")


def area_below(corridor: Corridor) -> tuple[LocalPlane, shapely.Polygon]:
    """The corridor's width as an area in metres of a plane around it; its legs are geodesics."""
    line = line_between(corridor, 0.0, math.inf)
    middle = line.centroid
    plane = LocalPlane(Position(latitude_deg=middle.y, longitude_deg=middle.x))
    whole = shapely.union(line, shapely.Point(corridor.waypoints[0].lonlat))
    return plane, plane.metres(whole).buffer(corridor.half_width_m, quad_segs=16)
