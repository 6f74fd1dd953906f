"""KML lines as candidates; the altitude mode is the datum of their heights."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from routes_planner.candidates_in.candidate import Line, Point
from routes_planner.candidates_in.geojson import points
from routes_planner.zones_in.document import local_name
from routes_planner.zones_in.kml import descendants, extended_data, text
from routes_planner.zones_in.report import Item, Note
from soramichi.domain.altitude import Datum
from soramichi.errors import BadFile

FORMAT = "kml"
# KML's "absolute" counts from the EGM96 geoid, sea level to within a metre or two.
_DATUMS = {"absolute": Datum.AMSL, "relativeToGround": Datum.AGL}


def lines(source: str, root: Element, notes: list[Note]) -> list[Line]:
    """Every LineString and gx:Track of every Placemark; others are dropped with a note."""
    if local_name(root) != "kml":
        raise BadFile(
            source,
            f"the root element is <{local_name(root)[:40]}>, not <kml>",
            ja=f"最も外の要素が <kml> ではなく <{local_name(root)[:40]}> です",
        )
    found: list[Line] = []
    for index, placemark in enumerate(descendants(root, "Placemark"), 1):
        members = extended_data(placemark)
        name = text(placemark, "name") or f"line-{index}"
        parts = [*descendants(placemark, "LineString"), *descendants(placemark, "Track")]
        if not parts:
            Item(name, notes).dropped("Placemark", "線ではありません", "it has no LineString")
        for nth, part in enumerate(parts, 1):
            own = name if len(parts) == 1 else f"{name}-{nth}"
            mode = text(part, "altitudeMode") or "clampToGround"
            found.append(
                Line(
                    name=own,
                    points=_points(source, part, own, with_heights=mode in _DATUMS),
                    datum=_DATUMS.get(mode),
                    members=members,
                )
            )
    return found


def _points(source: str, part: Element, name: str, *, with_heights: bool) -> list[Point]:
    """Coordinates of a LineString (commas) or a Track (blanks); clamped ones have no heights."""
    if local_name(part) == "Track":
        triples = [(coord.text or "").split() for coord in descendants(part, "coord")]
    else:
        triples = [triple.split(",") for triple in text(part, "coordinates").split()]
    return points(source, [triple[: 3 if with_heights else 2] for triple in triples], name)
