"""What the pages are made of: our own files, the browser libraries, and the addresses of both.

Every address carries a digest of the file's content (`?v=…`), so it may be cached for good.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

STATIC_FOLDER = Path(__file__).parent / "static"
STATIC_URL = "/static"

# package: the folder of it that pages load; `npm ci` puts them there, none is committed.
_SERVED_PACKAGES = {"leaflet": "dist"}
WEB_FOLDER = Path(__file__).parent / "web"


def vendor_folders() -> dict[str, Path]:
    """URL prefix -> folder to serve there; the folders exist once `make setup` has run."""
    return {
        f"{STATIC_URL}/vendor/{package}": WEB_FOLDER / "node_modules" / package / folder
        for package, folder in _SERVED_PACKAGES.items()
    }


def file_of(url: str) -> Path:
    """The file behind an address, with or without its digest.

    >>> file_of("/static/css/soramichi.css?v=1").name
    'soramichi.css'
    """
    path = url.partition("?")[0]
    for prefix, folder in vendor_folders().items():
        if path.startswith(f"{prefix}/"):
            return folder / path.removeprefix(f"{prefix}/")
    return STATIC_FOLDER / path.removeprefix(f"{STATIC_URL}/")


def files() -> dict[str, Path]:
    """Address -> file of everything that may be asked for; the libraries' own sources may not."""
    folders = {STATIC_URL: STATIC_FOLDER, **vendor_folders()}
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}": path
        for prefix, folder in folders.items()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not re.search(r"-src\.|\.map$|\.py$|\.md$", path.name)
    }


@cache
def versioned(url: str) -> str:
    """`url` with the digest of its file, read once a process. Raises OSError when it is absent."""
    digest = hashlib.sha256(file_of(url).read_bytes()).hexdigest()[:12]
    return f"{url}?v={digest}"


@cache
def modules() -> dict[str, str]:
    """Import specifier -> address of each of our modules, as a browser's import map wants it."""
    found = sorted((STATIC_FOLDER / "js").glob("*.js"))
    return {f"soramichi/{f.name}": versioned(f"{STATIC_URL}/js/{f.name}") for f in found}


@cache
def needed(entry: str) -> tuple[str, ...]:
    """The specifiers of the module `entry` (`live.js`) and of all that it imports, sorted."""
    found: set[str] = set()
    open_ends = {f"soramichi/{entry}"}
    while open_ends:
        name = open_ends.pop()
        found.add(name)
        text = file_of(modules()[name]).read_text()
        open_ends |= set(re.findall(r'(?:from|import) "(soramichi/[\w-]+\.js)"', text)) - found
    return tuple(sorted(found))


def data_url(url: str, media_type: str) -> str:
    """The file behind `url` as an address that carries it."""
    return f"data:{media_type};base64,{base64.b64encode(file_of(url).read_bytes()).decode()}"


def embedded(name: str) -> str:
    """The module with this specifier as an address that carries it."""
    return data_url(modules()[name], "text/javascript")
