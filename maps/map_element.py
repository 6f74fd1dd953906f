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


@dataclass(frozen=True, slots=True, kw_only=True)
class TileSource:
    """An online base map that an administrator switched on, such as 国土地理院タイル.

    `url` is https with {z}, {x} and {y}; `attribution` is shown as text. Raises `BadInput`
    when the address has no https host or lacks one of the three.
    """

    url: str
    attribution: str
    max_zoom: int = 18

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" or not parts.hostname or set(parts.netloc) & set(" ;,'\"*@"):
            raise BadInput(f"a tile address starts with https:// and a host, not {self.url!r}")
        if missing := [part for part in ("{z}", "{x}", "{y}") if part not in parts.path]:
            raise BadInput(f"the tile address {self.url!r} lacks {', '.join(missing)}")

    @property
    def origin(self) -> str:
        """Scheme and host: what the page's policy allows images from, exactly."""
        return f"https://{urlsplit(self.url).netloc}"


def map_element(tiles: TileSource | None) -> tuple[str, str]:
    """(html, script) of the map `map_soramichi`, the same bytes at each call."""
    drawn = folium.Map(
        location=CENTRE,
        zoom_start=ZOOM,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        minZoom=3,
        maxZoom=tiles.max_zoom if tiles else 15,
        zoom_snap=0.25,
        wheel_px_per_zoom_level=90,
    )
    # Without these folium would load its own scripts and styles from other hosts.
    drawn.default_js = []
    drawn.default_css = []
    drawn._id = "soramichi"  # noqa: SLF001 - folium's only way to a name that stays the same
    if tiles:
        layer = folium.TileLayer(tiles.url, attr=tiles.attribution, max_zoom=tiles.max_zoom)
        layer._id = "tiles"  # noqa: SLF001
        layer.add_to(drawn)
    figure = Figure()
    figure.add_child(drawn)
    figure.render()
    return figure.html.render().strip(), figure.script.render().strip()
