"""Raster tiles of a base map out of one PMTiles file, so that no other host is asked."""

from __future__ import annotations

import gzip
import html
import logging
import os
import re
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from pmtiles.reader import Reader
from pmtiles.tile import Compression, MagicNumberNotFound, SpecVersionUnsupported, TileType
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.prepared import Prepared
from maps.pages import TileSource
from soramichi.errors import BadSettings

log = logging.getLogger(__name__)

ADDRESS = "/tiles/{z}/{x}/{y}"
_SETTING = "SORAMICHI_API_PMTILES_FILE"
_IMAGES = {
    TileType.PNG: "image/png",
    TileType.JPEG: "image/jpeg",
    TileType.WEBP: "image/webp",
    TileType.AVIF: "image/avif",
}
# How an image of each kind begins.
_BEGINS = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "image/avif": re.compile(rb".{4}ftyp", re.DOTALL),
}
_UNREADABLE = (OSError, ValueError, KeyError, IndexError, EOFError, OverflowError, zlib.error,
               MagicNumberNotFound, SpecVersionUnsupported)  # fmt: skip
_HEADERS = {"Cache-Control": "public, max-age=86400"}
# Tiles of what everybody looks at; tens of kilobytes each.
_KEPT = 512


class Tiles:
    """An open file. Raises `BadSettings` when it cannot be shown as a base map."""

    def __init__(self, path: Path, attribution: str | None) -> None:
        try:
            self._reader = Reader(_reading(path))
            self._header = self._reader.header()
            metadata = self._reader.metadata()
            self._reader.get(0, 0, 0)  # is there a directory?
        except _UNREADABLE as error:
            reason = str(error) or type(error).__name__
            raise BadSettings(
                f"{_SETTING}: {path} is no readable PMTiles file of version 3 ({reason});"
                " check it with `pmtiles verify` or copy it again"
            ) from error
        self._path = path
        self._damage_told = False
        self._media_type = _media_type(path, self._header)
        self.source = TileSource(
            url=ADDRESS,
            attribution=attribution or _attribution(path, metadata),
            min_zoom=self._header["min_zoom"],
            max_native_zoom=self._header["max_zoom"],
        )
        self._tile = lru_cache(maxsize=_KEPT)(self._read)

    def answer(self, request: Request, z: int, x: int, y: int) -> Response:
        """One tile; HTTPException with 404 where the file has none, or none that can be read."""
        inside = 0 <= z <= self._header["max_zoom"] and 0 <= x < 2**z and 0 <= y < 2**z
        tile = self._tile(z, x, y) if inside else None
        if tile is None:
            raise HTTPException(404)
        return tile.answer(request)

    def _read(self, z: int, x: int, y: int) -> Prepared | None:
        try:
            data = self._reader.get(z, x, y)
            if data is None:
                return None
            if self._header["tile_compression"] is Compression.GZIP:
                data = gzip.decompress(data)
            if not _BEGINS[self._media_type].match(data):
                raise ValueError(f"it is no {self._media_type}")
        except _UNREADABLE as error:
            self._tell_damage(f"{z}/{x}/{y}", error)
            return None
        return Prepared(data, self._media_type, _HEADERS, level=0)

    def _tell_damage(self, tile: str, error: Exception) -> None:
        """Log it: once loudly, for one broken directory may hold thousands of tiles."""
        level = logging.DEBUG if self._damage_told else logging.WARNING
        self._damage_told = True
        log.log(
            level,
            "%s is damaged: its tile %s cannot be read (%s), and the map has a hole there;"
            " check the file with `pmtiles verify` or copy it again, then start anew",
            self._path,
            tile,
            str(error) or type(error).__name__,
        )


def install(router: APIRouter, tiles: Tiles | None) -> None:
    """Add the tiles' address; without a file there is none behind it."""

    # Not a coroutine: the file is read in a thread.
    @router.api_route(ADDRESS, methods=["GET", "HEAD"])
    def show_tile(request: Request, z: int, x: int, y: int) -> Response:
        if tiles is None:
            raise HTTPException(404)
        return tiles.answer(request, z, x, y)


def _reading(path: Path) -> Callable[[int, int], bytes]:
    descriptor = os.open(path, os.O_RDONLY)

    def read(offset: int, length: int) -> bytes:
        # Asked each time: the file may be copied over while it is open.
        size = os.fstat(descriptor).st_size
        if offset + length > size:
            raise EOFError(f"it ends after {size} bytes")
        return os.pread(descriptor, length, offset)

    return read


def _media_type(path: Path, header: dict[str, Any]) -> str:
    kind, packed = header["tile_type"], header["tile_compression"]
    if kind not in _IMAGES:
        raise BadSettings(
            f"{_SETTING}: {path} holds {kind.name} tiles, which this map cannot draw;"
            " name a file of PNG, JPEG, WebP or AVIF tiles"
        )
    if packed not in {Compression.NONE, Compression.UNKNOWN, Compression.GZIP}:
        raise BadSettings(
            f"{_SETTING}: the tiles of {path} are packed with {packed.name};"
            " convert it to tiles that are not packed"
        )
    return _IMAGES[kind]


def _attribution(path: Path, metadata: dict[str, Any]) -> str:
    """Whom the file names as its source, as text without markup."""
    text = html.unescape(re.sub(r"<[^>]*>", "", str(metadata.get("attribution") or "")))
    if not text.strip():
        raise BadSettings(
            f"{_SETTING}: {path} does not say whose map it is;"
            " state it in SORAMICHI_API_TILE_ATTRIBUTION"
        )
    return " ".join(text.split())
