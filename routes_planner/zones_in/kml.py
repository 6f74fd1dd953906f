"""KML areas as zones: Placemarks with polygons, their altitude modes and time spans."""

from __future__ import annotations

from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from routes_planner.zones_in import footprint
from routes_planner.zones_in.document import local_name
from routes_planner.zones_in.features import read_features
from routes_planner.zones_in.geojson import LIMITS, heights, named
from routes_planner.zones_in.periods import between, instant
from routes_planner.zones_in.report import Imported, Item
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.geozone import Geozone, ZoneType, ZoneVolume
from soramichi.errors import BadFile

FORMAT = "kml"


def read(source: str, root: Element) -> Imported:
    """Every Placemark with a polygon. Raises `BadFile` when there is none.

    Heights: the GeoJSON properties in ExtendedData where given; otherwise
    those of the coordinates, as the polygon's `altitudeMode` says. Clamped to
    the ground, a zone reaches up without limit; extruded, from the surface to
    its highest coordinate; a polygon that hangs in the air bounds no band.
    """
    if local_name(root) != "kml":
        raise BadFile(source, f"the root element is <{local_name(root)[:40]}>, not <kml>")
    placemarks = [element for element in root.iter() if local_name(element) == "Placemark"]
    result = read_features(
        [_plain(placemark) for placemark in placemarks],
        source=source,
        zone_format=FORMAT,
        read=partial(_zone, source=source),
        identify=("id",),
    )
    if not result.zones:
        raise BadFile(source, "it holds no Placemark with a Polygon")
    return result


def _plain(placemark: Element) -> dict[str, Any]:
    """What a zone needs of a Placemark, as plain values (so that it can be digested)."""
    properties = extended_data(placemark)
    for key in ("name", "description"):
        if text(placemark, key):
            properties.setdefault(key, text(placemark, key))
    spans = descendants(placemark, "TimeSpan")
    return {
        "id": placemark.get("id") or "",
        "properties": properties,
        "begin": text(spans[0], "begin") if spans else "",
        "end": text(spans[0], "end") if spans else "",
        "polygons": [_polygon(polygon) for polygon in descendants(placemark, "Polygon")],
    }


def _polygon(polygon: Element) -> dict[str, Any]:
    boundaries = [
        *descendants(polygon, "outerBoundaryIs")[:1],
        *descendants(polygon, "innerBoundaryIs"),
    ]
    return {
        "mode": text(polygon, "altitudeMode") or "clampToGround",
        "extrude": text(polygon, "extrude") == "1",
        "rings": [_ring(text(ring, "coordinates")) for ring in boundaries],
        "has_outer": bool(descendants(polygon, "outerBoundaryIs")),
    }


def _ring(coordinates: str) -> list[list[float | None]]:
    """lon,lat[,height] triples; what is no number becomes None, which no ring accepts."""
    return [[footprint.number(part) for part in point.split(",")] for point in coordinates.split()]


def _zone(feature: dict[str, Any], item: Item, *, source: str) -> Geozone | None:
    if not feature["polygons"]:
        item.dropped("Placemark", "面がありません", "it has no Polygon, so it is no zone")
        return None
    volumes = [
        volume
        for index, polygon in enumerate(feature["polygons"])
        if (volume := _volume(polygon, feature["properties"], item, f"Polygon[{index}]"))
    ]
    starts = instant(feature["begin"], item, "TimeSpan.begin")
    ends = instant(feature["end"], item, "TimeSpan.end")
    return Geozone(
        identifier=item.identifier,
        name=named(feature["properties"], item.identifier),
        zone_type=ZoneType.PROHIBITED,
        volumes=tuple(volumes),
        activations=between(starts, ends, item, "TimeSpan"),
        source=source,
        properties=feature["properties"],
    )


def _volume(
    polygon: dict[str, Any], properties: dict[str, Any], item: Item, field: str
) -> ZoneVolume | None:
    own = item.part()
    area = footprint.polygon(polygon["rings"], own, field) if polygon["has_outer"] else None
    if area is None:
        if not polygon["has_outer"]:
            own.unknown(field, "外周がありません", "it has no outer boundary")
        item.lose(own)
        return None
    floor, ceiling = heights(properties, own)
    # Limits that are stated but cannot be read, or have no end, are not narrowed by the drawing.
    if not LIMITS & properties.keys():
        ceiling = _ceiling(polygon, own, field)
    return ZoneVolume(footprint=area, floor=floor, ceiling=ceiling, unknowns=tuple(own.unknowns))


def _ceiling(polygon: dict[str, Any], item: Item, field: str) -> Altitude | None:
    mode = polygon["mode"]
    if mode in ("clampToGround", "clampToSeaFloor"):
        return None
    tops = [point[2] for point in polygon["rings"][0] if len(point) > 2]
    datum = {"relativeToGround": Datum.AGL, "absolute": Datum.AMSL}.get(mode)
    if datum is None or not polygon["extrude"] or not tops or None in tops:
        item.unknown(
            f"{field}.altitudeMode",
            f"高さの範囲が分かりません（{mode[:40]}、extrude なし）",
            f"{mode[:40]} without extrude bounds no band of heights",
        )
        return None
    return Altitude(max(tops), datum)


def extended_data(placemark: Element) -> dict[str, Any]:
    """The custom members of a Placemark, as text."""
    found: dict[str, Any] = {}
    for data in descendants(placemark, "Data"):
        found[str(data.get("name"))] = text(data, "value")
    for data in descendants(placemark, "SimpleData"):
        found[str(data.get("name"))] = (data.text or "").strip()
    return found


def descendants(element: Element, name: str) -> list[Element]:
    """All elements of that local name below `element`, in document order."""
    return [child for child in element.iter() if local_name(child) == name]


def text(element: Element, name: str) -> str:
    """The text of the first element of that local name; "" where there is none."""
    found = next((child for child in element.iter() if local_name(child) == name), None)
    return "" if found is None else (found.text or "").strip()
