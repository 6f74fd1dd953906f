"""A page around a folium map, with nothing from another host and nothing inline that is not hashed.

folium makes the map and its layers; its own scripts, styles and page frame stay out, because they
come from other hosts, forbid zooming and need inline styles.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import folium
from branca.element import Figure
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from maps import assets
from soramichi.errors import BadInput

# Mie from Kuwana to Kumano; the page moves on to its aircraft as soon as it knows of some.
CENTRE = (34.55, 136.55)
ZOOM = 9
# The land that the base map has; beyond it there would be sea where there is none.
SOUTH, NORTH, WEST, EAST = 31.6, 37.4, 131.2, 141.3

_STYLES = ("/static/vendor/leaflet/leaflet.css", "/static/css/soramichi.css")
_SCRIPTS = ("/static/vendor/leaflet/leaflet.js",)


@dataclass(frozen=True, slots=True)
class Page:
    """One page as bytes to be, and the header that lets it do what it must and no more."""

    html: str
    content_security_policy: str


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


def _folium_map(tiles: TileSource | None) -> tuple[str, str]:
    """(html, script) of the map, the same bytes at each call."""
    drawn = folium.Map(
        location=CENTRE,
        zoom_start=ZOOM,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        minZoom=7,
        maxZoom=tiles.max_zoom if tiles else 15,
        zoom_snap=0.25,
        wheel_px_per_zoom_level=90,
        max_bounds=True,
        max_bounds_viscosity=0.8,
        min_lat=SOUTH,
        max_lat=NORTH,
        min_lon=WEST,
        max_lon=EAST,
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


@cache
def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def in_script(value: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - "<" is gone, see above


def policy(inline_scripts: list[str], tiles: TileSource | None) -> str:
    """The Content-Security-Policy: our own files, these very inline scripts, these tiles."""
    images = f"'self' {tiles.origin} data:" if tiles else "'self'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(_hash(script) for script in inline_scripts)}",
            "style-src 'self'",
            f"img-src {images}",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    )


def page(
    name: str,
    *,
    template: str,
    entry: str,
    config: dict[str, Any],
    tiles: TileSource | None,
    **parts: Any,
) -> Page:
    """The page `name` from `template` with `parts`, run by the module `entry` with `config`."""
    map_html, map_script = _folium_map(tiles)
    modules = assets.modules()
    import_map = in_script({"imports": modules})
    html = (
        _templates()
        .get_template(template)
        .render(
            name=name,
            icon=assets.versioned("/static/icon.svg"),
            styles=[assets.versioned(url) for url in _STYLES],
            scripts=[assets.versioned(url) for url in _SCRIPTS],
            preloads=list(modules.values()),
            import_map=import_map,
            config=in_script(config),
            map_html=Markup(map_html),  # noqa: S704 - folium's own element, built from constants
            map_script=Markup(map_script),  # noqa: S704 - likewise; tile settings are JSON in it
            entry=modules[f"soramichi/{entry}"],
            tiles=tiles,
            **parts,
        )
    )
    return Page(html=html, content_security_policy=policy([import_map, map_script], tiles))
