"""The check: corridors against zones as whole volumes, with evidence for every answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from routes_planner.clearance import clearances_m
from routes_planner.evidence import anywhere_finding, zone_findings
from routes_planner.flown import Flown, fly
from routes_planner.keep_in import keep_in_findings
from routes_planner.overlap import overlaps
from routes_planner.surroundings import Surroundings
from routes_planner.verdict import Finding, Metrics, Verdict
from soramichi.domain.corridor import Corridor


def check(corridor: Corridor, surroundings: Surroundings) -> Verdict:
    """The verdict on one candidate; see `check_many`."""
    return check_many([corridor], surroundings)[0]


def check_many(
    corridors: Sequence[Corridor], surroundings: Surroundings, *, with_clearance: bool = True
) -> list[Verdict]:
    """The verdicts on candidates, in their order; [] for none.

    A finding stands for one unbroken stretch of the flown line within the half
    width of one volume's footprint, at its height and at its time. What cannot be
    known (no heights, no departure, terrain or geoid not loaded, an unreadable
    zone) is a finding of its own; a candidate with such a one never passes.
    `with_clearance` False leaves `min_clearance_m` out (None) and is quicker.
    """
    verdicts: dict[int, Verdict] = {}
    for known in (True, False):
        group = [k for k, c in enumerate(corridors) if (c.departs_at is not None) is known]
        if group:
            flown = fly([corridors[k] for k in group], surroundings.geoid)
            verdicts.update(
                zip(group, _judge(flown, surroundings, with_clearance=with_clearance), strict=True)
            )
    return [verdicts[k] for k in range(len(corridors))]


def _judge(flown: Flown, surroundings: Surroundings, *, with_clearance: bool) -> list[Verdict]:
    found: list[list[Finding]] = [[] for _ in flown.corridors]
    rows = overlaps(flown, surroundings)
    for corridor, volume, from_m, to_m in zip(
        rows.corridor.tolist(),
        rows.volume.tolist(),
        rows.from_m.tolist(),
        rows.to_m.tolist(),
        strict=True,
    ):
        found[corridor].extend(zone_findings(flown, corridor, surroundings, volume, (from_m, to_m)))
    for corridor in range(len(found)):
        found[corridor].extend(
            anywhere_finding(flown, corridor, surroundings.zones[k]) for k in surroundings.anywhere
        )
        for k in surroundings.keep_in:
            found[corridor].extend(keep_in_findings(flown, corridor, surroundings.zones[k]))
    clearance = (
        clearances_m(flown, surroundings, np.unique(rows.corridor))
        if with_clearance
        else [None] * len(found)
    )
    return [
        _verdict(flown, corridor, findings, clearance[corridor])
        for corridor, findings in enumerate(found)
    ]


def _verdict(
    flown: Flown, corridor: int, findings: Iterable[Finding], clearance: float | None
) -> Verdict:
    plan = flown.corridors[corridor]
    return Verdict(
        candidate=plan.name,
        aircraft_class=plan.aircraft_class,
        departs_at=plan.departs_at,
        rules=None,
        findings=tuple(sorted(findings, key=lambda f: (f.from_m, f.to_m))),
        metrics=Metrics(
            length_m=flown.length_m(corridor),
            duration_s=flown.duration_s(corridor),
            min_clearance_m=clearance,
        ),
        assumed=plan.assumed,
    )
