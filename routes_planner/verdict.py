"""A verdict and its findings: what a planner can put before an authority."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import shapely

from soramichi.domain.altitude import Datum
from soramichi.domain.flight import AircraftClass, Name


class Severity(StrEnum):
    """FAIL: must not be flown like this. CAUTION: may be flown, with conditions to keep.

    UNKNOWN: something needed for an answer is missing; never to be read as a pass.
    """

    FAIL = "fail"
    UNKNOWN = "unknown"
    CAUTION = "caution"


class Answer(StrEnum):
    """FAIL with any failing finding, else UNKNOWN with any unknown one, else PASS."""

    PASS = "pass"  # noqa: S105  # a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightOverlap:
    """Lowest and highest metres above `datum` at which the corridor met a band, both included.

    `from_m` None: met down without limit; `to_m` None: up without limit.
    """

    from_m: float | None
    to_m: float | None
    datum: Datum


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneReference:
    """The zone that a finding is about."""

    identifier: str
    name: Name
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong, or not known, on one unbroken stretch of the flown line.

    `from_m` and `to_m` are metres along the line, both included; `clearance_m` the
    horizontal metres between the corridor's edge and the zone, 0.0 where they meet.
    `kind` is `geozone`, `rule`, `corridor` (another one comes too close),
    `vehicle` (the class cannot fly it) or `evidence` (something is missing).
    """

    kind: str
    severity: Severity
    from_m: float
    to_m: float
    message: Name
    zone: ZoneReference | None = None
    clearance_m: float | None = None
    height_overlap: HeightOverlap | None = None
    time_overlap: tuple[datetime, datetime] | None = None
    geometry: shapely.LineString | None = None
    rule: str | None = None
    other: str | None = None

    @property
    def overlap_m(self) -> float:
        """Metres of the flown line on which this holds; 0.0 for the touch of a point."""
        return self.to_m - self.from_m

    def as_json(self) -> dict[str, Any]:
        """The finding as plain values: numbers to the decimetre, times in UTC."""
        zone, height, when = self.zone, self.height_overlap, self.time_overlap
        found: dict[str, Any] = {
            "kind": self.kind,
            "severity": str(self.severity),
            "zone": zone
            and {
                "identifier": zone.identifier,
                "name": {"ja": zone.name.ja, "en": zone.name.en},
                "source": zone.source,
            },
            "from_m": _rounded(self.from_m),
            "to_m": _rounded(self.to_m),
            "overlap_m": _rounded(self.overlap_m),
            "clearance_m": _rounded(self.clearance_m),
            "height_overlap": height
            and {
                "from_m": _rounded(height.from_m),
                "to_m": _rounded(height.to_m),
                "datum": str(height.datum),
            },
            "time_overlap": when and [_time(when[0]), _time(when[1])],
            "geometry": self.geometry and _geojson(self.geometry),
            "message": {"ja": self.message.ja, "en": self.message.en},
        }
        for member in ("rule", "other"):
            if getattr(self, member) is not None:
                found[member] = getattr(self, member)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What a candidate costs; None is "not known" (no layer to tell), never zero.

    `min_clearance_m`: the smallest horizontal distance from the corridor's edge to
    a zone that applies at its height and time; 0.0 when it meets one, None when
    there is none within 200 km. `cruise_level_db`: how loud the class's example is on the
    ground below `max_height_agl_m`, within its doubt; `fall_reach_m`: how far from
    the line it may come down from there.
    """

    length_m: float
    duration_s: float
    energy_reserve_pct: float | None = None
    over_did_m: float | None = None
    over_did_s: float | None = None
    nearest_did_m: float | None = None
    people_below: int | None = None
    nearest_home_m: float | None = None
    min_clearance_m: float | None = None
    max_height_agl_m: float | None = None
    cruise_level_db: float | None = None
    cruise_level_doubt_db: float | None = None
    fall_reach_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer for one candidate; findings in the order in which a flight would meet them.

    `assumed` names what nobody stated and was filled in with a default.
    """

    candidate: str
    aircraft_class: AircraftClass
    departs_at: datetime | None
    rules: str | None
    findings: tuple[Finding, ...]
    metrics: Metrics
    assumed: tuple[str, ...] = ()

    @property
    def answer(self) -> Answer:
        """The tri-state answer; cautions alone still pass."""
        return answer_of(finding.severity for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain values: numbers to the decimetre, times in UTC."""
        metrics = {
            name: _rounded(getattr(self.metrics, name)) for name in Metrics.__dataclass_fields__
        }
        return {
            "candidate": self.candidate,
            "verdict": str(self.answer),
            "aircraft_class": str(self.aircraft_class),
            "depart": _time(self.departs_at),
            "rules": self.rules,
            "findings": [finding.as_json() for finding in self.findings],
            "metrics": metrics,
            "assumed": list(self.assumed),
            "line": "geodesic",
        }


def answer_of(severities: Iterable[Severity]) -> Answer:
    """The tri-state answer that findings of these severities add up to; PASS for none."""
    found = set(severities)
    if Severity.FAIL in found:
        return Answer.FAIL
    return Answer.UNKNOWN if Severity.UNKNOWN in found else Answer.PASS


def _geojson(line: shapely.LineString) -> dict[str, Any]:
    """A line as GeoJSON, 1e-7 degrees being a centimetre."""
    xy = shapely.get_coordinates(line).round(7).tolist()
    return {"type": "LineString", "coordinates": xy}


def _rounded(value: float | None) -> float | None:
    return round(value, 1) if isinstance(value, float) else value


def _time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the millisecond where there is one."""
    if moment is None:
        return None
    spec = "milliseconds" if moment.microsecond >= 500 else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")
