"""Findings on the rules' own zones, told as findings on rules.

Minimum heights do not bind while an aircraft climbs away from its departure or
comes down to its destination; nothing else in a route is take-off or landing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate, pairwise, takewhile

from routes_planner.merging import merged
from routes_planner.rules.ruleset import Rule, RuleKind, RuleSet
from routes_planner.verdict import Finding, Verdict
from soramichi.domain.corridor import Corridor
from soramichi.domain.geodesy import distance_m
from soramichi.domain.geozone import Geozone

# A leg that rises or sinks by less is no take-off and no landing. Shallower than any that is flown
# on purpose: departures are designed for 3.3 % at least (ICAO Doc 8168), an approach of 3 degrees
# sinks by 5.2 %.
LEAST_GRADIENT = 0.02
# Two points as near as this are one place written twice, or what rounding left of a turn.
_NO_LEG_M = 0.1


def with_rules(
    verdict: Verdict, corridor: Corridor, rules: RuleSet, zones: Iterable[Geozone]
) -> Verdict:
    """The verdict on `corridor` against `zones` of `rules.apply.zones_for`, with its rules named.

    Findings on neighbouring volumes of one zone are told as one.
    A finding of a minimum height that lies wholly in the climb or the descent
    is left out; one that reaches beyond is kept whole.
    """
    by_identifier = {rule.identifier: rule for rule in rules.rules}
    climbed_m, descent_m = terminal_phases_m(corridor)
    verdict = merged(verdict, corridor, zones)
    findings = tuple(_told(verdict.findings, by_identifier, climbed_m, descent_m))
    return replace(verdict, rules=rules.name, findings=findings)


def terminal_phases_m(corridor: Corridor) -> tuple[float, float]:
    """(where the first climb ends, where the last descent begins), in metres along the line.

    Only legs that climb, or descend, by `LEAST_GRADIENT` count: a level or unknown
    line is en route from its first metre to its last, and so is one that rises a
    little all the way. A place that is written twice interrupts neither.
    """
    lengths = [distance_m(here, there) for here, there in pairwise(corridor.waypoints)]
    along = [0.0, *accumulate(lengths)]
    heights = corridor.heights
    if heights is None:
        return 0.0, along[-1]
    # The first and the last point of each place.
    places = [(0, 0)]
    for k in range(1, len(along)):
        first, _ = places[-1]
        if along[k] - along[first] < _NO_LEG_M:
            places[-1] = (first, k)
        else:
            places.append((k, k))
    legs = [
        (heights[there] - heights[left], along[there] - along[here])
        for (here, left), (there, _) in pairwise(places)
    ]
    climb = sum(1 for _ in takewhile(lambda leg: _is_steep(*leg), legs))
    descent = sum(1 for _ in takewhile(lambda leg: _is_steep(-leg[0], leg[1]), reversed(legs)))
    return along[places[climb][0]], along[places[len(legs) - descent][0]]


def _is_steep(rise_m: float, length_m: float) -> bool:
    return rise_m > 0.0 and rise_m >= LEAST_GRADIENT * length_m


def _told(
    findings: tuple[Finding, ...], rules: dict[str, Rule], climbed_m: float, descent_m: float
) -> Iterator[Finding]:
    for finding in findings:
        rule = _rule(finding, rules)
        if rule is None:
            yield finding
        elif not _is_exempt(finding, rule, climbed_m, descent_m):
            yield replace(finding, kind="rule", rule=rule.identifier)


def _rule(finding: Finding, rules: dict[str, Rule]) -> Rule | None:
    """The rule of a rule's own zone, whose identifier starts with that of the rule."""
    name = finding.zone.identifier.split(":")[0] if finding.zone is not None else ""
    return rules.get(name)


def _is_exempt(finding: Finding, rule: Rule, climbed_m: float, descent_m: float) -> bool:
    # A metre covers the two ways in which a line's length is summed.
    return rule.kind is RuleKind.HEIGHT_MIN and (
        finding.to_m <= climbed_m + 1.0 or finding.from_m >= descent_m - 1.0
    )
