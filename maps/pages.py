"""The pages of the server: pure functions, the same bytes at each call."""

from __future__ import annotations

from maps import contents
from maps.contents import Sounds
from maps.map_element import TileSource
from maps.shell import Page, scriptless, served

__all__ = [
    "Page",
    "Sounds",
    "TileSource",
    "home_page",
    "kiosk_page",
    "live_page",
    "missing_page",
    "operator_page",
    "replay_page",
    "routes_page",
]


def home_page(*, tiles: TileSource | None = None, sounds: Sounds | None = None) -> Page:
    """`/`: what flies now, for everyone, made for one thumb."""
    return served(contents.viewer("home", tiles=tiles, zones=False, sounds=sounds))


def live_page(
    *, tiles: TileSource | None = None, zones: bool = False, sounds: Sounds | None = None
) -> Page:
    """`/live`: the big map; `zones` when the server has `/api/v1/geozones` and `/corridors`."""
    return served(contents.viewer("live", tiles=tiles, zones=zones, sounds=sounds))


def replay_page(flight: str, *, tiles: TileSource | None = None, zones: bool = False) -> Page:
    """`/replay/{flight}`: one stored flight; the page itself asks whether it exists."""
    return served(contents.replay(flight, tiles=tiles, zones=zones))


def kiosk_page(
    *, phone_url: str, tiles: TileSource | None = None, sounds: Sounds | None = None
) -> Page:
    """`/kiosk`: a big screen, unattended; `phone_url` is where its QR code leads.

    Raises `BadInput` when `phone_url` is not an address of http or https.
    """
    return served(contents.kiosk(phone_url, tiles=tiles, sounds=sounds))


def routes_page(*, tiles: TileSource | None = None, zones: bool = False) -> Page:
    """`/routes`: candidates are dropped, judged by `POST /api/v1/routes/check`, and compared.

    The request is JSON: `{"candidates": [{"name": file name, "text": its content}, …]}` and, where
    stated, `aircraft_class`, `depart` (RFC 3339), `speed_mps`, `width_m`. So is the answer,
    `{"verdicts": […], "candidates": {…}}`: the verdicts, and a FeatureCollection of LineStrings
    `[lon, lat, height or none]` whose properties have the same `candidate` name, and
    `altitude_datum`. Errors are problem+json with `detail`.
    """
    return served(contents.routes(tiles=tiles, zones=zones))


def operator_page() -> Page:
    """`/operator`: events, completeness, links and quarantine, for whoever has the staff token."""
    return served(contents.operator())


def missing_page() -> Page:
    """Where there is no page: said in both languages, with ways to those that there are."""
    return scriptless("missing.html", style="/static/css/reference.css")
