"""Flight-prohibited areas as DIPS 2.0 answers them: flat rings, circles, times in JST."""

from __future__ import annotations

from functools import partial
from typing import Any

from routes_planner.zones_in import footprint
from routes_planner.zones_in.features import member, read_features
from routes_planner.zones_in.periods import between, dips_instant
from routes_planner.zones_in.report import Imported, Item
from routes_planner.zones_in.texts import name, plain
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Activation, Geozone, ZoneKind, ZoneType, ZoneVolume
from soramichi.errors import BadFile

FORMAT = "dips"
_LIST = "flightProhibitedAreaInfo"
# flightProhibitedAreaTypeId -> what it is and what it asks; 3 and 4 are unused.
_TYPES = {
    1: (ZoneKind.AIRPORT, ZoneType.REQ_AUTHORIZATION),
    2: (ZoneKind.DID, ZoneType.REQ_AUTHORIZATION),
    5: (ZoneKind.RED, ZoneType.PROHIBITED),
    6: (ZoneKind.YELLOW, ZoneType.PROHIBITED),
    7: (ZoneKind.OTHER, ZoneType.REQ_AUTHORIZATION),
    8: (ZoneKind.OTHER, ZoneType.REQ_AUTHORIZATION),
    9: (ZoneKind.EMERGENCY, ZoneType.PROHIBITED),
    10: (ZoneKind.OTHER, ZoneType.REQ_AUTHORIZATION),
    11: (ZoneKind.OTHER, ZoneType.REQ_AUTHORIZATION),
}


def recognises(document: Any) -> bool:
    """Whether the JSON is an answer of the DIPS 2.0 interface."""
    return isinstance(document, dict) and _LIST in document


def read(source: str, document: Any) -> Imported:
    """Every prohibited area. Raises `BadFile` when there is no list of them.

    The format has no heights: an area holds at every height. An answer that
    counts more areas than it lists leaves one zone that could be anywhere.
    """
    areas = document.get(_LIST)
    if not isinstance(areas, list):
        raise BadFile(source, "this is not a list of areas", field=_LIST)
    count = footprint.number(document.get("totalCount", len(areas)))
    if count is None or count > len(areas):
        areas = [*areas, {"flightProhibitedAreaId": "not-listed", "totalCount": count}]
    return read_features(
        areas,
        source=source,
        zone_format=FORMAT,
        read=partial(_zone, source=source),
        identify=("flightProhibitedAreaId",),
    )


def _zone(feature: dict[str, Any], item: Item, *, source: str) -> Geozone:
    own = item.part()
    area = _area(feature, own)
    if area is None:
        item.lose(own)
    type_id = footprint.number(feature.get("flightProhibitedAreaTypeId"))
    kind, zone_type = _TYPES.get(int(type_id or 0), (ZoneKind.OTHER, ZoneType.PROHIBITED))
    if int(type_id or 0) not in _TYPES and "range" in feature:
        item.unknown(
            "flightProhibitedAreaTypeId",
            f"区域の種別 {feature.get('flightProhibitedAreaTypeId')!s:.20} が分かりません",
            f"type {feature.get('flightProhibitedAreaTypeId')!s:.20} is not known",
        )
    volumes = () if area is None else (ZoneVolume(footprint=area, unknowns=tuple(own.unknowns)),)
    return Geozone(
        identifier=item.identifier,
        name=name(feature.get("name")) or Name(ja=item.identifier, en=item.identifier),
        zone_type=zone_type,
        kind=kind,
        volumes=volumes,
        activations=_period(feature, item),
        source=source,
        country="JPN",
        message=name(plain(feature.get("detail"))),
        properties={key: value for key, value in feature.items() if key != "range"},
    )


def _area(feature: dict[str, Any], item: Item) -> footprint.Footprint | None:
    area = feature.get("range")
    kind = member(area, "type")
    if kind == "Circle":
        centre = member(area, "center")
        # Seen both as [lon, lat] and as [[lon, lat]].
        if isinstance(centre, list) and len(centre) == 1:
            centre = centre[0]
        return footprint.circle(centre, member(area, "radius"), item, "range")
    if kind == "Polygon":
        return footprint.polygon(_rings(member(area, "coordinates")), item, "range")
    if "totalCount" in feature:
        item.unknown(
            "totalCount",
            "回答に含まれない区域があります。残りのページも取得してください",
            "the answer counts more areas than it lists; fetch the other pages too",
        )
        return None
    item.unknown("range", "区域の形が分かりません", "the range is neither Polygon nor Circle")
    return None


def _rings(coordinates: Any) -> Any:
    """One flat ring, as DIPS writes it, or nested rings, as its examples sometimes do."""
    first = coordinates[0] if isinstance(coordinates, list) and coordinates else None
    flat = isinstance(first, list) and first and not isinstance(first[0], list)
    return [coordinates] if flat else coordinates


def _period(feature: dict[str, Any], item: Item) -> tuple[Activation, ...]:
    starts = dips_instant(feature.get("startTime"), item, "startTime", is_end=False)
    ends = dips_instant(feature.get("finishTime"), item, "finishTime", is_end=True)
    return between(starts, ends, item, "finishTime")
