"""ED-318 zones: GeoJSON with the `layer` and `extent` members that GeoJSON readers lose.

The members, their types and their values are those of the JSON schema that
the UASGeoZones group publishes. What violates it without touching the meaning
is read and noted; what touches where, when, how high or what a zone asks makes
that zone unknown; a document that violates it as a whole is refused.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from routes_planner.zones_in import footprint
from routes_planner.zones_in.features import member, read_features, still_unknown, unreadable, word
from routes_planner.zones_in.limits import Limit, band
from routes_planner.zones_in.periods import activations, instant
from routes_planner.zones_in.report import Imported, Item
from routes_planner.zones_in.texts import authorities, name, words
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Containment, Geozone, ZoneKind, ZoneType, ZoneVolume
from soramichi.errors import BadFile

FORMAT = "ed318"
# The member of `extendedProperties` in which our own export keeps what ED-318 has no place for.
EXTENSION = "soramichi"
_BRITISH = {"REQ_AUTHORISATION": ZoneType.REQ_AUTHORIZATION}
_DEEPEST = 8


def recognises(document: Any) -> bool:
    """Whether the JSON is a feature collection with ED-318's own members."""
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        return False
    features = document.get("features")
    return isinstance(features, list) and any(_is_ed318(feature) for feature in features)


def _is_ed318(feature: Any) -> bool:
    if not isinstance(feature, dict):
        return False
    geometry, properties = feature.get("geometry"), feature.get("properties")
    own = isinstance(properties, dict) and (
        "zoneAuthority" in properties or "variant" in properties
    )
    return own or (isinstance(geometry, dict) and bool({"layer", "extent"} & geometry.keys()))


