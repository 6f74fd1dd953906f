"""QGroundControl fences: [lat, lon] rings and circles to stay inside of, or out of.

A plan's inclusion shapes together are one keep-in zone (an aircraft must be
inside at least one of them); each exclusion shape is a zone of its own. Fences
have no heights and no times.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from routes_planner.zones_in import footprint
from routes_planner.zones_in.features import member, read_features
from routes_planner.zones_in.report import Imported, Item
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Containment, Geozone, ZoneKind, ZoneType, ZoneVolume
from soramichi.errors import BadFile

FORMAT = "qgc"


def recognises(document: Any) -> bool:
    """Whether the JSON is a QGroundControl plan."""
    return isinstance(document, dict) and (
        document.get("fileType") == "Plan" or "geoFence" in document
    )


def read(source: str, document: Any) -> Imported:
    """The fences of a plan. Raises `BadFile` when it has none."""
    fence = document.get("geoFence")
    if not isinstance(fence, dict):
        raise BadFile(source, "the plan has no fence", field="geoFence")
    shapes = _shapes(source, fence)
    if not shapes:
        raise BadFile(source, "the plan's fence is empty", field="geoFence")
    inclusions = [shape for shape in shapes if _is_inclusion(shape)]
    exclusions = [shape for shape in shapes if not _is_inclusion(shape)]
    return read_features(
        [
            *([{"id": "inclusion", "shapes": inclusions}] if inclusions else []),
            *(
                {"id": f"exclusion-{index}", "shapes": [shape]}
                for index, shape in enumerate(exclusions, 1)
            ),
        ],
        source=source,
        zone_format=FORMAT,
        read=partial(_zone, source=source),
        identify=("id",),
    )


def _shapes(source: str, fence: dict[str, Any]) -> list[Any]:
    """Polygons and circles; version 1 had one polygon, to stay inside of."""
    shapes: list[Any] = []
    for key in ("polygons", "circles"):
        listed = fence.get(key, [])
        if not isinstance(listed, list):
            raise BadFile(source, "this is not a list", field=f"geoFence.{key}")
        shapes += listed
    if fence.get("polygon"):
        shapes.append({"inclusion": True, "polygon": fence["polygon"]})
    return shapes


def _is_inclusion(shape: Any) -> bool:
    """Keep-in only when the plan says so; the other reading refuses more."""
    return member(shape, "inclusion") is True


def _zone(feature: dict[str, Any], item: Item, *, source: str) -> Geozone:
    keep_in = feature["id"] == "inclusion"
    volumes = [_volume(shape, item, index) for index, shape in enumerate(feature["shapes"])]
    ja, en = ("飛行範囲", "fence to stay inside of") if keep_in else ("除外範囲", "excluded area")
    return Geozone(
        identifier=item.identifier,
        name=Name(ja=ja, en=en),
        zone_type=ZoneType.PROHIBITED,
        kind=ZoneKind.FENCE,
        containment=Containment.KEEP_IN if keep_in else Containment.KEEP_OUT,
        volumes=tuple(volume for volume in volumes if volume is not None),
        source=source,
        properties={"shapes": feature["shapes"]},
    )


def _volume(shape: Any, item: Item, index: int) -> ZoneVolume | None:
    own = item.part()
    circle = member(shape, "circle")
    if not isinstance(member(shape, "inclusion"), bool):
        own.unknown("inclusion", "内側か外側か分かりません", "it does not say which side is fenced")
    if circle is not None:
        centre, radius = _lonlat(member(circle, "center")), member(circle, "radius")
        area = footprint.circle(centre, radius, own, f"circles[{index}]")
    else:
        ring = member(shape, "polygon")
        points = [_lonlat(point) for point in ring] if isinstance(ring, list) else None
        area = footprint.polygon([points], own, f"polygons[{index}]")
    if area is None:
        item.lose(own)
        return None
    return ZoneVolume(footprint=area, unknowns=tuple(own.unknowns))


def _lonlat(latlon: Any) -> Any:
    """The plan's [lat, lon, ...] in GeoJSON's order; anything else as it is."""
    return latlon[1::-1] if isinstance(latlon, list) and len(latlon) >= 2 else latlon
