"""GPX routes and tracks as candidates.

`<ele>` is metres above something the format does not name, so the heights have
no datum unless the planner states one.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from routes_planner.candidates_in.candidate import Line, Point
from routes_planner.candidates_in.geojson import points
from routes_planner.zones_in.document import local_name
from routes_planner.zones_in.kml import descendants, text
from soramichi.errors import BadFile

FORMAT = "gpx"
_POINT = {"rte": "rtept", "trk": "trkpt"}


def lines(source: str, root: Element) -> list[Line]:
    """Every route and every track; the segments of a track are one line. Raises `BadFile`."""
    if local_name(root) != "gpx":
        raise BadFile(
            source,
            f"the root element is <{local_name(root)[:40]}>, not <gpx>",
            ja=f"最も外の要素が <gpx> ではなく <{local_name(root)[:40]}> です",
        )
    found = []
    for index, element in enumerate((e for e in root if local_name(e) in _POINT), 1):
        name = text(element, "name") or f"line-{index}"
        places = descendants(element, _POINT[local_name(element)])
        found.append(Line(name=name, points=_points(source, places, name)))
    return found


def _points(source: str, places: list[Element], name: str) -> list[Point]:
    values = []
    for place in places:
        height = text(place, "ele")
        values.append([place.get("lon"), place.get("lat"), *([height] if height else [])])
    return points(source, values, name)
