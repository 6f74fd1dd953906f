"""CSV whose header names the members of a wire sample, one sample a line.

Needed: time (RFC 3339 with zone), latitude_deg, longitude_deg, altitude_m,
altitude_datum. The other members of `TelemetrySample` may follow in any order;
an empty field is not known. UTF-8, comma, first line is the header.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from simulators.recorded.track import Recording, make_sample, read_number, read_time
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import BadFile

REQUIRED = ("time", "latitude_deg", "longitude_deg", "altitude_m", "altitude_datum")
_WORDS = ("altitude_datum", "status")
# The flight id and the numbering are given by the replay.
_IGNORED = ("flight", "seq")
_KNOWN = frozenset(TelemetrySample.__struct_fields__)


def looks_like_table(content: bytes) -> bool:
    """Whether the first line could be our header."""
    first = content.split(b"\n", 1)[0]
    return b"," in first and (b"latitude_deg" in first or b"time" in first)


def read_table(file: str, content: bytes) -> Recording:
    """One track. Raises `BadFile` for a header without the needed columns, or no UTF-8."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(file, f"is not UTF-8 text: {error}") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise BadFile(file, f"the header lacks {', '.join(missing)}", field="line 1")
    recording = Recording()
    unknown = [name for name in header if name not in _KNOWN]
    if unknown:
        recording.notes.append(f"{file}: columns not used: {', '.join(unknown)}")
    samples: list[TelemetrySample] = []
    try:
        for row in reader:
            where = f"line {reader.line_num}"
            try:
                if row:
                    samples.append(_sample(file, where, header, row))
            except BadFile as fault:
                recording.faults.append(fault)
    except csv.Error as error:
        raise BadFile(file, str(error), field=f"line {reader.line_num}") from error
    recording.add("", samples)
    return recording


def _sample(file: str, where: str, header: list[str], row: list[str]) -> TelemetrySample:
    if len(row) != len(header):
        raise BadFile(file, f"{len(row)} fields under {len(header)} columns", field=where)
    members: dict[str, Any] = {}
    for name, text in zip(header, row, strict=True):
        if name == "time":
            members[name] = read_time(file, f"{where} time", text)
        elif name in _WORDS:
            members[name] = text.strip() or None
        elif name in _KNOWN and name not in _IGNORED:
            members[name] = read_number(file, f"{where} {name}", text)
    return make_sample(file, where, members)
