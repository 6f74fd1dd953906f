"""The one entrance to the planner: zones, rules and evidence in, verdicts and corridors out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from routes_planner.check import check_many
from routes_planner.coverage import Coverage, coverage_of
from routes_planner.merging import merged
from routes_planner.population import Population
from routes_planner.request import Found, Judge, Request
from routes_planner.rules.apply import rule_of, zones_for
from routes_planner.rules.ruleset import RuleKind, RuleSet
from routes_planner.rules.verdicts import with_rules
from routes_planner.search import search
from routes_planner.surroundings import Geoid, Surroundings, survey
from routes_planner.verdict import Verdict
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geozone import Geozone
from soramichi.domain.japan import day_in_japan
from soramichi.domain.terrain import Terrain


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Judges and searches against one set of zones; made once, used for any number of questions.

    `today` is the day whose rules hold for candidates without a departure. `rules`
    None judges by the zones alone. What is laid out for a class and a day is kept.
    """

    zones: tuple[Geozone, ...]
    today: date
    rules: RuleSet | None = None
    geoid: Geoid | None = None
    terrain: Terrain | None = None
    population: Population | None = None
    _around: dict[tuple[AircraftClass, date], Surroundings] = field(
        default_factory=dict, repr=False, compare=False
    )
    _coverage: Coverage = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_coverage", coverage_of(self.zones))

    def check(self, corridors: Sequence[Corridor], *, with_metrics: bool = True) -> list[Verdict]:
        """The verdicts in the order of the corridors; see `check_many`."""
        groups: dict[tuple[AircraftClass, date], list[int]] = {}
        for k, corridor in enumerate(corridors):
            groups.setdefault((corridor.aircraft_class, self._day(corridor)), []).append(k)
        verdicts: dict[int, Verdict] = {}
        for (aircraft_class, day), members in groups.items():
            plans = [corridors[k] for k in members]
            judged = check_many(
                plans,
                self.around(aircraft_class, day),
                population=self.population,
                with_metrics=with_metrics,
            )
            for k, verdict in zip(members, judged, strict=True):
                ruled = self._ruled(verdict, corridors[k])
                verdicts[k] = self._coverage.judged(ruled, corridors[k])
        return [verdicts[k] for k in range(len(corridors))]

    def search(self, request: Request) -> Found:
        """Corridors that pass; with population also a balanced and a quietest one."""
        when = request.departs_at
        day = self.today if when is None else day_in_japan(when)
        around = self.around(request.aircraft_class, day)
        judge = Judge(
            verdict=lambda corridor: self.check([corridor])[0],
            binds_climbs=lambda zone: not self._is_minimum(zone),
        )
        crowding = None if self.population is None else self.population.density
        return search(request, around, judge=judge, crowding=crowding)

    def around(self, aircraft_class: AircraftClass, day: date) -> Surroundings:
        """The zones as they bind that class on that day, laid out."""
        key = (aircraft_class, day)
        if key not in self._around:
            zones = self.zones
            if self.rules is not None:
                zones = zones_for(zones, self.rules, aircraft_class, day)
            self._around[key] = survey(zones, geoid=self.geoid, terrain=self.terrain)
        return self._around[key]

    def around_for(self, corridor: Corridor) -> Surroundings:
        """The zones as they bind that corridor."""
        return self.around(corridor.aircraft_class, self._day(corridor))

    def _day(self, corridor: Corridor) -> date:
        when = corridor.departs_at
        return self.today if when is None else day_in_japan(when)

    def _ruled(self, verdict: Verdict, corridor: Corridor) -> Verdict:
        zones = self.around_for(corridor).zones
        if self.rules is None:
            return merged(verdict, corridor, zones)
        return with_rules(verdict, corridor, self.rules, zones)

    def _is_minimum(self, zone: Geozone) -> bool:
        """Whether the zone stands for a minimum height, which a climb may pass through."""
        name = rule_of(zone)
        return any(
            rule.identifier == name and rule.kind is RuleKind.HEIGHT_MIN
            for rule in (self.rules.rules if self.rules is not None else ())
        )
