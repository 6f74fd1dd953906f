"""Findings on the rules' own zones, told as findings on rules.

Minimum heights do not bind while an aircraft climbs away from its departure or
comes down to its destination; nothing else in a route is take-off or landing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from routes_planner.merging import merged
from routes_planner.rules.ruleset import Rule, RuleKind, RuleSet
from routes_planner.verdict import Finding, Verdict
from soramichi.domain.corridor import Corridor
from soramichi.domain.geodesy import distance_m
from soramichi.domain.geozone import Geozone


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

    Only legs that really climb, or descend, count: a level or unknown line is
    en route from its first metre to its last.
    """
    along = [0.0]
    for here, there in pairwise(corridor.waypoints):
        along.append(along[-1] + distance_m(here, there))
    if corridor.heights is None:
        return 0.0, along[-1]
    rises = [there - here for here, there in pairwise(corridor.heights)]
    climb = next((k for k, rise in enumerate(rises) if rise <= 0.0), len(rises))
    descent = next((k for k, rise in enumerate(reversed(rises)) if rise >= 0.0), len(rises))
    return along[climb], along[len(rises) - descent]


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
