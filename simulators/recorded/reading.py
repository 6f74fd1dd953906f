"""Recognise a recorded flight, by what is in the file first and by its name second."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulators.recorded import ulog
from simulators.recorded.f3411 import read_f3411
from simulators.recorded.geojson import TYPES, read_geojson
from simulators.recorded.table import looks_like_table, read_table
from simulators.recorded.track import Recording
from simulators.recorded.xml_tracks import read_xml
from soramichi.errors import BadFile

LARGEST_BYTES = 1 << 30
KNOWN = "PX4 .ulg, GPX, KML, CSV, F3411 JSON, GeoJSON"
_BY_NAME = {".ulg": ulog.read_ulog, ".gpx": read_xml, ".kml": read_xml, ".csv": read_table}


def read_recording(path: Path) -> Recording:
    """The tracks of a file, at least one sample among them.

    Raises `BadFile`, naming file, field and reason, when nothing can be used.
    """
    file = path.name
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise BadFile(file, f"is larger than {LARGEST_BYTES >> 20} MiB")
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error.strerror}") from error
    recording = _read(file, path.suffix.lower(), content)
    if not recording.tracks:
        if recording.faults:
            raise recording.faults[0]
        raise BadFile(file, "holds no position with a time")
    return recording


def _read(file: str, suffix: str, content: bytes) -> Recording:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not start:
        raise BadFile(file, "is empty")
    if content.startswith(ulog.MAGIC):
        return ulog.read_ulog(file, content)
    if start == b"<":
        return read_xml(file, content)
    if start in {b"{", b"["}:
        return _read_json(file, content)
    if looks_like_table(content):
        return read_table(file, content)
    if suffix in _BY_NAME:
        return _BY_NAME[suffix](file, content)
    raise BadFile(file, f"is none of the known kinds of recorded flight ({KNOWN})")


def _read_json(file: str, content: bytes) -> Recording:
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadFile(file, f"is not JSON: {error}") from error
    if isinstance(document, dict) and "flights" in document:
        return read_f3411(file, document)
    if isinstance(document, dict) and document.get("type") in TYPES:
        return read_geojson(file, document)
    raise BadFile(file, "is JSON, but neither F3411 flights nor a GeoJSON feature")
