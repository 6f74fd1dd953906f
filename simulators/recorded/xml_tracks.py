"""GPX and KML tracks.

GPX: `ele` counts as height above mean sea level (GPX 1.1 has `geoidheight`,
"height of geoid above the WGS 84 ellipsoid", as a member beside it). KML:
`absolute` is above sea level (EGM96 by the KML 2.2 standard),
`relativeToGround` above ground; a track clamped to the ground has no height
and is refused. Drawings without times are no recordings and are refused.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from simulators.recorded.track import Recording, make_sample, read_number, read_time
from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import BadFile

_KML_DATUM = {"absolute": Datum.AMSL, "relativeToGround": Datum.AGL}


def read_xml(file: str, content: bytes) -> Recording:
    """The tracks of a GPX or KML file. Raises `BadFile` for any other XML, and for XML bombs."""
    try:
        root = ElementTree.fromstring(content)
    except DefusedXmlException as error:
        raise BadFile(file, f"refused: the XML defines entities ({error})") from error
    except (ParseError, ValueError, LookupError) as error:
        raise BadFile(file, f"is not well-formed XML: {error}") from error
    kind = _name(root)
    if kind == "gpx":
        return _gpx(file, root)
    if kind == "kml":
        return _kml(file, root)
    raise BadFile(file, "is neither GPX nor KML", field=f"<{kind}>")


def _gpx(file: str, root: Element) -> Recording:
    recording = Recording(notes=[f"{file}: <ele> is taken as height above mean sea level"])
    for number, track in enumerate(_all(root, "trk"), start=1):
        samples: list[TelemetrySample] = []
        for index, point in enumerate(_all(track, "trkpt")):
            where = f"trk {number} trkpt {index}"
            try:
                samples.append(_gpx_point(file, where, point))
            except BadFile as fault:
                recording.faults.append(fault)
        recording.add(_text(track, "name") or "", samples)
    if not recording.tracks and not recording.faults:
        raise BadFile(file, "holds no track points", field="trkpt")
    return recording


def _gpx_point(file: str, where: str, point: Element) -> TelemetrySample:
    height = read_number(file, f"{where} ele", _text(point, "ele"))
    if height is None:
        raise BadFile(file, "has no height", field=f"{where} ele")
    members = {
        "time": read_time(file, f"{where} time", _text(point, "time")),
        "latitude_deg": read_number(file, f"{where} lat", point.get("lat")),
        "longitude_deg": read_number(file, f"{where} lon", point.get("lon")),
        "altitude_m": height,
        "altitude_datum": Datum.AMSL.value,
        # In GPX 1.0, and in 1.1 inside the usual extensions, both m/s and degrees.
        "ground_speed_mps": read_number(file, f"{where} speed", _text(point, "speed")),
        "track_deg": read_number(file, f"{where} course", _text(point, "course")),
    }
    return make_sample(file, where, members)


def _kml(file: str, root: Element) -> Recording:
    recording = Recording()
    tracks = _all(root, "Track")
    if not tracks:
        raise BadFile(
            file,
            "holds no <gx:Track> with times; lines and polygons are a drawing of a flight, "
            "not a recording",
            field="Track",
        )
    for number, track in enumerate(tracks, start=1):
        mode = _text(track, "altitudeMode") or "clampToGround"
        datum = _KML_DATUM.get(mode)
        if datum is None:
            raise BadFile(
                file,
                f"{mode} gives no height; export the track with absolute heights",
                field=f"Track {number} altitudeMode",
            )
        _kml_track(file, recording, f"Track {number}", track, datum)
    recording.notes.append(f"{file}: absolute heights are above mean sea level, as KML says")
    return recording


def _kml_track(file: str, recording: Recording, name: str, track: Element, datum: Datum) -> None:
    times, places = _all(track, "when"), _all(track, "coord")
    if len(times) != len(places):
        raise BadFile(file, f"{len(times)} times for {len(places)} places", field=name)
    samples: list[TelemetrySample] = []
    for index, (time, place) in enumerate(zip(times, places, strict=True)):
        try:
            samples.append(_kml_point(file, f"{name} point {index}", time, (place, datum)))
        except BadFile as fault:
            recording.faults.append(fault)
    recording.add("", samples)


def _kml_point(
    file: str, where: str, time: Element, there: tuple[Element, Datum]
) -> TelemetrySample:
    place, datum = there
    parts = [read_number(file, f"{where} coord", part) for part in (place.text or "").split()]
    if len(parts) != 3:
        raise BadFile(file, "must be longitude latitude height", field=f"{where} coord")
    members = {
        "time": read_time(file, f"{where} when", time.text),
        "latitude_deg": parts[1],
        "longitude_deg": parts[0],
        "altitude_m": parts[2],
        "altitude_datum": datum.value,
    }
    return make_sample(file, where, members)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(root: Element, name: str) -> list[Element]:
    """Every descendant of that local name; writers disagree about namespaces."""
    return [element for element in root.iter() if _name(element) == name]


def _text(element: Element, name: str) -> str | None:
    found = _all(element, name)
    return found[0].text if found else None
