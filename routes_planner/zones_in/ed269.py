"""ED-269 zones, in the standard's dialect (`features`) and InterUSS's (`UASZoneList`)."""

from __future__ import annotations

from functools import partial
from typing import Any

from routes_planner.zones_in import footprint
from routes_planner.zones_in.features import read_features
from routes_planner.zones_in.limits import FOOT_M, Limit, band
from routes_planner.zones_in.periods import activations
from routes_planner.zones_in.report import Imported, Item
from routes_planner.zones_in.texts import authorities, name, words
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone, ZoneType, ZoneVolume
from soramichi.errors import BadFile

FORMAT = "ed269"
_TYPES = {
    "PROHIBITED": ZoneType.PROHIBITED,
    "REQ_AUTHORISATION": ZoneType.REQ_AUTHORIZATION,
    "REQ_AUTHORIZATION": ZoneType.REQ_AUTHORIZATION,
    "CONDITIONAL": ZoneType.CONDITIONAL,
    "NO_RESTRICTION": ZoneType.NO_RESTRICTION,
}


def recognises(document: Any) -> bool:
    """Whether the JSON has ED-269's outer shape."""
    if not isinstance(document, dict):
        return False
    if "UASZoneList" in document:
        return True
    features = document.get("features")
    return (
        document.get("type") != "FeatureCollection"
        and isinstance(features, list)
        and any(isinstance(f, dict) and isinstance(f.get("geometry"), list) for f in features)
    )


def read(source: str, document: Any) -> Imported:
    """Every zone of an ED-269 document. Raises `BadFile` when it has no list of zones."""
    field = "UASZoneList" if "UASZoneList" in document else "features"
    features = document.get(field)
    if not isinstance(features, list):
        raise BadFile(source, "this is not a list of zones", field=field)
    return read_features(
        features,
        source=source,
        zone_format=FORMAT,
        read=partial(_zone, source=source),
        identify=("identifier",),
    )


def _zone(feature: dict[str, Any], item: Item, *, source: str) -> Geozone:
    restriction = feature.get("restriction")
    zone_type = _TYPES.get(restriction) if isinstance(restriction, str) else None
    if zone_type is None:
        item.unknown(
            "restriction",
            f"制限の種類 {str(restriction)[:40]!r} が分かりません",
            f"restriction {str(restriction)[:40]!r} is not one of ED-269",
        )
    geometry = feature.get("geometry")
    volumes = [_volume(part, item, index) for index, part in enumerate(_list(geometry))]
    if not volumes:
        item.unknown("geometry", "区域の形がありません", "the zone has no geometry")
    return Geozone(
        identifier=item.identifier,
        name=name(feature.get("name")) or Name(ja=item.identifier, en=item.identifier),
        zone_type=zone_type or ZoneType.PROHIBITED,
        activations=activations(
            feature.get("applicability"),
            item,
            "applicability",
            schedule=("schedule", "dailyPeriod"),
        ),
        volumes=tuple(volume for volume in volumes if volume is not None),
        source=source,
        country=str(feature.get("country") or "")[:3],
        reasons=words(feature.get("reason")),
        authorities=authorities(feature.get("zoneAuthority")),
        message=name(feature.get("message")),
        properties={key: value for key, value in feature.items() if key != "geometry"},
    )


def _volume(part: Any, item: Item, index: int) -> ZoneVolume | None:
    """One airspace volume; None, and the zone everywhere in doubt, when it cannot be placed."""
    field = f"geometry[{index}]"
    own = item.part()
    if not isinstance(part, dict) or not isinstance(part.get("horizontalProjection"), dict):
        own.unknown(field, "水平の形がありません", "there is no horizontalProjection")
        item.lose(own)
        return None
    unit = part.get("uomDimensions")
    area = _projection(part["horizontalProjection"], unit, own, f"{field}.horizontalProjection")
    if area is None:
        item.lose(own)
        return None
    floor, ceiling = band(
        Limit(part.get("lowerLimit"), part.get("lowerVerticalReference")),
        Limit(part.get("upperLimit"), part.get("upperVerticalReference")),
        unit=unit,
        item=own,
    )
    return ZoneVolume(footprint=area, floor=floor, ceiling=ceiling, unknowns=tuple(own.unknowns))


def _projection(
    projection: dict[str, Any], unit: Any, item: Item, field: str
) -> footprint.Footprint | None:
    kind = projection.get("type")
    if kind == "Polygon":
        return footprint.polygon(projection.get("coordinates"), item, field)
    if kind == "Circle":
        radius = footprint.number(projection.get("radius"))
        # The radius is in uomDimensions too, which may be feet.
        feet = str(unit).strip().upper() in {"FT", "FEET", "FOOT"}
        metres = radius if radius is None or not feet else radius * FOOT_M
        return footprint.circle(projection.get("center"), metres, item, field)
    item.unknown(
        f"{field}.type",
        f"形の種類 {str(kind)[:40]!r} が分かりません",
        f"{str(kind)[:40]!r} is neither Polygon nor Circle",
    )
    return None


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
