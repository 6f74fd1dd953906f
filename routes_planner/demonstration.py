"""The demonstration set for Mie that comes with the project; illustrative, see tools/.

To use official files instead: `soramichi geozones import --only did.geojson airports.geojson`,
and `soramichi routes check route.geojson` then judges against those alone.
"""

from __future__ import annotations

import json
from importlib import resources

import shapely

from routes_planner.candidates_in.reading import Candidates, read_candidates
from routes_planner.zones_in.reading import read_zones
from routes_planner.zones_in.report import Imported
from soramichi.domain.terrain import Sea

ZONES, ROUTES, SEA = "mie-zones.json", "mie-routes.geojson", "mie-sea.geojson"


def demonstration_zones() -> Imported:
    """Built-up areas, sites worth protecting and the limitation surfaces of Chubu."""
    return read_zones(ZONES, _data(ZONES))


def demonstration_routes() -> Candidates:
    """Routes A and B of the demonstration flight of 2021-01-13."""
    return read_candidates(ROUTES, _data(ROUTES))


def demonstration_sea() -> Sea:
    """Ise Bay and the sea off Shima, where the surface is 0 m without any tile."""
    geometry = json.loads(_data(SEA))["geometry"]
    return Sea(shapely.from_geojson(json.dumps(geometry)))


def _data(name: str) -> bytes:
    return resources.files("routes_planner.data").joinpath(name).read_bytes()
