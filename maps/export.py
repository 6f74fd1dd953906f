"""The same maps as one self-contained file each, which opens without any network.

What goes in is what the server's endpoints answer, as plain JSON values: the caller has it from
the store or from the server. Nothing in it is trusted: names stay text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from maps import assets, contents
from maps.shell import carried
from soramichi.errors import BadInput

Json = Mapping[str, Any]


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


def replay_file(track: Json, *, aircraft: Json) -> str:
    """One flight to be replayed, as HTML: its track's feature, and `/api/v1/aircraft`'s answer.

    Raises `BadInput` when the track has fewer than two points.
    """
    if len(track["geometry"]["coordinates"]) < 2:
        raise BadInput("a flight of fewer than two points cannot be replayed")
    flight = str(track["properties"]["flight"])
    content = contents.replay(flight, tiles=None, zones=False, saved=True)
    return carried(content, _base_map() | {"track": track, "aircraft": aircraft})


def routes_file(answer: Json) -> str:
    """Candidates and their verdicts, as HTML: what `POST /api/v1/routes/check` answers.

    Raises `BadInput` when there is no verdict in it.
    """
    if not answer["verdicts"]:
        raise BadInput("there is no candidate to show")
    content = contents.routes(tiles=None, zones=False, saved=True)
    return carried(content, _base_map() | {"answer": answer})
