"""The pages of the server: pure functions, the same bytes at each call."""

from __future__ import annotations

from maps import assets
from maps.shell import Page, TileSource, page

__all__ = ["Page", "TileSource", "home_page", "live_page"]

_PATHS = {
    "aircraft": "/api/v1/aircraft",
    "stream": "/api/v1/stream",
    "track": "/api/v1/flights/{id}/track",
}
# With more aircraft than this a page does not fetch what each flew before it was opened.
_HISTORIES = 12


def _viewer(name: str, tiles: TileSource | None) -> Page:
    config = {
        "page": name,
        "paths": _PATHS,
        "histories": _HISTORIES,
        "tiles": tiles is not None,
        "resources": {
            "basemap": assets.versioned("/static/basemap/mie.geojson"),
            "world": assets.versioned("/static/basemap/world.geojson"),
            "places": assets.versioned("/static/basemap/places.json"),
        },
    }
    return page(name, template="viewer.html", entry="viewer.js", config=config, tiles=tiles)


def home_page(*, tiles: TileSource | None = None) -> Page:
    """`/`: what flies now, for everyone, made for one thumb."""
    return _viewer("home", tiles)


def live_page(*, tiles: TileSource | None = None) -> Page:
    """`/live`: the big map."""
    return _viewer("live", tiles)
