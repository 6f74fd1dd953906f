"""Zones as an ED-318 collection that validates against the published JSON schema.

What ED-318 has no place for (our kind, long identifiers, keep-in fences,
unknowns) goes into `extendedProperties`, where our own reader finds it again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

import shapely

from routes_planner.zones_in.ed318 import EXTENSION
from routes_planner.zones_in.limits import UNLIMITED
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.flight import Name
from soramichi.domain.geozone import (
    Activation,
    Authority,
    Containment,
    DailyWindow,
    Geozone,
    SunEvent,
    ZoneType,
    ZoneVolume,
)

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_REASONS = frozenset(
    "AIR_TRAFFIC SENSITIVE PRIVACY POPULATION NATURE NOISE EMERGENCY DAR OTHER".split()  # noqa: SIM905
)
_PURPOSES = ("AUTHORIZATION", "NOTIFICATION", "INFORMATION")
_SHORT, _LONG = 200, 7
_REFERENCES = {Datum.AGL: "AGL", Datum.AMSL: "AMSL", Datum.ELLIPSOID: "WGS84"}
_NOBODY = Authority(name=Name(ja="不明", en="unknown"), purpose="INFORMATION")


def collection(zones: Iterable[Geozone], *, provider: Name, issued: datetime) -> dict[str, Any]:
    """An ED-318 FeatureCollection of all zones, as plain JSON values."""
    return {
        "type": "FeatureCollection",
        "metadata": {"issued": _stamp(issued), "provider": texts(provider)},
        "features": [_feature(zone) for zone in zones],
    }


def texts(name: Name) -> list[dict[str, str]]:
    """A name in both languages, within the schema's 200 characters."""
    return [
        {"text": name.ja[:_SHORT], "lang": "ja-JP"},
        {"text": name.en[:_SHORT], "lang": "en-GB"},
    ]


def applicability(activations: Iterable[Activation]) -> list[dict[str, Any]]:
    """Activations as `limitedApplicability`."""
    return [_period(activation) for activation in activations]


def unknowns(zone: Geozone) -> list[dict[str, Any]]:
    """All that is unknown about a zone or any of its volumes."""
    found = [*zone.unknowns, *(unknown for volume in zone.volumes for unknown in volume.unknowns)]
    return [
        {"field": unknown.field, "ja": unknown.reason.ja, "en": unknown.reason.en}
        for unknown in dict.fromkeys(found)
    ]


def _feature(zone: Geozone) -> dict[str, Any]:
    # ED-318 cannot say "stay inside": a condition with its message is the nearest it has.
    keep_in = zone.containment is Containment.KEEP_IN
    stay = Name(ja="この範囲の中にとどまること", en="stay inside this area")
    message = zone.message or (stay if keep_in else None)
    properties: dict[str, Any] = {
        "identifier": _short_identifier(zone.identifier),
        "country": zone.country if len(zone.country) == 3 else "ZZZ",
        "name": texts(zone.name),
        "type": str(ZoneType.CONDITIONAL if keep_in else zone.zone_type),
        "variant": _kept(zone, "variant", ("COMMON", "CUSTOMIZED")) or "COMMON",
        "zoneAuthority": [_authority(each) for each in zone.authorities or (_NOBODY,)],
        "extendedProperties": {**_own_extensions(zone), EXTENSION: _extension(zone)},
    }
    if reasons := [reason for reason in dict.fromkeys(zone.reasons) if reason in _REASONS]:
        properties["reason"] = reasons
    if message is not None:
        properties["message"] = texts(message)
    if zone.activations:
        properties["limitedApplicability"] = applicability(zone.activations)
    conditions = zone.properties.get("restrictionConditions")
    if isinstance(conditions, str):
        properties["restrictionConditions"] = conditions
    return {"type": "Feature", "properties": properties, "geometry": _geometry(zone.volumes)}


def _short_identifier(identifier: str) -> str:
    """The identifier, or, when longer than the 7 characters allowed, a digest of it."""
    if len(identifier) <= _LONG:
        return identifier
    digest = hashlib.sha256(identifier.encode()).digest()
    return base64.b32encode(digest).decode()[:_LONG]


def _own_extensions(zone: Geozone) -> dict[str, Any]:
    original = zone.properties.get("extendedProperties")
    return original if isinstance(original, dict) else {}


def _extension(zone: Geozone) -> dict[str, Any]:
    extension: dict[str, Any] = {
        "identifier": zone.identifier,
        "kind": str(zone.kind),
        "containment": str(zone.containment),
        "zone_type": str(zone.zone_type),
        "source": zone.source,
    }
    if found := unknowns(zone):
        extension["unknowns"] = found
    return extension


def _kept(zone: Geozone, key: str, allowed: tuple[str, ...]) -> str | None:
    value = zone.properties.get(key)
    return value if isinstance(value, str) and value in allowed else None


def _authority(authority: Authority) -> dict[str, Any]:
    purpose = authority.purpose if authority.purpose in _PURPOSES else "INFORMATION"
    result: dict[str, Any] = {"purpose": purpose}
    if authority.name.ja or authority.name.en:
        result["name"] = texts(authority.name)
    for key, value in (("service", authority.service), ("contactName", authority.contact)):
        if value:
            result[key] = texts(Name(ja=value, en=value))
    plain = {
        "siteURL": authority.site_url,
        "email": authority.email,
        "phone": authority.phone[:_SHORT],
        "intervalBefore": authority.interval_before,
    }
    return result | {key: value for key, value in plain.items() if value}


def _period(activation: Activation) -> dict[str, Any]:
    period: dict[str, Any] = {}
    if activation.starts_at is not None:
        period["startDateTime"] = _stamp(activation.starts_at)
    if activation.ends_at is not None:
        period["endDateTime"] = _stamp(activation.ends_at)
    if activation.windows:
        period["schedule"] = [_window(window) for window in activation.windows]
    return period


def _window(window: DailyWindow) -> dict[str, Any]:
    whole_week = len(window.weekdays) == len(_DAYS)
    days = ["ANY"] if whole_week else [_DAYS[day] for day in sorted(window.weekdays)]
    return {"day": days, **_edge(window.starts, "start"), **_edge(window.ends, "end")}


def _edge(edge: time | SunEvent, side: str) -> dict[str, str]:
    if isinstance(edge, SunEvent):
        return {f"{side}Event": str(edge)}
    return {f"{side}Time": edge.isoformat().replace("+00:00", "Z")}


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _geometry(volumes: tuple[ZoneVolume, ...]) -> dict[str, Any] | None:
    parts = [_volume(volume) for volume in volumes]
    if len(parts) > 1:
        return {"type": "GeometryCollection", "geometries": parts}
    return parts[0] if parts else None


def _volume(volume: ZoneVolume) -> dict[str, Any]:
    geometry = shapely.geometry.mapping(shapely.orient_polygons(volume.footprint))
    layer: dict[str, Any] = {"uom": "m", "upper": UNLIMITED, "upperReference": "AMSL"}
    if volume.floor is not None:
        layer |= _limit(volume.floor, "lower")
    if volume.ceiling is not None:
        layer |= _limit(volume.ceiling, "upper")
    return {"type": geometry["type"], "coordinates": geometry["coordinates"], "layer": layer}


def _limit(height: Altitude, side: str) -> dict[str, Any]:
    return {side: height.metres, f"{side}Reference": _REFERENCES[height.datum]}
