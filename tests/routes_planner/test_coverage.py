"""Where nobody looked nothing passes, however many zones there are elsewhere."""

from __future__ import annotations

from datetime import date

import pytest

from routes_planner.coverage import FAR_M, coverage_of
from routes_planner.demonstration import demonstration_zones
from routes_planner.planner import Planner
from routes_planner.rules.ruleset import load
from routes_planner.verdict import Answer, Severity
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geodesy import distance_m
from soramichi.domain.position import Position
from tests.routes_planner.builders import Slope, a_corridor, a_square, a_zone, agl, place

MIE = Planner(
    zones=demonstration_zones().zones,
    today=date(2026, 11, 23),
    rules=load(),
    terrain=Slope(per_km_m=0.0),
)


def at(longitude_deg: float, latitude_deg: float) -> Position:
    return Position(longitude_deg=longitude_deg, latitude_deg=latitude_deg)


@pytest.mark.parametrize(
    "ends",
    [
        ((2.30, 48.85), (2.40, 48.90)),  # Paris
        ((135.45, 34.69), (135.50, 34.70)),  # Ōsaka
        ((-136.9, 34.3), (-136.8, 34.3)),
        ((136.9, -34.3), (136.8, -34.3)),
        ((179.9, 34.5), (-179.9, 34.5)),
    ],
)
def test_far_from_every_zone_nothing_passes(
    ends: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    plan = a_corridor(
        waypoints=tuple(at(*end) for end in ends),
        height=agl(400),
        aircraft_class=AircraftClass.EVTOL,
    )

    [verdict] = MIE.check([plan])

    assert verdict.answer is not Answer.PASS
    [finding] = [one for one in verdict.findings if "50 km" in one.message.en]
    assert (finding.kind, finding.severity) == ("evidence", Severity.UNKNOWN)
    assert finding.from_m == 0.0
    assert finding.to_m == pytest.approx(distance_m(*plan.waypoints), rel=1e-9)
    assert "範囲の外" in finding.message.ja


def test_only_the_stretch_that_is_far_is_not_known() -> None:
    zone = a_zone(a_square(-500, -500, 1_000))
    plan = a_corridor(waypoints=(place(0, 20_000), place(0, 120_000)))
    planner = Planner(zones=(zone,), today=date(2026, 11, 23))

    [verdict] = planner.check([plan])

    [finding] = [one for one in verdict.findings if one.kind == "evidence"]
    # Told by steps of 4 km and cells of 5 km.
    assert finding.from_m + 20_000 == pytest.approx(FAR_M, abs=9_000)
    assert finding.to_m == pytest.approx(100_000, rel=1e-3)
    near = a_corridor(waypoints=(place(0, 20_000), place(0, 40_000)))
    assert planner.check([near])[0].answer is Answer.PASS


def test_without_any_zone_that_has_a_place_nothing_is_told() -> None:
    assert Planner(zones=(), today=date(2026, 11, 23)).check([a_corridor()])[0].findings == ()
    assert len(coverage_of([]).boxes) == 0