def read(source: str, document: Any) -> Imported:
    """Every zone of an ED-318 collection. Raises `BadFile` when the document is not one."""
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise BadFile(source, "this is not a FeatureCollection", field="features")
    metadata = document.get("metadata", {})
    if not isinstance(metadata, dict):
        raise BadFile(source, "this is not an object", field="metadata")
    valid_from, valid_until = (
        _stated(source, metadata.get(key), f"metadata.{key}") for key in ("validFrom", "validTo")
    )
    read_in = read_features(
        features,
        source=source,
        zone_format=FORMAT,
        read=partial(_zone, source=source),
        identify=("properties.identifier",),
    )
    return Imported(
        source=source,
        zone_format=FORMAT,
        zones=read_in.zones,
        report=read_in.report,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _stated(source: str, value: Any, field: str) -> datetime | None:
    """The collection's own validity: unreadable, it would leave every zone in doubt."""
    item = Item("", [])
    at = instant(value, item, field)
    if item.unknowns:
        raise BadFile(source, item.unknowns[0].reason.en, field=field)
    return at


def _zone(feature: dict[str, Any], item: Item, *, source: str) -> Geozone:
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        item.unknown("properties", "属性がありません", "the feature has no properties")
        return unreadable(item, source)
    _note_slips(properties, item)
    zone_type = _type(properties.get("type"), item)
    volumes = _volumes(feature.get("geometry"), item, "geometry", 0)
    own = _extension(properties.get("extendedProperties"), item)
    return Geozone(
        identifier=own.identifier or item.identifier,
        name=name(properties.get("name")) or Name(ja=item.identifier, en=item.identifier),
        zone_type=own.zone_type or zone_type,
        activations=activations(
            properties.get("limitedApplicability"),
            item,
            "limitedApplicability",
            schedule=("schedule",),
        ),
        volumes=tuple(volumes),
        source=source,
        kind=own.kind,
        containment=own.containment,
        country=str(properties.get("country") or "")[:3],
        reasons=words(properties.get("reason")),
        authorities=authorities(properties.get("zoneAuthority")),
        message=name(properties.get("message")),
        properties=properties,
    )


def _type(value: Any, item: Item) -> ZoneType:
    if isinstance(value, str) and value in _BRITISH:
        item.repaired(
            "type",
            f"{value} を米国式のつづりで読みました",
            f"{value} read in the American spelling",
        )
        return _BRITISH[value]
    # The schema requires a type: without one nobody knows what the zone asks.
    return word("" if value is None else value, ZoneType.PROHIBITED, item, "type")


def _note_slips(properties: dict[str, Any], item: Item) -> None:
    """Schema violations that leave the meaning clear."""
    identifier, country = properties.get("identifier"), properties.get("country")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= 7:
        item.noted(
            "identifier",
            "識別子が7文字以内ではありません",
            "not an identifier of up to 7 characters",
        )
    if not isinstance(country, str) or len(country) != 3:
        item.noted("country", "国名が3文字ではありません", "not a country code of 3 letters")
    if properties.get("variant") not in ("COMMON", "CUSTOMIZED"):
        item.noted("variant", "variant がありません", "variant is neither COMMON nor CUSTOMIZED")
    if not authorities(properties.get("zoneAuthority")):
        item.noted("zoneAuthority", "管轄の記載がありません", "no authority is given")
    for key in ("name", "message", "otherReasonInfo"):
        texts = properties.get(key, [])
        if not isinstance(texts, list) or not all(member(text, "lang") for text in texts):
            item.noted(key, "言語の指定がありません", "a text has no language")


class _Extension(NamedTuple):
    """What our own export added to a zone."""

    identifier: str = ""
    kind: ZoneKind = ZoneKind.OTHER
    containment: Containment = Containment.KEEP_OUT
    zone_type: ZoneType | None = None


def _extension(value: Any, item: Item) -> _Extension:
    """Unreadable, it makes the zone unknown; unknown before, a zone stays so."""
    own = member(value, EXTENSION)
    if own is None:
        return _Extension()
    still_unknown(member(own, "unknowns"), item)
    try:
        stated = member(own, "zone_type")
        return _Extension(
            identifier=str(member(own, "identifier") or "")[:64],
            kind=ZoneKind(member(own, "kind") or ZoneKind.OTHER),
            containment=Containment(member(own, "containment") or Containment.KEEP_OUT),
            zone_type=None if stated is None else ZoneType(stated),
        )
    except ValueError:
        item.unknown(
            f"extendedProperties.{EXTENSION}", "拡張属性を読めません", "the extension is unreadable"
        )
        return _Extension()


def _volumes(geometry: Any, item: Item, field: str, depth: int) -> list[ZoneVolume]:
    """The volumes of a geometry; what cannot be placed puts every place in doubt."""
    own = item.part()
    if not isinstance(geometry, dict) or depth > _DEEPEST:
        own.unknown(field, "区域の形がありません", "there is no geometry")
        item.lose(own)
        return []
    if geometry.get("type") == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list) or not parts:
            own.unknown(field, "形の一覧がありません", "there is no list of geometries")
            item.lose(own)
            return []
        # A layer of the collection holds for those parts that have none.
        shared = {key: geometry[key] for key in ("layer",) if key in geometry}
        return [
            volume
            for index, part in enumerate(parts)
            for volume in _volumes(
                {**shared, **part} if isinstance(part, dict) else part,
                item,
                f"{field}.geometries[{index}]",
                depth + 1,
            )
        ]
    area = _area(geometry, own, field)
    if area is None:
        item.lose(own)
        return []
    layer = geometry.get("layer", {})
    if not isinstance(layer, dict):
        own.unknown(f"{field}.layer", "高さの範囲を読めません", "the layer is not an object")
        layer = {}
    floor, ceiling = band(
        Limit(layer.get("lower"), layer.get("lowerReference")),
        Limit(layer.get("upper"), layer.get("upperReference")),
        unit=layer.get("uom"),
        item=own,
    )
    return [ZoneVolume(footprint=area, floor=floor, ceiling=ceiling, unknowns=tuple(own.unknowns))]


def _area(geometry: dict[str, Any], item: Item, field: str) -> footprint.Footprint | None:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    extent = geometry.get("extent")
    if kind == "Polygon":
        return footprint.polygon(coordinates, item, field)
    if kind == "MultiPolygon":
        return footprint.multipolygon(coordinates, item, field)
    if kind == "Point" and member(extent, "subType") == "Circle":
        return footprint.circle(coordinates, member(extent, "radius"), item, f"{field}.extent")
    item.unknown(
        field,
        f"{str(kind)[:40]!r} は面を囲みません（円には extent が必要です）",
        f"{str(kind)[:40]!r} encloses no area; a circle needs an extent",
    )
    return None
