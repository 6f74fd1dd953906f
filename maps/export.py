"""The same maps as one self-contained file each, which opens without any network.

What goes in is what the server's endpoints answer, as plain JSON values: the caller has it from
the store or from the server. Nothing in it is trusted: names stay text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from maps import assets, contents
from maps.shell import carried
from soramichi.errors import BadInput

Json = Mapping[str, Any]
Box = tuple[float, float, float, float]
# Degrees around the candidates in which a saved page keeps its zones.
_AROUND = 0.3


def _base_map() -> dict[str, Any]:
    return {
        name: json.loads(assets.file_of(url).read_text()) for name, url in contents.BASE_MAP.items()
    }


def live_file(aircraft: Json, *, tracks: Mapping[str, Json], at: datetime) -> str:
    """What flew at `at`, as HTML: `/api/v1/aircraft`'s answer, and each flight's track by its id.

    Raises `BadInput` when `at` has no time zone. Without aircraft the map says that none fly.
    """
    if at.tzinfo is None:
        raise BadInput("the time of a saved map needs its zone")
    content = contents.viewer("live", tiles=None, zones=False, saved=True)
    data = {"aircraft": aircraft, "tracks": tracks, "saved": {"at": at.isoformat()}}
    return carried(content, _base_map() | data)


def replay_file(track: Json, *, aircraft: Json, events: Json, corridors: Json) -> str:
    """One flight to be replayed, as HTML: its track's feature, and the answers of three endpoints.

    Those are `/api/v1/aircraft`, `/events` of this flight and `/corridors`. Raises `BadInput`
    when the track has fewer than two points.
    """
    if len(track["geometry"]["coordinates"]) < 2:
        raise BadInput(
            "a flight of fewer than two points cannot be replayed",
            ja="点が二つに満たない飛行は再生できません",
        )
    flight = str(track["properties"]["flight"])
    content = contents.replay(flight, tiles=None, zones=False, saved=True)
    data = {"track": track, "aircraft": aircraft, "events": events, "corridors": corridors}
    return carried(content, _base_map() | data)


def routes_file(answer: Json, *, zones: Sequence[Json] = ()) -> str:
    """Candidates and their verdicts, as HTML: what `POST /api/v1/routes/check` answers.

    `zones` are outlines as `/api/v1/geozones` has them; those near the candidates go in.
    Raises `BadInput` when there is no verdict in it.
    """
    if not answer["verdicts"]:
        raise BadInput("there is no candidate to show")
    content = contents.routes(tiles=None, zones=True, saved=True)
    west, south, east, north = _box(answer["candidates"]["features"])
    near = [
        zone
        for zone in zones
        if zone.get("geometry")
        and _meet(_box([zone]), (west - _AROUND, south - _AROUND, east + _AROUND, north + _AROUND))
    ]
    shown = {"answer": answer, "geozones": {"type": "FeatureCollection", "features": near}}
    return carried(content, _base_map() | shown)


def _box(features: Sequence[Json]) -> Box:
    places = [place for one in features for place in _places(one["geometry"]["coordinates"])]
    lon, lat = [place[0] for place in places], [place[1] for place in places]
    return (min(lon), min(lat), max(lon), max(lat)) if places else (0.0, 0.0, 0.0, 0.0)


def _places(coordinates: Any) -> Iterator[Sequence[float]]:
    """Every position in GeoJSON coordinates of any depth."""
    if coordinates and isinstance(coordinates[0], int | float):
        yield coordinates
    else:
        for part in coordinates:
            yield from _places(part)


def _meet(a: Box, b: Box) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]
