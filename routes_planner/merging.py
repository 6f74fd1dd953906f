"""Findings on neighbouring volumes of one zone, told as one: a stepped surface is one surface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import shapely

from routes_planner.messages import met
from routes_planner.verdict import Finding, HeightOverlap, Severity, Verdict
from soramichi.domain.corridor import Corridor
from soramichi.domain.geodesy import WGS84, distance_m
from soramichi.domain.geozone import Geozone

# Stretches that end and begin within this distance touch: a metre is less than any width flown.
TOUCH_M = 1.0
# A line to draw strays less than 2 cm from its geodesic with points this close.
_DRAWN_EVERY_M = 1_000.0


def merged(verdict: Verdict, corridor: Corridor, zones: Iterable[Geozone]) -> Verdict:
    """The verdict with one finding for each unbroken stretch within one zone.

    Findings join when zone, kind and severity agree and their stretches overlap
    or touch; those that are unknown also need the same reason. The joint one
    has the hull of stretch, heights (of one datum) and times; `zones` are those
    that were judged. The answer stays the same.
    """
    by_reference = {(zone.source, zone.identifier): zone for zone in zones}
    groups: dict[object, list[Finding]] = {}
    for finding in verdict.findings:
        groups.setdefault(_group(finding), []).append(finding)
    joined = [
        _joined(stretch, corridor, by_reference)
        for findings in groups.values()
        for stretch in _stretches(findings)
    ]
    return replace(verdict, findings=tuple(sorted(joined, key=lambda f: (f.from_m, f.to_m))))


def _group(finding: Finding) -> object:
    """What findings must have in common to be told as one; alone without a zone."""
    if finding.zone is None or finding.other is not None:
        return id(finding)
    reason = finding.message if finding.severity is Severity.UNKNOWN else None
    return finding.zone, finding.kind, finding.severity, finding.rule, reason


def _stretches(findings: list[Finding]) -> Iterator[list[Finding]]:
    stretch: list[Finding] = []
    for finding in sorted(findings, key=lambda f: f.from_m):
        if stretch and finding.from_m > max(f.to_m for f in stretch) + TOUCH_M:
            yield stretch
            stretch = []
        stretch.append(finding)
    yield stretch


def _joined(
    findings: list[Finding], corridor: Corridor, zones: dict[tuple[str, str], Geozone]
) -> Finding:
    first = findings[0]
    reference = first.zone
    zone = None if reference is None else zones.get((reference.source, reference.identifier))
    if len(findings) == 1 or zone is None:
        return first
    from_m, to_m = first.from_m, max(finding.to_m for finding in findings)
    height, when = _heights(findings), _times(findings)
    certain = first.severity is not Severity.UNKNOWN
    return replace(
        first,
        to_m=to_m,
        height_overlap=height,
        time_overlap=when,
        geometry=line_between(corridor, from_m, to_m),
        message=met(zone, (from_m, to_m), height, when) if certain else first.message,
    )


def _heights(findings: list[Finding]) -> HeightOverlap | None:
    """The hull of all bands; None when one is not known or the datums differ."""
    bands = [finding.height_overlap for finding in findings]
    known = [band for band in bands if band is not None]
    if len(known) < len(bands) or len({band.datum for band in known}) != 1:
        return None
    lows, highs = [band.from_m for band in known], [band.to_m for band in known]
    return HeightOverlap(
        from_m=None if None in lows else min(low for low in lows if low is not None),
        to_m=None if None in highs else max(high for high in highs if high is not None),
        datum=known[0].datum,
    )


def _times(findings: list[Finding]) -> tuple[datetime, datetime] | None:
    spans = [finding.time_overlap for finding in findings]
    known = [span for span in spans if span is not None]
    if len(known) < len(spans):
        return None
    return min(start for start, _ in known), max(end for _, end in known)


def line_between(corridor: Corridor, from_m: float, to_m: float) -> shapely.LineString:
    """The flown line from one distance along it to another, in degrees, to draw."""
    along, places = 0.0, []
    for here, there in pairwise(corridor.waypoints):
        length = distance_m(here, there)
        if length > 0.0 and along <= to_m and along + length >= from_m:
            first, last = max(from_m - along, 0.0), min(to_m - along, length)
            count = max(2, int((last - first) / _DRAWN_EVERY_M) + 2)
            azimuth = WGS84.inv(*here.lonlat, *there.lonlat)[0]
            places += [
                WGS84.fwd(*here.lonlat, azimuth, float(ahead_m))[:2]
                for ahead_m in np.linspace(first, last, count)
            ]
        along += length
    return shapely.LineString(places or [corridor.waypoints[-1].lonlat] * 2)
