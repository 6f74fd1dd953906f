"""The pages of the server: pure functions, the same bytes at each call."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import segno
from markupsafe import Markup

from maps import assets
from maps.shell import CENTRE, Page, TileSource, page
from soramichi.errors import BadInput

__all__ = ["Page", "TileSource", "home_page", "kiosk_page", "live_page", "replay_page"]

_PATHS = {
    "aircraft": "/api/v1/aircraft",
    "stream": "/api/v1/stream",
    "geozones": "/api/v1/geozones",
    "corridors": "/api/v1/corridors",
    "flights": "/api/v1/flights",
    "track": "/api/v1/flights/{id}/track",
    "replay": "/replay/{id}",
}
# With more aircraft than this a page does not fetch what each flew before it was opened.
_HISTORIES = 12
_REPLAY_POINTS = 2000


def _base_map() -> dict[str, str]:
    return {
        "basemap": assets.versioned("/static/basemap/mie.geojson"),
        "places": assets.versioned("/static/basemap/places.json"),
    }


def _viewer(name: str, tiles: TileSource | None, *, zones: bool) -> Page:
    config = {
        "page": name,
        "paths": _PATHS,
        "histories": _HISTORIES,
        "tiles": tiles is not None,
        "zones": zones,
        "resources": _base_map(),
    }
    return page(
        name,
        template="viewer.html",
        entry="viewer.js",
        config=config,
        tiles=tiles,
        zones=zones,
    )


def home_page(*, tiles: TileSource | None = None) -> Page:
    """`/`: what flies now, for everyone, made for one thumb."""
    return _viewer("home", tiles, zones=False)


def live_page(*, tiles: TileSource | None = None, zones: bool = False) -> Page:
    """`/live`: the big map; `zones` when the server has `/api/v1/geozones` and `/corridors`."""
    return _viewer("live", tiles, zones=zones)


def replay_page(flight: str, *, tiles: TileSource | None = None, zones: bool = False) -> Page:
    """`/replay/{flight}`: one stored flight; the page itself asks whether it exists."""
    track = _PATHS["track"].replace("{id}", quote(flight, safe=""))
    config = {
        "page": "replay",
        "paths": _PATHS,
        "tiles": tiles is not None,
        "zones": zones,
        "resources": _base_map() | {"track": f"{track}?points={_REPLAY_POINTS}"},
    }
    return page(
        "replay",
        template="replay.html",
        entry="replay.js",
        config=config,
        tiles=tiles,
        zones=zones,
    )


def kiosk_page(*, phone_url: str, tiles: TileSource | None = None) -> Page:
    """`/kiosk`: a big screen, unattended; `phone_url` is where its QR code leads.

    Raises `BadInput` when `phone_url` is not an address of http or https.
    """
    parts = urlsplit(phone_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadInput(f"the QR code needs an address of http or https, not {phone_url!r}")
    code = segno.make(phone_url, error="m", micro=False)
    drawn = code.svg_inline(border=1, dark="#0c2232", omitsize=True, svgclass=None, lineclass=None)
    config = {
        "page": "kiosk",
        "paths": _PATHS,
        "tiles": tiles is not None,
        "centre": CENTRE,
        "resources": _base_map(),
    }
    return page(
        "kiosk",
        template="kiosk.html",
        entry="kiosk.js",
        config=config,
        tiles=tiles,
        qr=Markup(drawn),  # noqa: S704 - drawn by segno: squares, no text
        phone_url=phone_url,
    )
