"""A stored zone out of the features of its volumes, exactly as the file it came from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from routes_planner.zones_in import geojson
from routes_planner.zones_in.reading import read_zones
from soramichi.domain.geozone import Geozone


def stored_zone(features: Sequence[dict[str, Any]]) -> Geozone:
    """The zone with all its volumes and all its unknowns; one feature or more."""
    source = str(features[0]["properties"].get("source", ""))
    document = json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()
    first, *others = read_zones(source, document, zone_format=geojson.FORMAT).zones
    return replace(
        first,
        volumes=tuple(volume for part in (first, *others) for volume in part.volumes),
        unknowns=tuple(
            dict.fromkeys(unknown for part in (first, *others) for unknown in part.unknowns)
        ),
    )
