"""Plain GeoJSON as zones: areas, with heights and times in documented optional properties.

Read from a feature's `properties`, all optional:
`identifier` or `id`; `name`, `name_ja`, `name_en`; `zone_type` (ED-318's words) and `kind`
(`soramichi.domain.geozone.ZoneKind`) and `containment` (keep-out, keep-in); `starts_at`,
`ends_at` (RFC 3339) or ED-318's `limitedApplicability`; `unknowns` as our own export writes them;
`floor_m`, `floor_datum`, `ceiling_m`, `ceiling_datum` (AGL, AMSL, WGS84), or ED-318's `lower`,
`lowerReference`, `upper`, `upperReference`, `uom`, or ED-269's `lowerLimit`,
`lowerVerticalReference`, `upperLimit`, `upperVerticalReference`, `uomDimensions`;
`radius_m` (or `radius`) for a Point, which then is a circle.
Without heights a zone reaches from the surface up without limit; without a type it is prohibited.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from routes_planner.zones_in import footprint
from routes_planner.zones_in.features import member, read_features, still_unknown, word
from routes_planner.zones_in.limits import Limit, band
from routes_planner.zones_in.periods import activations, between, instant
from routes_planner.zones_in.report import Imported, Item
from routes_planner.zones_in.texts import name, plain
from soramichi.domain.altitude import Altitude
from soramichi.domain.flight import Name
from soramichi.domain.geozone import (
    Activation,
    Containment,
    Geozone,
    ZoneKind,
    ZoneType,
    ZoneVolume,
)
from soramichi.errors import BadFile

FORMAT = "geojson"
# Tuples, because a hostile "type" may be a list, which no set accepts.
_AREAS = ("Polygon", "MultiPolygon", "GeometryCollection")
_NO_AREAS = ("Point", "LineString", "MultiPoint", "MultiLineString")
_DEEPEST = 8
# Names that mean WGS 84 or JGD2000/2011, which differ by centimetres in Japan's reference epoch.
_DEGREES = ("CRS84", "EPSG::4326", "EPSG:4326", "EPSG::6668", "EPSG:6668", "EPSG::4612", "4612")


def recognises(document: Any) -> bool:
    """Whether the JSON is any GeoJSON object."""
    kind = document.get("type") if isinstance(document, dict) else None
    return kind in ("FeatureCollection", "Feature", *_AREAS, *_NO_AREAS)


def features_of(source: str, document: Any) -> list[Any]:
    """The features of any GeoJSON object. Raises `BadFile` for other coordinates than degrees."""
    stated = member(document, "crs.properties.name")
    if stated is not None and not str(stated).endswith(_DEGREES):
        raise BadFile(
            source,
            f"{stated!s:.60} is not WGS 84; convert it first",
            ja=f"{stated!s:.60} は WGS 84 ではありません。変換してから開いてください",
            field="crs",
        )
    if document.get("type") == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            raise BadFile(
                source,
                "this is not a list of features",
                ja="地物（Feature）の配列ではありません",
                field="features",
            )
        return features
    if document.get("type") == "Feature":
        return [document]
    return [{"type": "Feature", "properties": {}, "geometry": document}]


def read(source: str, document: Any) -> Imported:
    """Every area of a GeoJSON object. Raises `BadFile` when there is none."""
    result = read_features(
        features_of(source, document),
        source=source,
        zone_format=FORMAT,
        read=partial(_zone, source=source),
        identify=("properties.identifier", "properties.id", "id"),
    )
    if not result.zones:
        raise BadFile(source, "it holds no area (Polygon, MultiPolygon or Point with radius_m)")
    return result


def _zone(feature: dict[str, Any], item: Item, *, source: str) -> Geozone | None:
    properties = feature.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    geometry = feature.get("geometry")
    kind = member(geometry, "type")
    radius = properties.get("radius_m", properties.get("radius"))
    if kind in _NO_AREAS and not (kind == "Point" and radius is not None):
        item.dropped(
            "geometry", f"{kind} は面を囲みません", f"a {kind} encloses no area, so it is no zone"
        )
        return None
    still_unknown(properties.get("unknowns"), item)
    own = item.part()
    area = area_of(geometry, own, radius_m=radius)
    if area is None:
        item.lose(own)
    floor, ceiling = heights(properties, own)
    volume = (
        []
        if area is None
        else [
            ZoneVolume(footprint=area, floor=floor, ceiling=ceiling, unknowns=tuple(own.unknowns))
        ]
    )
    return Geozone(
        identifier=item.identifier,
        name=named(properties, item.identifier),
        zone_type=word(properties.get("zone_type"), ZoneType.PROHIBITED, item, "zone_type"),
        kind=word(properties.get("kind"), ZoneKind.OTHER, item, "kind"),
        volumes=tuple(volume),
        activations=_period(properties, item),
        containment=word(properties.get("containment"), Containment.KEEP_OUT, item, "containment"),
        source=source,
        message=name(properties.get("message")),
        properties=properties,
    )


def area_of(
    geometry: Any, item: Item, field: str = "geometry", *, radius_m: Any = None, depth: int = 0
) -> footprint.Footprint | None:
    """The footprint of a GeoJSON geometry; None, with the reason in `item`, when it has none."""
    kind = member(geometry, "type")
    if kind == "Polygon":
        return footprint.polygon(geometry.get("coordinates"), item, field)
    if kind == "MultiPolygon":
        return footprint.multipolygon(geometry.get("coordinates"), item, field)
    if kind == "Point" and radius_m is not None:
        return footprint.circle(geometry.get("coordinates"), radius_m, item, field)
    parts = geometry.get("geometries") if kind == "GeometryCollection" else None
    if not isinstance(parts, list) or not parts or depth > _DEEPEST:
        item.unknown(field, "区域の形がありません", "there is no area")
        return None
    areas: list[footprint.Footprint] = []
    for index, part in enumerate(parts):
        own = item.part()
        area = area_of(
            part, own, f"{field}.geometries[{index}]", radius_m=radius_m, depth=depth + 1
        )
        if area is None:
            item.lose(own)
            continue
        item.unknowns += own.unknowns
        areas.append(area)
    return footprint.union(areas)


# Members that state a limit, in families: see `heights`.
LIMITS = {"floor_m", "ceiling_m", "lowerLimit", "upperLimit", "lower", "upper"}


def heights(properties: dict[str, Any], item: Item) -> tuple[Altitude | None, Altitude | None]:
    """Floor and ceiling from the first family of properties that is there."""
    if {"floor_m", "ceiling_m"} & properties.keys():
        return band(
            Limit(properties.get("floor_m"), properties.get("floor_datum")),
            Limit(properties.get("ceiling_m"), properties.get("ceiling_datum")),
            unit="m",
            item=item,
        )
    if {"lowerLimit", "upperLimit"} & properties.keys():
        return band(
            Limit(properties.get("lowerLimit"), properties.get("lowerVerticalReference")),
            Limit(properties.get("upperLimit"), properties.get("upperVerticalReference")),
            unit=properties.get("uomDimensions"),
            item=item,
        )
    return band(
        Limit(properties.get("lower"), properties.get("lowerReference")),
        Limit(properties.get("upper"), properties.get("upperReference")),
        unit=properties.get("uom"),
        item=item,
    )


def named(properties: dict[str, Any], otherwise: str) -> Name:
    """`name`, with `name_ja` and `name_en` over it."""
    both = name(properties.get("name")) or Name(ja="", en="")
    japanese, english = plain(properties.get("name_ja")), plain(properties.get("name_en"))
    return Name(
        ja=japanese or both.ja or english or otherwise,
        en=english or both.en or japanese or otherwise,
    )


def _period(properties: dict[str, Any], item: Item) -> tuple[Activation, ...]:
    limited = properties.get("limitedApplicability")
    if limited is not None:
        return activations(limited, item, "limitedApplicability", schedule=("schedule",))
    starts = instant(properties.get("starts_at"), item, "starts_at")
    ends = instant(properties.get("ends_at"), item, "ends_at")
    return between(starts, ends, item, "ends_at")
