"""The pages' files, compressed when the server starts: everything comes from this server."""

from __future__ import annotations

import mimetypes
from functools import cache
from pathlib import Path

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.prepared import Prepared
from maps import assets

_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
_TYPES = {
    ".geojson": "application/geo+json",
    ".js": "text/javascript",
    ".webmanifest": "application/manifest+json",
}


def prepared(path: Path, headers: dict[str, str] | None = None) -> Prepared:
    """One file as it is sent. Raises OSError when it is absent."""
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return Prepared(path.read_bytes(), kind or "application/octet-stream", headers, level=9)


class Files:
    """The files below `/static`; one that is asked for by its content's digest is kept for good."""

    def __init__(self) -> None:
        self._paths = assets.files()
        self._fixed = {
            assets.versioned(url): prepared(path, _FOR_GOOD) for url, path in self._paths.items()
        }
        # Asked for by hand, or by a page of another version: to be asked for again each time.
        self._passing = cache(prepared)

    def answer(self, request: Request) -> Response:
        """The file; HTTPException with 404 when there is none of that name."""
        url = request.url.path
        if fixed := self._fixed.get(f"{url}?{request.url.query}"):
            return fixed.answer(request)
        if url not in self._paths:
            raise HTTPException(404)
        return self._passing(self._paths[url]).answer(request)
