"""Airport sites of 国土数値情報 C28: the ground itself, not the limitation surfaces above it.

Some airports come without a shape. Where another feature has the shape of the
same airport, nothing is lost; otherwise the airport lies somewhere in its
prefecture, and a corridor through that prefecture meets something unknown.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from routes_planner.zones_in.features import member, read_features
from routes_planner.zones_in.geojson import area_of, features_of
from routes_planner.zones_in.prefectures import extent
from routes_planner.zones_in.report import Imported, Item
from routes_planner.zones_in.texts import plain
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone, ZoneKind, ZoneType, ZoneVolume

FORMAT = "airports"
_NAME = "C28_005"
_MUNICIPALITY = "C28_001"


def recognises(document: Any) -> bool:
    """Whether the features have C28's properties."""
    features = member(document, "features")
    return isinstance(features, list) and any(
        member(feature, f"properties.{_NAME}") is not None for feature in features
    )


def read(source: str, document: Any) -> Imported:
    """Every airport of a C28 file; those without any shape are unknown within their prefecture."""
    features = features_of(source, document)
    shaped = frozenset(
        plain(member(feature, f"properties.{_NAME}"))
        for feature in features
        if member(feature, "geometry.type") is not None
    )
    return read_features(
        features,
        source=source,
        zone_format=FORMAT,
        read=partial(_zone, source=source, shaped=shaped),
        identify=("properties.C28_000", f"properties.{_NAME}"),
    )


def _zone(
    feature: dict[str, Any], item: Item, *, source: str, shaped: frozenset[str]
) -> Geozone | None:
    properties = feature.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    name = plain(properties.get(_NAME))
    if feature.get("geometry") is None and name in shaped:
        item.dropped(
            "geometry",
            f"形がありません（{name} の形は別の地物にあります）",
            f"it has no shape; another feature has that of {name}",
        )
        return None
    return Geozone(
        identifier=item.identifier,
        name=Name(ja=name or item.identifier, en=name or item.identifier),
        zone_type=ZoneType.REQ_AUTHORIZATION,
        kind=ZoneKind.AIRPORT,
        volumes=_volumes(feature, plain(properties.get(_MUNICIPALITY)), item),
        source=source,
        country="JPN",
        reasons=("AIR_TRAFFIC",),
        properties=properties,
    )


def _volumes(feature: dict[str, Any], municipality: str, item: Item) -> tuple[ZoneVolume, ...]:
    own = item.part()
    if feature.get("geometry") is None:
        own.unknown(
            "geometry",
            "形がありません。都道府県の範囲のどこかにあります",
            "it has no shape; it lies somewhere in its prefecture",
        )
        area = extent(municipality[:2])
    else:
        area = area_of(feature["geometry"], own)
    if area is None:
        item.lose(own)
        return ()
    return (ZoneVolume(footprint=area, unknowns=tuple(own.unknowns)),)
