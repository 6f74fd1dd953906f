from __future__ import annotations

import time
from datetime import date, datetime, timedelta, tzinfo

import pytest

from routes_planner import desk
from routes_planner.planner import Planner
from routes_planner.request import Request
from routes_planner.rules.ruleset import load
from routes_planner.vehicle import VEHICLES
from routes_planner.verdict import Answer
from routes_planner.zones_out.geojson import collection
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geozone import ZoneKind
from tests.routes_planner.builders import (
    NOON,
    Slope,
    a_corridor,
    a_square,
    a_zone,
    agl,
    amsl,
    place,
)

TODAY = date(2026, 11, 23)
FLAT = Slope(per_km_m=0.0)


def a_planner(*zones: object) -> Planner:
    return Planner(zones=zones, today=TODAY, rules=load(), terrain=FLAT)  # type: ignore[arg-type]


def test_a_drone_at_150_m_breaks_its_ceiling_and_below_it_passes() -> None:
    plan = a_corridor(height=agl(149), aircraft_class=AircraftClass.DRONE)
    high = a_corridor(height=agl(150), aircraft_class=AircraftClass.DRONE)

    low_verdict, high_verdict = a_planner().check([plan, high])

    assert low_verdict.answer is Answer.PASS
    assert low_verdict.rules == "japan-2026-11"
    assert high_verdict.answer is Answer.FAIL
    assert [f.kind for f in high_verdict.findings] == ["rule"]
    # A rule about heights everywhere is no place to be clear of.
    assert high_verdict.metrics.min_clearance_m is None


def test_each_candidate_is_judged_as_its_own_class_and_in_its_own_order() -> None:
    district = a_zone(a_square(-500, -500, 1_000), kind=ZoneKind.DID)
    plans = [
        a_corridor(name=str(c), height=agl(400), aircraft_class=c)
        for c in (AircraftClass.EVTOL, AircraftClass.DRONE, AircraftClass.EVTOL)
    ]

    verdicts = a_planner(district).check(plans)

    assert [v.candidate for v in verdicts] == ["evtol", "drone", "evtol"]
    assert verdicts[0].findings == verdicts[2].findings
    assert verdicts[0].answer is not Answer.FAIL
    assert verdicts[1].answer is Answer.FAIL
    assert a_planner().check([]) == []


def test_a_search_climbs_through_the_least_height_of_its_class_and_passes() -> None:
    request = Request(
        start=place(-10_000, 0),
        goal=place(10_000, 0),
        cruise=agl(450.0),
        aircraft_class=AircraftClass.EVTOL,
        vehicle=VEHICLES[AircraftClass.EVTOL],
        half_width_m=150.0,
        departs_at=NOON,
    )
    wall = a_zone(a_square(-500, -2_000, 3_000), ceiling=amsl(600))

    found = a_planner(wall).search(request)

    [proposal] = found.proposals
    assert proposal.verdict.answer is Answer.PASS
    assert proposal.verdict.metrics.length_m > 20_000.0


def test_a_search_above_the_sea_leaves_the_ground_to_the_verdict() -> None:
    request = Request(
        start=place(-10_000, 0),
        goal=place(10_000, 0),
        cruise=amsl(450.0),
        aircraft_class=AircraftClass.HELICOPTER,
        vehicle=VEHICLES[AircraftClass.HELICOPTER],
        half_width_m=150.0,
        departs_at=NOON,
    )
    wall = a_zone(a_square(-500, -2_000, 3_000))

    [proposal] = a_planner(wall).search(request).proposals
    without_ground = Planner(zones=(wall,), today=TODAY, rules=load()).search(request)

    assert proposal.verdict.answer is Answer.PASS
    assert [p.verdict.answer for p in without_ground.proposals] == [Answer.UNKNOWN]


def test_the_day_of_a_flight_is_that_of_japan() -> None:
    planner = a_planner()
    # Half past midnight in Japan, and an hour before.
    late = NOON.replace(hour=15, minute=30)

    planner.check([a_corridor(departs_at=at) for at in (late, late - timedelta(hours=1))])
    planner.check([a_corridor(departs_at=None)])

    assert {day for _, day in planner._around} == {TODAY, TODAY + timedelta(days=1)}


@pytest.mark.parametrize("clock", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
@pytest.mark.parametrize(("moment", "day"), [("14:59:59", 23), ("15:00:00", 24)])
def test_the_desk_judges_by_the_day_of_japan_whatever_clock_the_machine_keeps(
    monkeypatch: pytest.MonkeyPatch, clock: str, moment: str, day: int
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls.fromisoformat(f"2026-11-23T{moment}+00:00").astimezone(tz)

    monkeypatch.setattr(desk, "datetime", Clock)
    monkeypatch.setenv("TZ", clock)
    time.tzset()
    try:
        planner = desk.planner_for([collection([a_zone()])["features"]])
        assert planner.today == date(2026, 11, day)
    finally:
        monkeypatch.undo()
        time.tzset()
