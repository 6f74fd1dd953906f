"""What every reader of recorded flights returns, and the one way to make a sample from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import BadFile

# More than this is not listed one by one to a person.
LISTED = 20


@dataclass(slots=True, kw_only=True)
class Track:
    """One recorded flight; `label` is what the file calls it, "" when it does not.

    `samples` are ordered by time and carry neither flight id nor sequence yet.
    """

    label: str
    samples: list[TelemetrySample]


@dataclass(slots=True, kw_only=True)
class Recording:
    """What a file held: its tracks, every point that could not be used, and remarks for people.

    Each fault names file, place and field. `notes` say what a reader assumed
    or left out.
    """

    tracks: list[Track] = field(default_factory=list)
    faults: list[BadFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, label: str, samples: list[TelemetrySample]) -> None:
        """Append a track, unless it is empty."""
        if samples:
            self.tracks.append(
                Track(label=label, samples=sorted(samples, key=lambda one: one.time))
            )


def make_sample(file: str, where: str, members: dict[str, Any]) -> TelemetrySample:
    """A sample of these wire members, judged like one from the wire; None members are left out.

    Raises `BadFile` with `where` (a line, a point) and the member at fault.
    """
    given = {name: value for name, value in members.items() if value is not None}
    try:
        return msgspec.convert(given, TelemetrySample, strict=True)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$.")
        place = f"{where} {path.rstrip('`')}".strip()
        raise BadFile(file, reason, field=place) from error


def read_time(file: str, where: str, text: str | None) -> datetime:
    """An RFC 3339 time with a zone, in UTC. Raises `BadFile` for anything else."""
    if not text or not text.strip():
        raise BadFile(file, "has no time; a flight without times cannot be replayed", field=where)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadFile(file, f"{text!r} is not an RFC 3339 time", field=where) from error
    if moment.tzinfo is None:
        raise BadFile(file, f"{text!r} has no time zone; write it with Z or +09:00", field=where)
    return moment.astimezone(UTC)


def read_number(file: str, where: str, text: str | None) -> float | None:
    """A finite number, or None for nothing. Raises `BadFile`."""
    if text is None or not text.strip():
        return None
    try:
        number = float(text)
    except ValueError as error:
        raise BadFile(file, f"{text!r} is not a number", field=where) from error
    if number - number != 0.0:  # NaN and the infinities
        raise BadFile(file, f"{text!r} is not a finite number", field=where)
    return number
