from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from routes_planner.check import check
from routes_planner.rules.apply import conditions, rule_of, zones_for
from routes_planner.rules.ruleset import RuleSet, load
from routes_planner.rules.verdicts import terminal_phases_m, with_rules
from routes_planner.surroundings import survey
from routes_planner.verdict import Answer, Verdict
from soramichi.domain import geoid
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass, Name
from soramichi.domain.geodesy import offset
from soramichi.domain.geozone import Containment, Geozone, ZoneKind, ZoneType, ZoneVolume
from soramichi.domain.position import Position
from soramichi.domain.terrain import NoTerrain, Sea, Terrain

TODAY = date(2026, 11, 23)
HERE = Position(latitude_deg=34.6, longitude_deg=136.7)
FLAT = Sea(shapely.box(136, 34, 138, 36))
DRONE, EVTOL, UNKNOWN = AircraftClass.DRONE, AircraftClass.EVTOL, AircraftClass.UNKNOWN


def a_zone(kind: ZoneKind, side_deg: float = 0.02, **changes: object) -> Geozone:
    lon, lat = HERE.lonlat
    members: dict[str, object] = {
        "identifier": "Z1",
        "name": Name(ja="区域", en="zone"),
        "zone_type": ZoneType.REQ_AUTHORIZATION,
        "volumes": (
            ZoneVolume(
                footprint=shapely.box(
                    lon - side_deg, lat - side_deg, lon + side_deg, lat + side_deg
                )
            ),
        ),
        "kind": kind,
    }
    return Geozone(**(members | changes))  # type: ignore[arg-type]


def a_route(*heights: float, datum: Datum = Datum.AGL, east_m: float = 0.0) -> Corridor:
    """Northwards through HERE, 2 km from waypoint to waypoint."""
    middle = (len(heights) - 1) / 2
    return Corridor(
        name="r",
        waypoints=tuple(
            offset(HERE, east_m=east_m, north_m=2000.0 * (k - middle)) for k in range(len(heights))
        ),
        heights=tuple(Altitude(height, datum) for height in heights),
        half_width_m=50.0,
        ground_speed_mps=20.0,
    )


def judged(
    route: Corridor,
    aircraft_class: AircraftClass,
    *zones: Geozone,
    terrain: Terrain = FLAT,
    rules: RuleSet | None = None,
) -> Verdict:
    rules = rules or load()
    bound = zones_for(zones, rules, aircraft_class, TODAY)
    verdict = check(route, survey(bound, geoid=geoid, terrain=terrain))
    return with_rules(verdict, route, rules, bound)


@pytest.mark.parametrize(
    ("height", "answer"), [(149.9, Answer.PASS), (150.0, Answer.FAIL), (400.0, Answer.FAIL)]
)
def test_a_drone_needs_permission_from_150_m_above_ground(height: float, answer: Answer) -> None:
    verdict = judged(a_route(height, height), DRONE)

    assert verdict.answer is answer
    assert {f.rule for f in verdict.findings} <= {"drone-ceiling"}
    assert all(finding.kind == "rule" for finding in verdict.findings)
    assert verdict.rules == "japan-2026-11"


@pytest.mark.parametrize(("height", "answer"), [(150.0, Answer.PASS), (149.9, Answer.FAIL)])
def test_a_flying_car_stays_150_m_up_on_the_way(height: float, answer: Answer) -> None:
    assert judged(a_route(height, height), EVTOL).answer is answer


def test_climb_and_descent_are_not_below_the_minimum_height() -> None:
    route = a_route(0.0, 300.0, 300.0, 0.0)

    assert judged(route, EVTOL).answer is Answer.PASS
    assert terminal_phases_m(route) == pytest.approx((2000.0, 4000.0), abs=0.1)


def test_a_place_written_twice_interrupts_neither_climb_nor_descent() -> None:
    once = a_route(0.0, 150.0, 300.0, 300.0, 150.0, 0.0)
    assert once.heights is not None
    twice = replace(
        once,
        waypoints=tuple(where for where in once.waypoints for _ in range(2)),
        heights=tuple(height for height in once.heights for _ in range(2)),
    )

    assert terminal_phases_m(twice) == terminal_phases_m(once)
    assert judged(twice, EVTOL).answer is Answer.PASS


def test_a_level_line_of_many_close_points_is_en_route() -> None:
    """Were no leg one of its own, all of it would be a climb, and pass."""
    ends = a_route(100.0, 100.0)
    close = replace(
        ends,
        waypoints=tuple(offset(HERE, east_m=0.0, north_m=0.04 * k) for k in range(2_000)),
        heights=(Altitude(100.0, Datum.AGL),) * 2_000,
    )
    upright = replace(
        ends, waypoints=(ends.waypoints[0], *ends.waypoints), heights=(
            Altitude(0.0, Datum.AGL), Altitude(100.0, Datum.AGL), Altitude(100.0, Datum.AGL)),
    )  # fmt: skip

    assert terminal_phases_m(close) == pytest.approx((0.0, 79.96), abs=0.2)
    assert judged(close, EVTOL).answer is Answer.FAIL
    # Straight up, and level from there.
    assert terminal_phases_m(upright) == pytest.approx((0.0, 2000.0), abs=0.2)
    assert judged(upright, EVTOL).answer is Answer.FAIL


