"""Densely inhabited districts (人口集中地区) in both published schemas.

国土数値情報 A16 (A16_001 .. A16_014) and e-Stat's boundary data (KEN, CITY, CITYNAME, CLASS,
JINKO, MENSEKI). Heights are none: a district holds at every height.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from routes_planner.zones_in.features import member, read_features
from routes_planner.zones_in.geojson import area_of, features_of
from routes_planner.zones_in.report import Imported, Item
from routes_planner.zones_in.texts import plain
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone, ZoneKind, ZoneType, ZoneVolume

KSJ_FORMAT = "did-ksj"
ESTAT_FORMAT = "did-estat"


def recognises_ksj(document: Any) -> bool:
    """Whether the features have A16's properties."""
    return _some_feature_has(document, {"A16_001", "A16_003"})


def recognises_estat(document: Any) -> bool:
    """Whether the features have e-Stat's properties."""
    return _some_feature_has(document, {"KEN", "CITY", "CITYNAME"})


def _some_feature_has(document: Any, keys: set[str]) -> bool:
    features = member(document, "features")
    return isinstance(features, list) and any(
        isinstance(properties := member(feature, "properties"), dict) and keys <= properties.keys()
        for feature in features
    )


def read_ksj(source: str, document: Any) -> Imported:
    """Every district of an A16 file."""
    return read_features(
        features_of(source, document),
        source=source,
        zone_format=KSJ_FORMAT,
        read=partial(_zone, source=source, municipality="A16_003", number="A16_004"),
        identify=("properties.A16_001",),
    )


def read_estat(source: str, document: Any) -> Imported:
    """Every district of an e-Stat file; named by prefecture, city and class."""
    return read_features(
        [_identified(feature) for feature in features_of(source, document)],
        source=source,
        zone_format=ESTAT_FORMAT,
        read=partial(_zone, source=source, municipality="CITYNAME", number="CLASS"),
        identify=("id",),
    )


def _identified(feature: Any) -> Any:
    """The feature with the identifier that the schema spreads over three members."""
    if not isinstance(feature, dict):
        return feature
    parts = [plain(member(feature, f"properties.{key}")) for key in ("KEN", "CITY", "CLASS")]
    return {**feature, "id": "DID" + "-".join(parts)} if all(parts) else feature


def _zone(
    feature: dict[str, Any], item: Item, *, source: str, municipality: str, number: str
) -> Geozone:
    own = item.part()
    area = area_of(feature.get("geometry"), own)
    if area is None:
        item.lose(own)
    properties = feature.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    where = f"{plain(properties.get(municipality))} {plain(properties.get(number))}".strip()
    return Geozone(
        identifier=item.identifier,
        name=Name(ja=f"人口集中地区 {where}".strip(), en=f"DID {where}".strip()),
        zone_type=ZoneType.REQ_AUTHORIZATION,
        kind=ZoneKind.DID,
        volumes=() if area is None else (ZoneVolume(footprint=area, unknowns=tuple(own.unknowns)),),
        source=source,
        country="JPN",
        reasons=("POPULATION",),
        properties=properties,
    )
