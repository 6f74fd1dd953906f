"""What each page consists of, the same whether it is served or saved as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import segno
from markupsafe import Markup

from maps import assets
from maps.map_element import CENTRE, TileSource
from maps.shell import Content
from soramichi.errors import BadInput

PATHS = {
    "aircraft": "/api/v1/aircraft",
    "stream": "/api/v1/stream",
    "geozones": "/api/v1/geozones",
    "corridors": "/api/v1/corridors",
    "flights": "/api/v1/flights",
    "events": "/api/v1/events",
    "track": "/api/v1/flights/{id}/track",
    "replay": "/replay/{id}",
    "replay_file": "/api/v1/flights/{id}/html",
    "check": "/api/v1/routes/check",
}
BASE_MAP = {
    "basemap": "/static/basemap/mie.geojson",
    "places": "/static/basemap/places.json",
}
# Drawn once somebody looks beyond Mie; too large for what saves the page as a file.
_WORLD = "/static/basemap/world.geojson"
# With more aircraft than this a page does not fetch what each flew before it was opened.
_HISTORIES = 12
_REPLAY_POINTS = 2000


def _config(name: str, tiles: TileSource | None, **more: Any) -> dict[str, Any]:
    resources = {key: assets.versioned(url) for key, url in BASE_MAP.items()}
    if not more.get("saved"):
        resources["world"] = assets.versioned(_WORLD)
    resources |= more.pop("resources", {})
    return {
        "page": name,
        "paths": PATHS,
        "resources": resources,
        "tiles": tiles is not None,
        **more,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """How loud each class is: (A-weighted dB, at so many metres below, known to within dB).

    A class that is not there is as loud as nobody knows. `absorbed_db_per_m` is what air takes.
    """

    absorbed_db_per_m: float
    classes: Mapping[str, tuple[float, float, float]]


def _sounds(sounds: Sounds | None) -> dict[str, Any]:
    return {"sounds": asdict(sounds) if sounds else None}


def viewer(
    name: str,
    *,
    tiles: TileSource | None,
    zones: bool,
    sounds: Sounds | None = None,
    saved: bool = False,
) -> Content:
    """`home` or `live`; `saved` for a file, which has no server to lead to."""
    more = _sounds(sounds)
    config = _config(name, tiles, zones=zones, histories=_HISTORIES, saved=saved, **more)
    return Content(
        name=name,
        template="viewer.html",
        entry="viewer.js",
        config=config,
        tiles=tiles,
        parts={"zones": zones, "saved": saved},
    )


def replay(flight: str, *, tiles: TileSource | None, zones: bool, saved: bool = False) -> Content:
    """One stored flight."""
    track = PATHS["track"].replace("{id}", quote(flight, safe=""))
    resources = {
        "track": f"{track}?points={_REPLAY_POINTS}",
        "aircraft": PATHS["aircraft"],
        "events": f"{PATHS['events']}?flight={quote(flight, safe='')}&limit=500",
    }
    return Content(
        name="replay",
        template="replay.html",
        entry="replay.js",
        styles=("/static/css/replay.css",),
        config=_config("replay", tiles, zones=zones, resources=resources, saved=saved),
        first=("track", "aircraft", "basemap", "places"),
        tiles=tiles,
        parts={
            "zones": zones,
            "saved": saved,
            "file": PATHS["replay_file"].replace("{id}", quote(flight, safe="")),
        },
    )


def kiosk(phone_url: str, *, tiles: TileSource | None, sounds: Sounds | None = None) -> Content:
    """The big screen; raises `BadInput` when `phone_url` is not an address of http or https."""
    parts = urlsplit(phone_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadInput(f"the QR code needs an address of http or https, not {phone_url!r}")
    code = segno.make(phone_url, error="m", micro=False)
    drawn = code.svg_inline(border=1, dark="#0c2232", omitsize=True, svgclass=None, lineclass=None)
    return Content(
        name="kiosk",
        template="kiosk.html",
        entry="kiosk.js",
        styles=("/static/css/kiosk.css",),
        config=_config("kiosk", tiles, centre=CENTRE, **_sounds(sounds)),
        tiles=tiles,
        parts={
            "qr": Markup(drawn),  # noqa: S704 - drawn by segno: squares, no text
            "phone_url": phone_url,
        },
    )


def routes(*, tiles: TileSource | None, zones: bool, saved: bool = False) -> Content:
    """The planner's desk; `saved` for a file, which carries its answer."""
    return Content(
        name="routes",
        template="routes.html",
        entry="routes.js",
        styles=("/static/css/desk.css",),
        config=_config("routes", tiles, zones=zones, saved=saved),
        tiles=tiles,
        parts={"zones": zones, "saved": saved},
    )


def operator() -> Content:
    """The page of those who run the platform; nothing of what it shows stands in it."""
    paths = {
        "events": "/api/v1/events?detail=full",
        "acknowledge": "/api/v1/events/{id}/acknowledge",
        "flights": "/api/v1/completeness?limit=30",
        "flight": "/api/v1/flights/{id}/completeness",
        "links": "/api/v1/links",
        "quarantine": "/api/v1/quarantine",
        "replay": PATHS["replay"],
    }
    return Content(
        name="operator",
        template="operator.html",
        entry="operator.js",
        styles=("/static/css/operator.css",),
        config={"page": "operator", "paths": paths},
        first=(),
        map=False,
    )