def test_a_line_that_rises_a_little_all_the_way_is_en_route() -> None:
    """It would else be below the minimum height from end to end, and pass."""
    slowly = a_route(60.0, 90.0, 120.0, 90.0, 60.0)

    assert terminal_phases_m(slowly) == pytest.approx((0.0, 8000.0), abs=0.1)
    assert judged(slowly, EVTOL).answer is Answer.FAIL
    assert terminal_phases_m(a_route(0.0, 41.0, 80.0)) == pytest.approx((2000.0, 4000.0), abs=0.1)


def test_a_dip_on_the_way_is_below_the_minimum_height() -> None:
    verdict = judged(a_route(0.0, 300.0, 100.0, 300.0, 0.0), EVTOL)

    assert [finding.rule for finding in verdict.findings] == ["piloted-minimum"]


def test_a_line_that_never_climbs_high_enough_is_found_beyond_its_climb() -> None:
    assert judged(a_route(0.0, 100.0, 100.0, 0.0), EVTOL).answer is Answer.FAIL


def test_over_a_dense_district_a_flying_car_stays_300_m_up() -> None:
    district = a_zone(ZoneKind.DID)

    low = judged(a_route(250.0, 250.0), EVTOL, district)
    high = judged(a_route(450.0, 450.0), EVTOL, district)

    assert "piloted-minimum-did" in {finding.rule for finding in low.findings}
    assert low.answer is Answer.FAIL
    assert (high.answer, high.findings) == (Answer.PASS, ())


def test_between_300_and_400_m_the_obstacles_are_a_caution() -> None:
    verdict = judged(a_route(350.0, 350.0), EVTOL, a_zone(ZoneKind.DID))

    assert verdict.answer is Answer.PASS
    assert [finding.rule for finding in verdict.findings] == ["piloted-obstacles-did"]


def test_a_dense_district_is_closed_to_drones_at_every_height() -> None:
    assert judged(a_route(100.0, 100.0), DRONE, a_zone(ZoneKind.DID)).answer is Answer.FAIL


def test_height_rules_without_terrain_are_unknown_for_heights_above_the_sea() -> None:
    route = a_route(100.0, 100.0, datum=Datum.AMSL)

    assert judged(route, DRONE, terrain=NoTerrain()).answer is Answer.UNKNOWN
    assert judged(route, DRONE, terrain=FLAT).answer is Answer.PASS


@pytest.mark.parametrize(
    ("gap_m", "expected"),
    [
        (200.0, {"drone-yellow-300", "drone-yellow-1000"}),
        (600.0, {"drone-yellow-1000"}),
        (1100.0, set()),
    ],
)
def test_around_an_important_facility_the_distance_decides(
    gap_m: float, expected: set[str]
) -> None:
    # The facility's edge is 0.002 deg, 183.5 m, east of HERE; the corridor is 50 m to each side.
    facility = a_zone(ZoneKind.RED, 0.002)
    route = a_route(100.0, 100.0, east_m=183.5 + 50.0 + gap_m)

    assert {f.rule for f in judged(route, DRONE, facility).findings} == expected


def test_the_surroundings_of_a_facility_contain_every_place_within_the_distance() -> None:
    (grown,) = (
        zone
        for zone in zones_for([a_zone(ZoneKind.RED, 0.002)], load(), DRONE, TODAY)
        if rule_of(zone) == "drone-yellow-300"
    )
    corner = offset(HERE, east_m=183.5, north_m=221.9)
    angles: NDArray[np.float64] = np.linspace(0.0, np.pi / 2, 50)

    for angle in angles:
        at = offset(corner, east_m=299.5 * np.cos(angle), north_m=299.5 * np.sin(angle))
        assert grown.volumes[0].footprint.covers(shapely.Point(at.lonlat))


def test_emergency_airspace_is_closed_to_everybody() -> None:
    for aircraft_class in (DRONE, EVTOL):
        given = a_zone(ZoneKind.EMERGENCY, zone_type=ZoneType.CONDITIONAL)
        (zone, *_) = zones_for([given], load(), aircraft_class, TODAY)
        assert zone.zone_type is ZoneType.REQ_AUTHORIZATION


def test_a_zone_that_no_rule_is_about_keeps_its_type() -> None:
    zone = a_zone(ZoneKind.OTHER, zone_type=ZoneType.CONDITIONAL)

    assert zones_for([zone], load(), DRONE, TODAY)[0] is zone


def test_a_fence_to_stay_inside_of_is_left_alone() -> None:
    fence = a_zone(ZoneKind.DID, containment=Containment.KEEP_IN)

    assert fence in zones_for([fence], load(), EVTOL, TODAY)


def test_for_an_unknown_class_what_differs_by_class_is_unknown() -> None:
    district, closed = a_zone(ZoneKind.DID), a_zone(ZoneKind.EMERGENCY, identifier="E")
    bound = {
        zone.identifier: zone for zone in zones_for([district, closed], load(), UNKNOWN, TODAY)
    }

    assert bound["Z1"].unknowns
    assert bound["drone-ceiling"].unknowns
    assert not bound["E"].unknowns
    assert judged(a_route(450.0, 450.0), UNKNOWN, district).answer is Answer.UNKNOWN


def test_conditions_that_no_map_can_tell_are_listed() -> None:
    assert {rule.identifier for rule in conditions(load(), DRONE, TODAY)} == {
        "drone-distance",
        "drone-plan",
    }
