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


def outline(zone: Geozone) -> dict[str, Any]:
    """One feature around all volumes of a zone, for drawing and never for judging.

    Its floor is the lowest and its ceiling the highest of the volumes, where
    those have one datum; a zone without a place has a null geometry.
    """
    if len(zone.volumes) <= 1:
        return _feature(zone, zone.volumes[0] if zone.volumes else None)
    floors = [volume.floor for volume in zone.volumes if volume.floor is not None]
    ceilings = [volume.ceiling for volume in zone.volumes if volume.ceiling is not None]
    area = shapely.union_all([volume.footprint for volume in zone.volumes])
    bounded_below = len(floors) == len(zone.volumes) and len({one.datum for one in floors}) == 1
    bounded_above = len(ceilings) == len(zone.volumes) and len({one.datum for one in ceilings}) == 1
    whole = ZoneVolume(
        footprint=shapely.MultiPolygon([p for p in shapely.get_parts(area) if p.area > 0.0]),
        floor=min(floors) if bounded_below else None,
        ceiling=max(ceilings) if bounded_above else None,
    )
    return _feature(zone, whole)


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
