"""`soramichi bench planner`: the check and the search against the plainest programs for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soramichi.bench import planner_check, planner_search
from soramichi.bench.report import Result


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured; `checks` are zones and candidates of each scene."""

    checks: tuple[tuple[int, int], ...] = (
        (1_000, 4_000),
        (5_000, 2_000),
        (10_000, 2_000),
        (100_000, 500),
    )
    searches: int = len(planner_search.SEARCHES)
    runs: int = 3


QUICK = Plan(checks=((1_000, 2_000), (5_000, 1_000), (10_000, 500)), searches=3)


def run(plan: Plan, say: Callable[[str], None], *, postgis: str | None = None) -> list[Result]:
    """Measure everything; `postgis` is the address of a PostgreSQL that has it."""
    if postgis is None:
        say("no --postgis URL: its rows are left out")
    results: list[Result] = []
    for zones, candidates in plan.checks:
        say(f"{candidates:,} candidates against {zones:,} zones")
        results += planner_check.rows(zones, candidates, runs=plan.runs, postgis=postgis)
    say(f"{plan.searches} searches among {planner_search.ZONES} zones")
    results += planner_search.rows(planner_search.SEARCHES[: plan.searches], runs=plan.runs)
    return results
