"""Findings from overlaps: what is certain, what stays a question and why, and what to say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import shapely

from routes_planner.compiled.tables import Floats
from routes_planner.flown import Flown
from routes_planner.ground import band_meetings
from routes_planner.messages import met, question
from routes_planner.profile import Profile, profile
from routes_planner.surroundings import COLUMN, Surroundings
from routes_planner.verdict import Finding, HeightOverlap, Severity, ZoneReference
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone, ZoneType, ZoneVolume

# What a zone asks of those who enter; one that asks for nothing is not laid out at all.
SEVERITY = {
    ZoneType.PROHIBITED: Severity.FAIL,
    ZoneType.REQ_AUTHORIZATION: Severity.FAIL,
    ZoneType.CONDITIONAL: Severity.CAUTION,
    ZoneType.USPACE: Severity.CAUTION,
}

NO_HEIGHTS = Name(ja="経路に高度がありません", en="the candidate gives no heights")
NO_DEPARTURE = Name(ja="出発時刻がありません", en="no departure time is given")
NO_TERRAIN = Name(ja="地形が読み込まれていません", en="terrain is not loaded there")
NO_GEOID = Name(
    ja="楕円体高と標高を結ぶジオイドがありません",
    en="no geoid model ties ellipsoidal heights to sea level there",
)
NO_TAKEOFF = Name(ja="離陸地点の標高が不明です", en="the height of the take-off point is not known")
BAROMETRIC = Name(
    ja="気圧高度は気圧なしには標高にできません",
    en="pressure altitudes cannot be compared without the pressure of the day",
)


def zone_findings(
    flown: Flown,
    corridor: int,
    surroundings: Surroundings,
    row: int,
    stretch: tuple[float, float],
) -> Iterator[Finding]:
    """The findings for one overlap (`row` is the laid-out volume) of one corridor."""
    zone = surroundings.zones[int(surroundings.zone_of[row])]
    volume = zone.volumes[int(surroundings.part_of[row])]
    plan = flown.corridors[corridor]
    line = profile(flown, corridor, *stretch)
    reason = _unreadable(zone, volume) or _missing_departure(zone, plan)
    missing = missing_evidence(plan, volume, line)
    if reason is None and missing is NO_TERRAIN:
        for part in band_meetings(flown, corridor, stretch, volume, surroundings):
            here = profile(flown, corridor, part.from_m, part.to_m)
            yield _finding(zone, plan, here, part.height, None if part.height else NO_TERRAIN)
        return
    reason = reason or missing
    yield _finding(zone, plan, line, None if reason else _height_overlap(volume, line), reason)


def anywhere_finding(flown: Flown, corridor: int, zone: Geozone) -> Finding:
    """The question that a zone without any readable place puts over a whole line."""
    line = profile(flown, corridor, 0.0, flown.length_m(corridor))
    return _finding(zone, flown.corridors[corridor], line, None, zone.unknowns[0].reason)


def reference_to(zone: Geozone) -> ZoneReference:
    """How a finding names a zone."""
    return ZoneReference(identifier=zone.identifier, name=zone.name, source=zone.source)


def line_of(line: Profile) -> shapely.LineString:
    """The stretch as a line to draw; a single place is drawn as a line of no length."""
    xy = np.column_stack([(line.longitude_deg + 180.0) % 360.0 - 180.0, line.latitude_deg])
    keep = np.concatenate([[True], (np.diff(xy, axis=0) != 0.0).any(axis=1)])
    kept = xy[keep]
    return shapely.LineString(kept if len(kept) > 1 else np.repeat(kept, 2, axis=0))


def times_of(plan: Corridor, line: Profile) -> tuple[datetime, datetime] | None:
    """First and last moment on the stretch; None without a departure time."""
    if plan.departs_at is None:
        return None
    start = plan.departs_at.astimezone(UTC)
    return (
        start + timedelta(seconds=float(line.after_s.min())),
        start + timedelta(seconds=float(line.after_s.max())),
    )


def missing_evidence(plan: Corridor, volume: ZoneVolume, line: Profile) -> Name | None:
    """Why the corridor's heights cannot be compared with these limits along the line, if so."""
    limits = [limit for limit in (volume.floor, volume.ceiling) if limit is not None]
    if not limits or all(np.isfinite(line.top_m[COLUMN[limit.datum]]).all() for limit in limits):
        return None
    if plan.heights is None:
        return NO_HEIGHTS
    own = plan.heights[0].datum
    if own is Datum.BARO:
        return BAROMETRIC
    if own is Datum.TAKEOFF and plan.takeoff_amsl_m is None:
        return NO_TAKEOFF
    if Datum.AGL in {own, *(limit.datum for limit in limits)}:
        if own is Datum.ELLIPSOID and not np.isfinite(line.top_m[COLUMN[Datum.AMSL]]).all():
            return NO_GEOID
        return NO_TERRAIN
    return NO_GEOID


def _unreadable(zone: Geozone, volume: ZoneVolume) -> Name | None:
    unknowns = (*zone.unknowns, *volume.unknowns)
    return unknowns[0].reason if unknowns else None


def _missing_departure(zone: Geozone, plan: Corridor) -> Name | None:
    return NO_DEPARTURE if zone.activations and plan.departs_at is None else None


def _finding(
    zone: Geozone,
    plan: Corridor,
    line: Profile,
    height: HeightOverlap | None,
    reason: Name | None,
) -> Finding:
    severity = SEVERITY[zone.zone_type] if reason is None else Severity.UNKNOWN
    when = times_of(plan, line)
    stretch = (float(line.along_m[0]), float(line.along_m[-1]))
    return Finding(
        kind="geozone",
        severity=severity,
        zone=reference_to(zone),
        from_m=stretch[0],
        to_m=stretch[1],
        clearance_m=0.0,
        height_overlap=height,
        time_overlap=when,
        geometry=line_of(line),
        message=met(zone, stretch, height, when) if reason is None else question(zone, reason),
    )


def _height_overlap(volume: ZoneVolume, line: Profile) -> HeightOverlap | None:
    """The heights at which the bands meet on a stretch where both are known in one datum."""
    datum = next(
        (limit.datum for limit in (volume.floor, volume.ceiling) if limit is not None), None
    )
    if datum is None:
        known = [d for d in COLUMN if np.isfinite(line.top_m[COLUMN[d]]).all()]
        if not known:
            return None
        datum = known[0]
    bottom = np.maximum(line.bottom_m[COLUMN[datum]], _limit_in(volume.floor, datum, line, -np.inf))
    top = np.minimum(line.top_m[COLUMN[datum]], _limit_in(volume.ceiling, datum, line, np.inf))
    return HeightOverlap(from_m=float(bottom.min()), to_m=float(top.max()), datum=datum)


def _limit_in(limit: Altitude | None, datum: Datum, line: Profile, without: float) -> Floats:
    """A limit in `datum` along the line; both datums are known there."""
    if limit is None:
        return np.full(line.along_m.size, without)
    shifted: Floats = limit.metres + line.top_m[COLUMN[datum]] - line.top_m[COLUMN[limit.datum]]
    return shifted
