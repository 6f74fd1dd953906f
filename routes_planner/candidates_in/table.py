"""CSV waypoints as candidates: one row each, in the order they are flown.

Columns: `longitude_deg` and `latitude_deg` (or `lon`, `lng`, `longitude`; `lat`, `latitude`); for
heights `altitude_amsl_m`, `height_agl_m`, `altitude_ellipsoid_m` or `height_takeoff_m`, whose names
say the datum, or `height_m` (`altitude_m`, `alt`, `ele`) with a column `height_datum`; `name` (or
`route`) tells candidates apart. In Japanese: 経度, 緯度, 標高 (AMSL), 対地高度 (AGL), 楕円体高,
高さ or 高度, and 名前, 名称 or 経路. All other members of `candidate.py` are columns too; the first
row that has one counts.
"""

from __future__ import annotations

import csv
import io

from routes_planner.candidates_in.candidate import Line, Point
from routes_planner.candidates_in.geojson import points
from soramichi.domain.altitude import Datum
from soramichi.errors import BadFile

FORMAT = "csv"
_LONGITUDE = ("longitude_deg", "longitude", "lon", "lng", "経度")
_LATITUDE = ("latitude_deg", "latitude", "lat", "緯度")
_HEIGHTS: dict[str, Datum | None] = {
    "altitude_amsl_m": Datum.AMSL,
    "height_agl_m": Datum.AGL,
    "altitude_ellipsoid_m": Datum.ELLIPSOID,
    "height_takeoff_m": Datum.TAKEOFF,
    "標高": Datum.AMSL,
    "対地高度": Datum.AGL,
    "楕円体高": Datum.ELLIPSOID,
    "height_m": None,
    "altitude_m": None,
    "altitude": None,
    "alt": None,
    "ele": None,
    "高さ": None,
    "高度": None,
}
_NAMES = ("name", "route", "candidate", "名前", "名称", "経路")


def lines(source: str, data: bytes) -> list[Line]:
    """One line for each name. Raises `BadFile` without columns for longitude and latitude."""
    rows = _rows(source, data)
    columns = list(rows[0]) if rows else []
    longitude, latitude = _first(columns, _LONGITUDE), _first(columns, _LATITUDE)
    if longitude is None or latitude is None:
        raise BadFile(
            source,
            "it is no GeoJSON, KML, GPX or .plan, and as CSV it needs the columns longitude_deg and"
            " latitude_deg",
            ja="GeoJSON・KML・GPX・.plan のどれでもありません。"
            "CSV なら 経度 と 緯度（longitude_deg と latitude_deg）の列が必要です",
        )
    height, name = _first(columns, tuple(_HEIGHTS)), _first(columns, _NAMES)
    grouped: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        grouped.setdefault((row[name] if name else "") or "line-1", []).append(row)
    found = []
    for own, group in grouped.items():
        members: dict[str, str] = {}
        for row in group:
            members |= {k: v for k, v in row.items() if v and k not in members and k != height}
        found.append(
            Line(
                name=own,
                points=_points(source, own, group, (longitude, latitude, height)),
                datum=_HEIGHTS[height] if height else None,
                members=members,
            )
        )
    return found


def _rows(source: str, data: bytes) -> list[dict[str, str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a Japanese spreadsheet saves.
        text = data.decode("cp932", errors="replace")
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = [
            {
                str(key).strip().lower(): (value or "").strip()
                for key, value in row.items()
                if key is not None and not isinstance(value, list)
            }
            for row in reader
        ]
    except csv.Error as error:
        raise BadFile(
            source,
            f"this is not CSV ({error})",
            ja="CSV として読めません。引用符の閉じ忘れなどを確かめてください",
        ) from None
    return rows


def _points(
    source: str, name: str, rows: list[dict[str, str]], keys: tuple[str, str, str | None]
) -> list[Point]:
    longitude, latitude, height = keys
    values = [
        [row[longitude], row[latitude], *([row[height]] if height and row[height] else [])]
        for row in rows
    ]
    return points(source, values, name)


def _first(columns: list[str], wanted: tuple[str, ...]) -> str | None:
    return next((name for name in wanted if name in columns), None)
