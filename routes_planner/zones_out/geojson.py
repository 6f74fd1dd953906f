"""Zones as plain GeoJSON, one feature for each volume, with properties that our reader knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import shapely

from routes_planner.zones_out.ed318 import applicability, unknowns
from soramichi.domain.altitude import Altitude
from soramichi.domain.geozone import Geozone, ZoneVolume


def collection(zones: Iterable[Geozone]) -> dict[str, Any]:
    """A FeatureCollection of plain JSON values; a zone without a place has a null geometry."""
    return {
        "type": "FeatureCollection",
        "features": [
            _feature(zone, volume) for zone in zones for volume in zone.volumes or (None,)
        ],
    }


def _feature(zone: Geozone, volume: ZoneVolume | None) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "identifier": zone.identifier,
        "name_ja": zone.name.ja,
        "name_en": zone.name.en,
        "zone_type": str(zone.zone_type),
        "kind": str(zone.kind),
        "containment": str(zone.containment),
        "source": zone.source,
    }
    if zone.activations:
        properties["limitedApplicability"] = applicability(zone.activations)
    if found := unknowns(zone):
        properties["unknowns"] = found
    if volume is not None and volume.floor is not None:
        properties |= _limit(volume.floor, "floor")
    if volume is not None and volume.ceiling is not None:
        properties |= _limit(volume.ceiling, "ceiling")
    area = None if volume is None else shapely.orient_polygons(volume.footprint)
    geometry = None if area is None else shapely.geometry.mapping(area)
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _limit(height: Altitude, side: str) -> dict[str, Any]:
    return {f"{side}_m": height.metres, f"{side}_datum": str(height.datum)}
