"""A stored flight in the formats of others, each with its heights on the datum it asks for.

| format  | heights |
| csv     | as sent, with their datum in each line |
| geojson | as sent, one line for each datum, named in `altitude_datum` |
| gpx     | above mean sea level (`ele` of GPX 1.1) |
| kml     | `absolute` above mean sea level, `relativeToGround` for AGL (KML 2.2) |
| czml    | above the WGS 84 ellipsoid (`cartographicDegrees`) |
| parquet | as sent; `geometry` in CRS84h where all are known above the ellipsoid, else flat |
| mfjson  | CRS84h where all are known above the ellipsoid, else flat; as sent beside it |

Every format but GPX and CZML carries all members of the samples.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

from soramichi.commands.flight_heights import heights_m
from soramichi.commands.flight_parquet import as_parquet
from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import DatumMismatch
from soramichi.store.records import Record
from soramichi.store.rows import SAMPLE_COLUMNS

_PLACE = ("time", "latitude_deg", "longitude_deg")
# What a sample says beside time and place.
_MEMBERS = tuple(name for name in SAMPLE_COLUMNS if name not in _PLACE)
_WORDS = ("altitude_datum", "status")
_NUMBERS = tuple(name for name in _MEMBERS if name not in _WORDS)
# Units as UN/CEFACT common codes, the form OGC 19-045r3 gives a measure; by the name's ending.
_FORMS = {"_mps": "MTS", "_deg": "DD", "_pct": "P1", "_m": "MTR", "seq": "C62"}

_GPX = "http://www.topografix.com/GPX/1/1"
_TRACK_POINT = "http://www.garmin.com/xmlschemas/TrackPointExtension/v2"
_KML = "http://www.opengis.net/kml/2.2"
_GX = "http://www.google.com/kml/ext/2.2"


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with every digit that is stored."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def as_csv(record: Record) -> bytes:
    """One sample a line under the names of the wire; an empty field is not known."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SAMPLE_COLUMNS)
    for one in record.samples:
        values = [getattr(one, name) for name in SAMPLE_COLUMNS[1:]]
        writer.writerow([stamp(one.time), *("" if v is None else v for v in values)])
    return text.getvalue().encode()


def as_geojson(record: Record) -> bytes:
    """A line (a point, where there is one sample) for each datum that occurs."""
    features = [
        _feature(record, datum, [one for one in record.samples if one.altitude_datum is datum])
        for datum in dict.fromkeys(one.altitude_datum for one in record.samples)
    ]
    return _json({"type": "FeatureCollection", "features": features})


def _feature(record: Record, datum: Datum, samples: Sequence[TelemetrySample]) -> dict[str, Any]:
    places = [[*one.position.lonlat, one.altitude_m] for one in samples]
    others = [name for name in _MEMBERS if name not in {"altitude_m", "altitude_datum"}]
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": places}
        if len(places) > 1
        else {"type": "Point", "coordinates": places[0]},
        "properties": {
            "name": record.flight.flight_id,
            "aircraft": record.flight.aircraft_id,
            "altitude_datum": datum.value,
            "coordinateProperties": {
                "times": [stamp(one.time) for one in samples],
                **{name: [getattr(one, name) for one in samples] for name in others},
            },
        },
    }


def as_gpx(record: Record) -> bytes:
    """A GPX 1.1 track with speed and course. Raises `DatumMismatch` without sea-level heights."""
    heights = heights_m(record.samples, Datum.AMSL, kind="GPX")
    _namespaces({"": _GPX, "gpxtpx": _TRACK_POINT})
    root = ET.Element(f"{{{_GPX}}}gpx", version="1.1", creator="Soramichi")
    track = _child(root, _GPX, "trk")
    _child(track, _GPX, "name", record.flight.flight_id)
    segment = _child(track, _GPX, "trkseg")
    for one, height_m in zip(record.samples, heights, strict=True):
        point = _child(segment, _GPX, "trkpt")
        point.set("lat", _decimal(one.latitude_deg))
        point.set("lon", _decimal(one.longitude_deg))
        _child(point, _GPX, "ele", _decimal(height_m))
        _child(point, _GPX, "time", stamp(one.time))
        # GPX's degrees end below 360, ours with it.
        course_deg = None if one.track_deg is None else one.track_deg % 360.0
        given = {"speed": one.ground_speed_mps, "course": course_deg}
        if any(value is not None for value in given.values()):
            motion = _child(_child(point, _GPX, "extensions"), _TRACK_POINT, "TrackPointExtension")
            for name, value in given.items():
                if value is not None:
                    _child(motion, _TRACK_POINT, name, _decimal(value))
    return _xml(root)


def as_kml(record: Record) -> bytes:
    """A track above the sea, and one above ground where samples say so. Raises `DatumMismatch`."""
    _namespaces({"": _KML, "gx": _GX})
    root = ET.Element(f"{{{_KML}}}kml")
    document = _child(root, _KML, "Document")
    _child(document, _KML, "name", record.flight.flight_id)
    schema = _child(document, _KML, "Schema")
    schema.attrib.update({"id": "sample", "name": "sample"})
    for name in _MEMBERS:
        kind = "string" if name in _WORDS else "double"
        _child(schema, _GX, "SimpleArrayField").attrib.update({"name": name, "type": kind})
    low = [one for one in record.samples if one.altitude_datum is Datum.AGL]
    high = [one for one in record.samples if one.altitude_datum is not Datum.AGL]
    if high:
        heights = heights_m(high, Datum.AMSL, kind="KML")
        _kml_track(document, "absolute", high, heights)
    if low:
        _kml_track(document, "relativeToGround", low, [one.altitude_m for one in low])
    return _xml(root)


