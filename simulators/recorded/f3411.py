"""Remote ID recordings in the JSON of ASTM F3411 (both the 2019 and the 2022 form).

`alt` is above the WGS 84 ellipsoid. The standard's own words for "unknown"
(speed 255, track 361, vertical_speed 63, HAUnknown) become not known; `alt`
-1000 leaves no position and costs the state.
"""

from __future__ import annotations

from typing import Any

from simulators.recorded.track import Recording, make_sample, read_time
from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import OperationalStatus, TelemetrySample
from soramichi.errors import BadFile

UNKNOWN_ALT_M = -1000.0
# name in the standard -> (name on our wire, its "unknown", lowest, highest)
_NUMBERS = {
    "speed": ("ground_speed_mps", 255.0, 0.0, 254.25),
    "track": ("track_deg", 361.0, 0.0, 360.0),
    "vertical_speed": ("vertical_speed_mps", 63.0, -62.0, 62.0),
}
# The standard's classes as their outer bound in metres; None is unknown or unbounded.
_ACCURACY_H: dict[str, float | None] = {
    "HAUnknown": None,
    "HA10NMPlus": None,
    "HA10NM": 18_520.0,
    "HA4NM": 7_408.0,
    "HA2NM": 3_704.0,
    "HA1NM": 1_852.0,
    "HA05NM": 926.0,
    "HA03NM": 555.6,
    "HA01NM": 185.2,
    "HA005NM": 92.6,
    "HA30m": 30.0,
    "HA10m": 10.0,
    "HA3m": 3.0,
    "HA1m": 1.0,
}
_ACCURACY_V: dict[str, float | None] = {
    "VAUnknown": None,
    "VA150mPlus": None,
    "VA150m": 150.0,
    "VA45m": 45.0,
    "VA25m": 25.0,
    "VA10m": 10.0,
    "VA3m": 3.0,
    "VA1m": 1.0,
}


def read_f3411(file: str, document: dict[str, Any]) -> Recording:
    """One track a flight; faulty states are reported and cost no other. Raises `BadFile`."""
    flights = document.get("flights")
    if not isinstance(flights, list) or not flights:
        raise BadFile(file, "must be a list of at least one flight", field="flights")
    recording = Recording(notes=[f"{file}: heights are above the WGS 84 ellipsoid"])
    for number, flight in enumerate(flights):
        states = flight.get("states") if isinstance(flight, dict) else None
        if not isinstance(states, list):
            fault = BadFile(file, "must be a list of states", field=f"flight {number} states")
            recording.faults.append(fault)
            continue
        samples: list[TelemetrySample] = []
        for index, state in enumerate(states):
            try:
                samples.append(_sample(file, f"flight {number} state {index}", state))
            except BadFile as fault:
                recording.faults.append(fault)
        recording.add(_label(file, number, flight, recording), samples)
    return recording


def _label(file: str, number: int, flight: dict[str, Any], recording: Recording) -> str:
    details = flight.get("flight_details")
    details = details if isinstance(details, dict) else {}
    identity = details.get("serial_number") or details.get("uas_id")
    if not identity:
        recording.notes.append(
            f"{file}: flight {number} flight_details: names no aircraft (serial_number or uas_id)"
        )
    return str(details.get("id") or "")


def _sample(file: str, where: str, state: Any) -> TelemetrySample:
    position = _member(file, where, state, "position")
    where_at = f"{where} position"
    altitude = _number(file, where_at, position, "alt")
    if altitude == UNKNOWN_ALT_M:
        raise BadFile(file, "-1000 means not known", field=f"{where_at} alt")
    members: dict[str, Any] = {
        "time": read_time(file, f"{where} timestamp", _timestamp(file, where, state)),
        "latitude_deg": _number(file, where_at, position, "lat"),
        "longitude_deg": _number(file, where_at, position, "lng"),
        "altitude_m": altitude,
        "altitude_datum": Datum.ELLIPSOID.value,
        "status": _status(file, where, state),
        "accuracy_h_m": _accuracy(file, where_at, position, "accuracy_h", _ACCURACY_H),
        "accuracy_v_m": _accuracy(file, where_at, position, "accuracy_v", _ACCURACY_V),
    }
    if members["latitude_deg"] == 0.0 and members["longitude_deg"] == 0.0:
        raise BadFile(file, "(0, 0) means not known", field=f"{where_at} lat")
    for name, (ours, unknown, lowest, highest) in _NUMBERS.items():
        value = _number(file, where, state, name)
        if value != unknown and not lowest <= value <= highest:
            raise BadFile(
                file, f"{value} is outside [{lowest}, {highest}]", field=f"{where} {name}"
            )
        members[ours] = None if value == unknown else value
    return make_sample(file, where, members)


def _member(file: str, where: str, parent: Any, name: str) -> Any:
    if not isinstance(parent, dict):
        raise BadFile(file, "must be a JSON object", field=where)
    if parent.get(name) is None:
        raise BadFile(file, "is missing", field=f"{where} {name}")
    return parent[name]


def _number(file: str, where: str, parent: Any, name: str) -> float:
    value = _member(file, where, parent, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        raise BadFile(file, f"{value!r} is not a finite number", field=f"{where} {name}")
    return float(value)


def _timestamp(file: str, where: str, state: Any) -> str:
    stamp = _member(file, where, state, "timestamp")
    if isinstance(stamp, dict):  # the 2022 form
        stamp = _member(file, f"{where} timestamp", stamp, "value")
    if not isinstance(stamp, str):
        raise BadFile(file, f"{stamp!r} is not text", field=f"{where} timestamp")
    return stamp


def _status(file: str, where: str, state: dict[str, Any]) -> str | None:
    word = state.get("operational_status")
    if word is not None and word not in set(OperationalStatus):
        raise BadFile(
            file, f"{word!r} is no status of the standard", field=f"{where} operational_status"
        )
    return word


def _accuracy(
    file: str, where: str, position: Any, name: str, classes: dict[str, float | None]
) -> float | None:
    word = _member(file, where, position, name)
    if not isinstance(word, str) or word not in classes:
        raise BadFile(file, f"{word!r} is no class of the standard", field=f"{where} {name}")
    return classes[word]
