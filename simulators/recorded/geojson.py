"""GeoJSON tracks: a LineString (or MultiLineString) with heights, and times beside it.

Times are RFC 3339 texts in the property `coordTimes` or `times`, shaped like
the coordinates. Heights are above the WGS 84 ellipsoid, as RFC 7946 section 4
has it, unless the property `altitude_datum` names another datum of the wire.
"""

from __future__ import annotations

from typing import Any

from simulators.recorded.track import Recording, make_sample, read_time
from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import BadFile

TYPES = ("FeatureCollection", "Feature")


def read_geojson(file: str, document: dict[str, Any]) -> Recording:
    """One track a line. Raises `BadFile` when there is no line with heights and times."""
    recording = Recording()
    features = document.get("features") if document["type"] == TYPES[0] else [document]
    if not isinstance(features, list):
        raise BadFile(file, "must be a list", field="features")
    for number, feature in enumerate(features):
        where = f"feature {number}"
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if not isinstance(geometry, dict) or kind not in {"LineString", "MultiLineString"}:
            recording.notes.append(f"{file}: {where} is not a line and is left out")
            continue
        properties = feature.get("properties") or {}
        if not isinstance(properties, dict):
            raise BadFile(file, "must be an object", field=f"{where} properties")
        lines, times = geometry.get("coordinates"), _times(file, where, properties)
        if kind == "LineString":
            lines, times = [lines], [times]
        if not isinstance(lines, list) or len(lines) != len(times):
            raise BadFile(file, "has not as many times as coordinates", field=where)
        datum = _datum(file, where, properties, recording)
        for line, moments in zip(lines, times, strict=True):
            _line(file, recording, where, (line, moments, datum, str(properties.get("name", ""))))
    if not recording.tracks and not recording.faults:
        raise BadFile(file, "holds no line with times", field="features")
    return recording


def _times(file: str, where: str, properties: dict[str, Any]) -> list[Any]:
    nested = properties.get("coordinateProperties")
    sources = (properties, nested if isinstance(nested, dict) else {})
    for source in sources:
        for name in ("coordTimes", "times"):
            if isinstance(source.get(name), list):
                return list(source[name])
    raise BadFile(
        file,
        "there are no times; a flight without times cannot be replayed",
        field=f"{where} properties.coordTimes",
    )


def _datum(file: str, where: str, properties: dict[str, Any], recording: Recording) -> Datum:
    stated = properties.get("altitude_datum")
    if stated is None:
        recording.notes.append(
            f"{file}: {where} states no altitude_datum; heights are taken as above the "
            "WGS 84 ellipsoid (RFC 7946)"
        )
        return Datum.ELLIPSOID
    if stated not in set(Datum):
        names = ", ".join(Datum)
        raise BadFile(file, f"must be one of {names}", field=f"{where} altitude_datum")
    return Datum(stated)


def _line(file: str, recording: Recording, where: str, line: tuple[Any, Any, Datum, str]) -> None:
    places, times, datum, label = line
    if not isinstance(places, list) or not isinstance(times, list) or len(places) != len(times):
        raise BadFile(file, "has not as many times as coordinates", field=where)
    samples: list[TelemetrySample] = []
    for index, (place, time) in enumerate(zip(places, times, strict=True)):
        try:
            samples.append(_point(file, f"{where} point {index}", (place, time, datum)))
        except BadFile as fault:
            recording.faults.append(fault)
    recording.add(label, samples)


def _point(file: str, at: str, point: tuple[Any, Any, Datum]) -> TelemetrySample:
    place, time, datum = point
    if not isinstance(place, list) or len(place) < 3:
        raise BadFile(file, "has no height", field=at)
    members = {
        "time": read_time(file, f"{at} time", time if isinstance(time, str) else repr(time)),
        "latitude_deg": place[1],
        "longitude_deg": place[0],
        "altitude_m": place[2],
        "altitude_datum": datum.value,
    }
    return make_sample(file, at, members)