def _kml_track(
    document: ET.Element, mode: str, samples: Sequence[TelemetrySample], heights: Sequence[float]
) -> None:
    placemark = _child(document, _KML, "Placemark")
    track = _child(placemark, _GX, "Track")
    _child(track, _KML, "altitudeMode", mode)
    for one in samples:
        _child(track, _KML, "when", stamp(one.time))
    for one, height_m in zip(samples, heights, strict=True):
        place = " ".join(_decimal(part) for part in (*one.position.lonlat, height_m))
        _child(track, _GX, "coord", place)
    data = _child(_child(track, _KML, "ExtendedData"), _KML, "SchemaData")
    data.set("schemaUrl", "#sample")
    for name in _MEMBERS:
        column = _child(data, _GX, "SimpleArrayData")
        column.set("name", name)
        for one in samples:
            value = getattr(one, name)
            _child(column, _GX, "value", "" if value is None else str(value))


def as_czml(record: Record) -> bytes:
    """A point with its path in CZML 1.0. Raises `DatumMismatch` without ellipsoidal heights."""
    heights = heights_m(record.samples, Datum.ELLIPSOID, kind="CZML")
    first, last = record.samples[0].time, record.samples[-1].time
    interval = f"{stamp(first)}/{stamp(last)}"
    after_s = [(one.time - first).total_seconds() for one in record.samples]
    places = [
        part
        for one, at_s, height_m in zip(record.samples, after_s, heights, strict=True)
        for part in (at_s, *one.position.lonlat, height_m)
    ]
    packets = [
        {
            "id": "document",
            "name": record.flight.flight_id,
            "version": "1.0",
            "clock": {"interval": interval, "currentTime": stamp(first)},
        },
        {
            "id": record.flight.aircraft_id,
            "name": record.flight.aircraft_id,
            "availability": interval,
            "position": {"epoch": stamp(first), "cartographicDegrees": places},
            "point": {"pixelSize": 8},
            "path": {"width": 2},
        },
    ]
    return _json(packets)


def as_mfjson(record: Record) -> bytes:
    """A moving point of OGC Moving Features JSON (19-045r3) with a property for each member."""
    samples = record.samples
    try:
        heights = heights_m(samples, Datum.ELLIPSOID, kind="MF-JSON")
        crs = "http://www.opengis.net/def/crs/OGC/0/CRS84h"
        places = [
            [*one.position.lonlat, height_m] for one, height_m in zip(samples, heights, strict=True)
        ]
    except DatumMismatch:  # the heights stand beside the place, with their datum
        crs = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        places = [list(one.position.lonlat) for one in samples]
    properties = [_temporal(name, samples) for name in _MEMBERS]
    document = {
        "type": "Feature",
        "id": record.flight.flight_id,
        "crs": {"type": "Name", "properties": {"name": crs}},
        "trs": {"type": "Name", "properties": {"name": "urn:ogc:data:time:iso8601"}},
        "temporalGeometry": {
            "type": "MovingPoint",
            "datetimes": [stamp(one.time) for one in samples],
            "coordinates": places,
            "interpolation": "Linear",
        },
        "temporalProperties": [one for one in properties if one["datetimes"]],
        "properties": {"aircraft": record.flight.aircraft_id},
    }
    return _json(document)


def _temporal(name: str, samples: Sequence[TelemetrySample]) -> dict[str, Any]:
    known = [one for one in samples if getattr(one, name) is not None]
    values = [getattr(one, name) for one in known]
    if name in _NUMBERS:
        form = next(code for ending, code in _FORMS.items() if name.endswith(ending))
        described = {"type": "Measure", "form": form, "values": values}
    else:
        described = {"type": "Text", "values": values}
    # Directions jump from 360 to 0, so between samples nothing may be drawn.
    described["interpolation"] = "Discrete"
    return {"datetimes": [stamp(one.time) for one in known], name: described}


def _decimal(number: float) -> str:
    """The shortest text that reads back as the same number, never with an exponent."""
    return format(Decimal(repr(float(number))), "f")


def _json(document: Any) -> bytes:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _namespaces(prefixes: dict[str, str]) -> None:
    for prefix, name in prefixes.items():
        ET.register_namespace(prefix, name)


def _child(parent: ET.Element, space: str, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{space}}}{name}")
    child.text = text
    return child


def _xml(root: ET.Element) -> bytes:
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


FORMATS: dict[str, Callable[[Record], bytes]] = {
    "geojson": as_geojson,
    "csv": as_csv,
    "kml": as_kml,
    "gpx": as_gpx,
    "czml": as_czml,
    "parquet": as_parquet,
    "mfjson": as_mfjson,
}
