"""The check: corridors against zones as whole volumes, with evidence for every answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from routes_planner.endurance import endurance_findings
from routes_planner.evidence import anywhere_finding, zone_findings
from routes_planner.flown import Flown, fly
from routes_planner.keep_in import keep_in_findings
from routes_planner.metrics import bare_metrics, metrics_of
from routes_planner.overlap import Overlaps, overlaps
from routes_planner.population import Population
from routes_planner.surroundings import Geoid, Surroundings
from routes_planner.verdict import Finding, Metrics, Verdict
from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import Corridor


def check(
    corridor: Corridor, surroundings: Surroundings, *, population: Population | None = None
) -> Verdict:
    """The verdict on one candidate; see `check_many`."""
    return check_many([corridor], surroundings, population=population)[0]


def check_many(
    corridors: Sequence[Corridor],
    surroundings: Surroundings,
    *,
    population: Population | None = None,
    with_metrics: bool = True,
) -> list[Verdict]:
    """The verdicts on candidates, in their order; [] for none.

    A finding stands for one unbroken stretch of the flown line within the half
    width of one volume's footprint, at its height and at its time. What cannot be
    known (no heights, no departure, terrain or geoid not loaded, an unreadable
    zone) is a finding of its own; a candidate with such a one never passes.
    `with_metrics` False leaves all but length and duration None and is quicker.
    """
    verdicts: dict[int, Verdict] = {}
    for known in (True, False):
        group = [k for k, c in enumerate(corridors) if (c.departs_at is not None) is known]
        if group:
            flown = fly([corridors[k] for k in group], _geoid_for(corridors, surroundings))
            rows = overlaps(flown, surroundings)
            found = _findings(flown, surroundings, rows)
            measured = (
                metrics_of(flown, surroundings, rows, population=population)
                if with_metrics
                else [bare_metrics(flown, c) for c in range(len(group))]
            )
            for k, findings, metrics in zip(group, found, measured, strict=True):
                verdicts[k] = _verdict(corridors[k], findings, metrics)
    return [verdicts[k] for k in range(len(corridors))]


def _findings(flown: Flown, surroundings: Surroundings, rows: Overlaps) -> list[list[Finding]]:
    """Every finding of every flown line, in the order in which it would be met."""
    found: list[list[Finding]] = [[] for _ in flown.corridors]
    stretches = zip(rows.from_m.tolist(), rows.to_m.tolist(), strict=True)
    for corridor, volume, stretch in zip(
        rows.corridor.tolist(), rows.volume.tolist(), stretches, strict=True
    ):
        found[corridor].extend(zone_findings(flown, corridor, surroundings, volume, stretch))
    for corridor, mine in enumerate(found):
        for k in surroundings.anywhere:
            mine.append(anywhere_finding(flown, corridor, surroundings.zones[k]))
        for k in surroundings.keep_in:
            mine.extend(keep_in_findings(flown, corridor, surroundings.zones[k]))
        mine.extend(endurance_findings(flown, corridor))
        mine.sort(key=lambda finding: (finding.from_m, finding.to_m))
    return found


def _geoid_for(corridors: Sequence[Corridor], surroundings: Surroundings) -> Geoid | None:
    """The geoid where something is measured from the ellipsoid: it costs more than the check."""
    asked = surroundings.ellipsoidal or any(
        c.heights is not None and c.heights[0].datum is Datum.ELLIPSOID for c in corridors
    )
    return surroundings.geoid if asked else None


def _verdict(plan: Corridor, findings: Iterable[Finding], metrics: Metrics) -> Verdict:
    return Verdict(
        candidate=plan.name,
        aircraft_class=plan.aircraft_class,
        departs_at=plan.departs_at,
        rules=None,
        findings=tuple(findings),
        metrics=metrics,
        assumed=plan.assumed,
    )
