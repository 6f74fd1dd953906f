"""The illustrative zones and routes over Mie, so that a new platform has something true to show."""

from __future__ import annotations

import importlib
import json
from importlib import resources
from typing import Any

from soramichi.domain.flight import Name
from soramichi.store import corridors, geozones
from soramichi.store.corridors import CorridorRecord
from soramichi.store.pool import Connection


def seed(connection: Connection) -> list[str]:
    """Store the demonstration zones where there are none yet, and routes A and B.

    Returns the ids of the corridors. Zones that somebody imported stay as they are.
    """
    if not geozones.listing(connection):
        # The readers are loaded at the first start only.
        demonstration: Any = importlib.import_module("routes_planner.demonstration")
        commands: Any = importlib.import_module("soramichi.commands.geozones")
        geozones.put(connection, commands.records([demonstration.demonstration_zones()]))
    document = json.loads(
        resources.files("routes_planner.data").joinpath("mie-routes.geojson").read_bytes()
    )
    routes = []
    for feature in document["features"]:
        properties = feature["properties"]
        name = Name(ja=properties["title_ja"], en=properties["title_en"])
        shown = {
            "name": {"ja": name.ja, "en": name.en},
            "identifier": properties["name"],
            "width_m": properties["width_m"],
            "height_datum": properties["height_datum"],
        }
        drawn = {"type": "Feature", "properties": shown, "geometry": feature["geometry"]}
        routes.append(CorridorRecord(properties["name"], name, drawn))
    corridors.put(connection, routes)
    return [one.corridor_id for one in routes]
