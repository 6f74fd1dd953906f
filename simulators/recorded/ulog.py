"""PX4 logs (.ulg): every GPS fix becomes a sample with the UTC of the receiver.

A log holds two heights some 40 m apart in Japan. Sent is the one above mean
sea level, with that datum; the ellipsoidal one is named in a note. `timestamp`
counts from boot and is never taken for a time.
"""

from __future__ import annotations

import contextlib
import io
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from pyulog import ULog

from simulators.recorded.track import Recording, make_sample
from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import BadFile

MAGIC = b"ULog\x01\x12\x35"
TOPIC = "vehicle_gps_position"
THREE_D_FIX = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Logs before PX4 1.14: 1e-7 degrees and millimetres; since then degrees and metres.
_OLD = {"lat": 1e-7, "lon": 1e-7, "alt": 1e-3, "alt_ellipsoid": 1e-3}
_NEW = ("latitude_deg", "longitude_deg", "altitude_msl_m", "altitude_ellipsoid_m")


def read_ulog(file: str, content: bytes) -> Recording:
    """One track. Raises `BadFile` when no GPS fix with UTC can be read from the log."""
    recording = Recording()
    log = _parse(file, content)
    if log.file_corruption or not _ends_whole(content):
        recording.notes.append(f"{file}: the log is damaged or cut; what is readable is replayed")
    topics = [one for one in log.data_list if one.name == TOPIC and len(one.data["timestamp"])]
    if not topics:
        raise BadFile(file, "holds no GPS data; record this topic", field=TOPIC)
    first = min(topics, key=lambda one: one.multi_id)
    if len(topics) > 1:
        recording.notes.append(f"{file}: receiver {first.multi_id} of {len(topics)} is replayed")
    latitude, longitude, amsl, ellipsoid = _position(file, first.data)
    samples: list[TelemetrySample] = []
    for index in range(len(latitude)):
        place = (float(latitude[index]), float(longitude[index]), float(amsl[index]))
        try:
            samples.append(_sample(file, first.data, index, place))
        except BadFile as fault:
            recording.faults.append(fault)
    apart = float(np.median(ellipsoid - amsl))
    recording.notes.append(
        f"{file}: heights are AMSL; the ellipsoidal ones in the log are {apart:.2f} m higher "
        "and are not sent"
    )
    recording.add("", samples)
    return recording


def _parse(file: str, content: bytes) -> ULog:
    if not content.startswith(MAGIC):
        raise BadFile(file, "is not a PX4 log: its first bytes are not ULog's")
    try:
        # pyulog prints its complaints; ours go to stderr, in our words.
        with contextlib.redirect_stdout(io.StringIO()):
            return ULog(io.BytesIO(content), message_name_filter_list=[TOPIC])
    except Exception as error:  # the parser fails in many ways on a damaged log
        raise BadFile(file, f"is a damaged PX4 log ({type(error).__name__}: {error})") from error


def _ends_whole(content: bytes) -> bool:
    """Whether the last message is complete; pyulog silently stops before one that is not.

    After a header of 16 bytes each message is a 2-byte size, a type and that many bytes.
    """
    at = 16
    while at + 3 <= len(content):
        at += 3 + int.from_bytes(content[at : at + 2], "little")
    return at == len(content)


def _position(file: str, data: dict[str, Any]) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    """Latitude and longitude in degrees, AMSL and ellipsoidal height in metres."""
    try:
        if _NEW[0] in data:
            return [np.asarray(data[name], dtype=np.float64) for name in _NEW]
        return [np.asarray(data[name], dtype=np.float64) * unit for name, unit in _OLD.items()]
    except KeyError as error:
        raise BadFile(file, f"the log has no {error}", field=TOPIC) from error


def _sample(
    file: str, data: dict[str, Any], index: int, place: tuple[float, float, float]
) -> TelemetrySample:
    where = f"{TOPIC}[{index}]"
    if int(data["fix_type"][index]) < THREE_D_FIX:
        raise BadFile(file, "the receiver had no 3-D fix", field=f"{where} fix_type")
    utc_us = int(data["time_utc_usec"][index]) if "time_utc_usec" in data else 0
    if utc_us == 0:
        raise BadFile(file, "the receiver knew no UTC yet", field=f"{where} time_utc_usec")
    try:
        moment = _EPOCH + timedelta(microseconds=utc_us)
    except OverflowError as error:
        raise BadFile(file, "is no time", field=f"{where} time_utc_usec") from error
    down, course = _value(data, "vel_d_m_s", index), _value(data, "cog_rad", index)
    nose = _value(data, "heading", index)
    members = {
        "time": moment,
        "latitude_deg": round(place[0], 9),
        "longitude_deg": round(place[1], 9),
        "altitude_m": round(place[2], 4),
        "altitude_datum": Datum.AMSL.value,
        "ground_speed_mps": _value(data, "vel_m_s", index),
        "vertical_speed_mps": None if down is None else -down,
        "track_deg": None if course is None else math.degrees(course) % 360.0,
        "heading_deg": None if nose is None else math.degrees(nose) % 360.0,
        "accuracy_h_m": _value(data, "eph", index),
        "accuracy_v_m": _value(data, "epv", index),
    }
    return make_sample(file, where, members)


def _value(data: dict[str, Any], name: str, index: int) -> float | None:
    """One number of the log to 6 digits after the point, None when absent or not finite."""
    if name not in data:
        return None
    value = float(data[name][index])
    return round(value, 6) if math.isfinite(value) else None
