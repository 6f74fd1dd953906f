"""The page around a map, in two forms: served beside its files, or carrying them inside.

folium's own page frame stays out: it forbids zooming by hand and needs inline styles.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from maps import assets
from maps.map_element import TileSource, map_element

_STYLES = ("/static/vendor/leaflet/leaflet.css", "/static/css/soramichi.css")
_SCRIPTS = ("/static/vendor/leaflet/leaflet.js",)
_ICON = "/static/icon.svg"
MANIFEST = "/manifest.webmanifest"


@dataclass(frozen=True, slots=True)
class Page:
    """One page, and the header that lets it do what it must and no more."""

    html: str
    content_security_policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What makes one page: its template with parts, its first module and that one's settings.

    `styles` are sheets of its own, beside those of every page; `first` names the resources of
    its settings without which it shows nothing: they are asked for before its modules have come.
    """

    name: str
    template: str
    entry: str
    config: dict[str, Any]
    tiles: TileSource | None = None
    map: bool = True
    styles: tuple[str, ...] = ()
    first: tuple[str, ...] = ("basemap", "places")
    parts: Mapping[str, Any] = field(default_factory=dict)


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


def _hashes(texts: Iterable[str]) -> str:
    return " ".join(_hash(text) for text in texts)


def served(content: Content) -> Page:
    """The page of the server: files by address, scripts by hash, no other host but the tiles'."""
    map_html, map_script = map_element(content.tiles) if content.map else ("", "")
    import_map = in_script({"imports": assets.modules()})
    tiles = content.tiles
    own = _STYLES if content.map else _STYLES[-1:]
    html = _rendered(
        content,
        map_html,
        map_script,
        icon=assets.versioned(_ICON),
        manifest=MANIFEST,
        styles=[assets.versioned(url) for url in (*own, *content.styles)],
        scripts=[assets.versioned(url) for url in _SCRIPTS if content.map],
        preloads=[assets.modules()[name] for name in assets.needed(content.entry)],
        fetches=[content.config["resources"][name] for name in content.first],
        import_map=import_map,
        entry=assets.modules()[f"soramichi/{content.entry}"],
    )
    policy = {
        "default-src": "'none'",
        "script-src": f"'self' {_hashes(one for one in (import_map, map_script) if one)}",
        "style-src": "'self'",
        "img-src": f"'self' {tiles.origin}".strip() if tiles else "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    return Page(html=html, content_security_policy=_policy(policy))


def carried(content: Content, data: Mapping[str, Any]) -> str:
    """The same page as one file that needs nothing else: its modules, styles and `data` inside.

    `data` are the resources of the settings by name; the file asks for none. Its policy stands
    inside it, and lets no request leave.
    """
    map_html, map_script = map_element(None)
    names = assets.needed(content.entry)
    import_map = in_script({"imports": {name: assets.embedded(name) for name in names}})
    styles = [assets.file_of(url).read_text() for url in (*_STYLES, *content.styles)]
    scripts = [assets.file_of(url).read_text() for url in _SCRIPTS]
    begin = f'import "soramichi/{content.entry}";'
    policy = {
        "default-src": "'none'",
        "script-src": f"data: {_hashes([import_map, map_script, begin, *scripts])}",
        "style-src": _hashes(styles),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return _rendered(
        content,
        map_html,
        map_script,
        icon=assets.data_url(_ICON, "image/svg+xml"),
        inline_styles=[_own(style) for style in styles],
        inline_scripts=[_own(script) for script in scripts],
        begin=_own(begin),
        import_map=import_map,
        policy=_policy(policy),
        data={name: in_script(value) for name, value in data.items()},
    )


def scriptless(template: str, *, style: str, **parts: Any) -> Page:
    """A page to read: it may load our styles and its icon, and run nothing."""
    html = (
        _templates()
        .get_template(template)
        .render(
            icon=assets.versioned(_ICON),
            styles=[assets.versioned(url) for url in (_STYLES[-1], style)],
            **parts,
        )
    )
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    return Page(html=html, content_security_policy=_policy(policy))


def _rendered(content: Content, map_html: str, map_script: str, **how: Any) -> str:
    return (
        _templates()
        .get_template(content.template)
        .render(
            name=content.name,
            config=in_script(content.config),
            tiles=content.tiles,
            map_html=_own(map_html),
            map_script=_own(map_script),
            **content.parts,
            **how,
        )
    )


def _own(text: str) -> Markup:
    """Text of our own files or of folium, built from constants and JSON."""
    return Markup(text)  # noqa: S704 - never what a person or an operator wrote


def _policy(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())
