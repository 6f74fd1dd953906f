"""Answers made once and sent many times: encoded, compressed and named by their content."""

from __future__ import annotations

import copy
import gzip
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Request
from starlette.responses import Response

JSON = "application/json"
# Below this a packet is a packet; above, nine passes a minute over a text cost nothing.
_SMALLEST_COMPRESSED_BYTES = 500
_TEXTS = ("text/", "application/json", "application/manifest", "image/svg", "application/geo")

encode = msgspec.json.Encoder(decimal_format="number").encode


def takes_gzip(request: Request) -> bool:
    """Whether the client says that it can read gzip."""
    for offer in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, quality = offer.partition(";")
        if name.strip() in {"gzip", "*"}:
            return quality.replace(" ", "").rstrip("0") not in {"q=", "q=0."}
    return False


class Prepared:
    """A body with its ETag and its gzip; the same content has the same ETag in every process.

    The ETag is weak: it names the content, however it travels. Compression is worth its
    time once: at `level` 9 for what lasts, less for what is replaced every second.
    """

    __slots__ = ("_as_gzip", "_as_is", "_tag", "_unchanged")

    def __init__(
        self, body: bytes, media_type: str, headers: Mapping[str, str] | None = None, *, level: int
    ) -> None:
        self._tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        common = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        common |= {**(headers or {}), "ETag": f"W/{self._tag}", "Vary": "Accept-Encoding"}
        self._unchanged = Response(status_code=304, headers=common)
        self._as_is = Response(body, media_type=media_type, headers=common)
        self._as_gzip: Response | None = None
        if len(body) >= _SMALLEST_COMPRESSED_BYTES and media_type.startswith(_TEXTS):
            packed = gzip.compress(body, level, mtime=0)
            common["Content-Encoding"] = "gzip"
            self._as_gzip = Response(packed, media_type=media_type, headers=common)

    def answer(self, request: Request) -> Response:
        """What this request gets: nothing new, or the body as the client can read it."""
        if self._tag in request.headers.get("if-none-match", ""):
            return _own(self._unchanged)
        if self._as_gzip is not None and takes_gzip(request):
            return _own(self._as_gzip)
        return _own(self._as_is)


def _own(response: Response) -> Response:
    """The same body under headers of its own: middleware writes into those it is given."""
    own = copy.copy(response)
    own.raw_headers = list(response.raw_headers)
    return own


def document(value: Any, *, level: int) -> Prepared:
    """A JSON document."""
    return Prepared(encode(value), JSON, level=level)
