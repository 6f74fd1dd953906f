"""GeoJSON lines as candidates: LineString and MultiLineString, with or without heights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from routes_planner.candidates_in.candidate import Line, Point
from routes_planner.zones_in.features import member
from routes_planner.zones_in.footprint import number
from routes_planner.zones_in.geojson import features_of
from routes_planner.zones_in.report import Item, Note
from routes_planner.zones_in.texts import plain
from soramichi.errors import BadFile

FORMAT = "geojson"


def lines(source: str, document: Any, notes: list[Note]) -> list[Line]:
    """Every line; points and areas are dropped with a note. Raises `BadFile` for a broken line.

    RFC 7946 calls a third coordinate a height above the ellipsoid, but most
    programs write another one: without `height_datum` it has no datum.
    """
    found: list[Line] = []
    for index, feature in enumerate(features_of(source, document), 1):
        properties = member(feature, "properties")
        properties = properties if isinstance(properties, dict) else {}
        name = next(
            (text for key in ("name", "candidate", "id") if (text := plain(properties.get(key)))),
            plain(member(feature, "id")) or f"line-{index}",
        )
        geometry = member(feature, "geometry")
        parts = list(_parts(source, geometry, name))
        if not parts:
            Item(name, notes).dropped(
                "geometry", "線ではありません", f"a {member(geometry, 'type')} is not a line"
            )
        for nth, points in enumerate(parts, 1):
            own = name if len(parts) == 1 else f"{name}-{nth}"
            found.append(Line(name=own, points=points, members=properties))
    return found


def _parts(source: str, geometry: Any, name: str) -> Iterator[list[Point]]:
    kind, coordinates = member(geometry, "type"), member(geometry, "coordinates")
    if kind == "LineString":
        yield points(source, coordinates, name)
    elif kind == "MultiLineString":
        if not isinstance(coordinates, list):
            raise BadFile(
                source,
                "coordinates are not a list of lines",
                ja="座標が線の配列ではありません",
                field=name,
            )
        for part in coordinates:
            yield points(source, part, name)


def points(source: str, coordinates: Any, name: str) -> list[Point]:
    """[lon, lat] or [lon, lat, height] lists as points. Raises `BadFile` for anything else."""
    if not isinstance(coordinates, list):
        raise BadFile(
            source, "coordinates are not a list", ja="座標が配列ではありません", field=name
        )
    result = []
    for index, place in enumerate(coordinates):
        values = [number(value) for value in place] if isinstance(place, list) else []
        if len(values) < 2 or None in values[:3]:
            raise BadFile(
                source,
                "this is not [lon, lat] or [lon, lat, height]",
                ja="[経度, 緯度] または [経度, 緯度, 高さ] ではありません",
                field=f"{name}[{index}]",
            )
        lon, lat = values[:2]
        assert lon is not None  # noqa: S101
        assert lat is not None  # noqa: S101
        if abs(lat) > 90.0 or abs(lon) > 540.0:
            raise BadFile(
                source,
                f"longitude {lon} and latitude {lat} are out of range;"
                " are they the wrong way round?",
                ja=f"経度 {lon}・緯度 {lat} は範囲の外です。経度と緯度が入れ替わっていませんか",
                field=f"{name}[{index}]",
            )
        result.append(Point(lon, lat, values[2] if len(values) > 2 else None))
    return result
