"""Zones of a file in any of the formats, recognised by what is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from routes_planner.zones_in import airports, did, dips, ed269, ed318, geojson, kml, qgc
from routes_planner.zones_in.document import is_xml, json_document, xml_document
from routes_planner.zones_in.report import Imported
from soramichi.errors import BadFile


class _JsonFormat(NamedTuple):
    recognises: Callable[[Any], bool]
    read: Callable[[str, Any], Imported]


# The order matters: DID, airports and ED-318 are GeoJSON too.
_JSON: dict[str, _JsonFormat] = {
    ed269.FORMAT: _JsonFormat(ed269.recognises, ed269.read),
    dips.FORMAT: _JsonFormat(dips.recognises, dips.read),
    qgc.FORMAT: _JsonFormat(qgc.recognises, qgc.read),
    ed318.FORMAT: _JsonFormat(ed318.recognises, ed318.read),
    did.KSJ_FORMAT: _JsonFormat(did.recognises_ksj, did.read_ksj),
    did.ESTAT_FORMAT: _JsonFormat(did.recognises_estat, did.read_estat),
    airports.FORMAT: _JsonFormat(airports.recognises, airports.read),
    geojson.FORMAT: _JsonFormat(geojson.recognises, geojson.read),
}
FORMATS = (*_JSON, kml.FORMAT)


def read_zones(source: str, data: bytes, *, zone_format: str | None = None) -> Imported:
    """The zones in `data`, and a report of all that was irregular in it.

    `source` names the file in errors and becomes the zones' source;
    `zone_format` is one of `FORMATS`, None recognises it. Raises `BadFile`
    when the document as a whole cannot be used; a feature that cannot be read
    stays as an unknown zone instead.
    """
    if zone_format is not None and zone_format not in FORMATS:
        raise BadFile(source, f"unknown format {zone_format}; choose from {', '.join(FORMATS)}")
    if zone_format == kml.FORMAT or (zone_format is None and is_xml(data)):
        return kml.read(source, xml_document(source, data))
    document = json_document(source, data)
    if isinstance(document, list):
        document = _bare_list(source, document)
    chosen = zone_format or next(
        (name for name, entry in _JSON.items() if entry.recognises(document)), None
    )
    if chosen is None:
        raise BadFile(
            source, f"none of the formats {', '.join(FORMATS)} is recognised; check the content"
        )
    return _JSON[chosen].read(source, document)


def read_zone_file(path: Path, *, zone_format: str | None = None) -> Imported:
    """`read_zones` of a file on disk; its name becomes the source."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error.strerror}") from None
    return read_zones(path.name, data, zone_format=zone_format)


def _bare_list(source: str, document: list[Any]) -> dict[str, Any]:
    """A list without its envelope, as interfaces that page their answers return it."""
    first = document[0] if document else None
    if isinstance(first, dict) and "flightProhibitedAreaId" in first:
        return {"flightProhibitedAreaInfo": document}
    if isinstance(first, dict) and first.get("type") == "Feature":
        return {"type": "FeatureCollection", "features": document}
    raise BadFile(source, "a JSON list holds zones only as DIPS areas or GeoJSON features")
