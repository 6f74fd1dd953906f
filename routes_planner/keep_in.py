"""Zones that must not be left: the whole width has to stay inside them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from routes_planner.evidence import NO_DEPARTURE, line_of, missing_evidence, reference_to, times_of
from routes_planner.flown import Flown
from routes_planner.ground import Steps, steps
from routes_planner.messages import left, question
from routes_planner.profile import profile
from routes_planner.surroundings import COLUMN
from routes_planner.verdict import Finding, Severity
from soramichi.domain.activation import active_intervals
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.geozone import Geozone, ZoneVolume
from soramichi.domain.position import Position

STEP_M = 20.0


def keep_in_findings(flown: Flown, corridor: int, zone: Geozone) -> Iterator[Finding]:
    """Stretches on which the corridor is not wholly inside `zone` while that applies.

    Inside means: the disc of the half width lies in the union of those footprints
    whose bands hold the corridor's whole band. Stretches are right to 20 m,
    always to the outside.
    """
    plan = flown.corridors[corridor]
    whole = profile(flown, corridor, 0.0, flown.length_m(corridor))
    reason = _why_not_known(zone, [missing_evidence(plan, v, whole) for v in zone.volumes])
    if reason is None and zone.activations and plan.departs_at is None:
        reason = NO_DEPARTURE
    line = steps(flown, corridor, (0.0, flown.length_m(corridor)), STEP_M)
    bad = np.ones(line.from_m.size, bool)
    if reason is None:
        when = times_of(plan, whole)
        if zone.activations and when is not None and not active_intervals(zone, when[0], when[1]):
            return
        bad = ~_held(line, zone.volumes, plan.half_width_m)
    edges = np.flatnonzero(np.diff(bad)) + 1
    for run in np.split(np.arange(bad.size), edges):
        if not bad[run[0]]:
            continue
        here = profile(flown, corridor, float(line.from_m[run[0]]), float(line.to_m[run[-1]]))
        stretch = (float(here.along_m[0]), float(here.along_m[-1]))
        yield Finding(
            kind="geozone",
            severity=Severity.FAIL if reason is None else Severity.UNKNOWN,
            zone=reference_to(zone),
            from_m=stretch[0],
            to_m=stretch[1],
            clearance_m=0.0,
            time_overlap=times_of(plan, here),
            geometry=line_of(here),
            message=left(zone, stretch) if reason is None else question(zone, reason),
        )


def _why_not_known(zone: Geozone, missing: list[Name | None]) -> Name | None:
    unknowns = [u.reason for u in (*zone.unknowns, *(u for v in zone.volumes for u in v.unknowns))]
    return next(iter([*unknowns, *(m for m in missing if m is not None)]), None)


def _held(line: Steps, volumes: tuple[ZoneVolume, ...], half_width_m: float) -> NDArray[np.bool_]:
    """Which steps keep their whole width and band inside the volumes."""
    middle = line.longitude_deg.size // 2
    plane = LocalPlane(
        Position(
            latitude_deg=float(line.latitude_deg[middle]),
            longitude_deg=float((line.longitude_deg[middle] + 180.0) % 360.0 - 180.0),
        )
    )
    places = plane.metres(shapely.points(line.longitude_deg, line.latitude_deg))
    reach = half_width_m + 0.5 * (line.to_m - line.from_m)
    holds = np.array([_band_inside(line, volume) for volume in volumes], bool).reshape(
        len(volumes), line.from_m.size
    )
    held = np.zeros(line.from_m.size, bool)
    for which in np.unique(holds, axis=1).T:
        rows = np.flatnonzero((holds == which[:, None]).all(axis=0))
        shapes = [v.footprint for v, use in zip(volumes, which, strict=True) if use]
        room = plane.metres(shapely.union_all(shapes))
        inside = shapely.covers(room, places[rows])
        held[rows] = inside & (shapely.distance(room.boundary, places[rows]) >= reach[rows])
    return held


def _band_inside(line: Steps, volume: ZoneVolume) -> NDArray[np.bool_]:
    inside = np.ones(line.from_m.size, bool)
    if volume.floor is not None:
        inside &= line.bottom_m[:, COLUMN[volume.floor.datum]] >= volume.floor.metres
    if volume.ceiling is not None:
        inside &= line.top_m[:, COLUMN[volume.ceiling.datum]] <= volume.ceiling.metres
    return inside
