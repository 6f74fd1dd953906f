"""The map itself, made by folium without anything that folium would load from other hosts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import folium
from branca.element import Figure

from soramichi.errors import BadInput

# Mie from Kuwana to Kumano; the page moves on to its aircraft as soon as it knows of some.
CENTRE = (34.55, 136.55)
ZOOM = 9
_FARTHEST_ZOOM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TileSource:
    """A base map that an administrator switched on: 国土地理院タイル, or a file of this server.

    `url` is https, or a path of this server, with {z}, {x} and {y}; `attribution` is shown as
    text. Tiles there are up to `max_native_zoom`; beyond it the last are enlarged. Raises
    `BadInput` when the address has no https host or lacks one of the three.
    """

    url: str
    attribution: str
    max_zoom: int = 18
    min_zoom: int = 0
    max_native_zoom: int | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        own = self.url.startswith("/") and not parts.netloc
        odd = parts.scheme != "https" or not parts.hostname or set(parts.netloc) & set(" ;,'\"*@")
        if odd and not own:
            raise BadInput(f"a tile address starts with https:// and a host, not {self.url!r}")
        if missing := [part for part in ("{z}", "{x}", "{y}") if part not in parts.path]:
            raise BadInput(f"the tile address {self.url!r} lacks {', '.join(missing)}")

    @property
    def origin(self) -> str:
        """Scheme and host that the page's policy allows images from, exactly; "" for our own."""
        host = urlsplit(self.url).netloc
        return f"https://{host}" if host else ""


def map_element(tiles: TileSource | None) -> tuple[str, str]:
    """(html, script) of the map `map_soramichi`, the same bytes at each call."""
    drawn = folium.Map(
        location=CENTRE,
        zoom_start=ZOOM,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        minZoom=max(_FARTHEST_ZOOM, min(tiles.min_zoom, ZOOM)) if tiles else _FARTHEST_ZOOM,
        maxZoom=tiles.max_zoom if tiles else 15,
        zoom_snap=0.25,
        wheel_px_per_zoom_level=90,
    )
    # Without these folium would load its own scripts and styles from other hosts.
    drawn.default_js = []
    drawn.default_css = []
    drawn._id = "soramichi"  # noqa: SLF001 - folium's only way to a name that stays the same
    if tiles:
        layer = folium.TileLayer(
            tiles.url,
            attr=tiles.attribution,
            min_zoom=tiles.min_zoom,
            max_zoom=tiles.max_zoom,
            max_native_zoom=tiles.max_native_zoom or tiles.max_zoom,
        )
        layer._id = "tiles"  # noqa: SLF001
        layer.add_to(drawn)
    figure = Figure()
    figure.add_child(drawn)
    figure.render()
    return figure.html.render().strip(), figure.script.render().strip()
