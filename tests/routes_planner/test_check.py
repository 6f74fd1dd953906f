from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod

from routes_planner.check import check, check_many
from routes_planner.surroundings import survey
from routes_planner.verdict import Answer, Severity
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.flight import Name
from soramichi.domain.geozone import (
    Activation,
    Containment,
    DailyWindow,
    Unknown,
    ZoneType,
    ZoneVolume,
)
from soramichi.domain.position import Position
from soramichi.errors import BadInput
from tests.routes_planner.builders import (
    NOON,
    FlatGeoid,
    Floats,
    Slope,
    a_corridor,
    a_square,
    a_zone,
    agl,
    amsl,
    place,
)


def test_a_corridor_through_a_zone_fails_with_its_exact_stretch() -> None:
    verdict = check(a_corridor(above_m=20.0), survey([a_zone(floor=amsl(0), ceiling=amsl(110))]))

    [finding] = verdict.findings
    assert verdict.answer is Answer.FAIL
    # From 100 m before the near side to 100 m behind the far one.
    assert finding.from_m == pytest.approx(1_400.0, abs=0.5)
    assert finding.to_m == pytest.approx(2_600.0, abs=0.5)
    assert finding.height_overlap is not None
    assert (finding.height_overlap.from_m, finding.height_overlap.to_m) == (100.0, 110.0)
    assert finding.time_overlap is not None
    assert finding.time_overlap[0] == pytest.approx(
        NOON + timedelta(seconds=70), abs=timedelta(seconds=0.1)
    )
    assert verdict.metrics.min_clearance_m == 0.0


def test_the_footprint_of_one_volume_with_the_band_of_another_is_inside_neither() -> None:
    low_here = ZoneVolume(footprint=a_square(-500, -500, 1_000), floor=amsl(0), ceiling=amsl(50))
    high_there = ZoneVolume(
        footprint=a_square(-500, 3_000, 1_000), floor=amsl(50), ceiling=amsl(300)
    )
    zone = a_zone(volumes=(low_here, high_there))

    assert check(a_corridor(height=amsl(100)), survey([zone])).answer is Answer.PASS
    assert check(a_corridor(height=amsl(40)), survey([zone])).answer is Answer.FAIL


def test_a_hole_is_outside() -> None:
    ring = a_zone(a_square(-2_000, -2_000, 4_000, hole=1_000))
    circling = a_corridor((-300, -300), (300, -300), (300, 300))

    assert check(circling, survey([ring])).answer is Answer.PASS
    wider = a_corridor((-300, -300), (300, -300), (300, 300), half_width_m=210.0)
    assert check(wider, survey([ring])).answer is Answer.FAIL


def test_a_line_wholly_inside_a_zone_far_from_its_edges_is_inside() -> None:
    big = a_zone(a_square(-100_000, -100_000, 200_000))

    [finding] = check(a_corridor(), survey([big])).findings

    assert finding.from_m == 0.0
    assert finding.overlap_m == pytest.approx(4_000.0, abs=0.01)


def test_a_touching_edge_is_inside_and_a_metre_more_is_not() -> None:
    # Due north of the line by exactly its half width.
    assert check(a_corridor(), survey([a_zone(a_square(-500, 100.0, 1_000))])).answer is Answer.FAIL
    passed = check(a_corridor(), survey([a_zone(a_square(-500, 101.0, 1_000))]))
    assert passed.answer is Answer.PASS
    assert passed.metrics.min_clearance_m == pytest.approx(1.0, abs=0.1)


def test_touching_floors_and_ceilings_are_inside() -> None:
    at_ceiling = survey([a_zone(ceiling=amsl(100))])
    assert check(a_corridor(height=amsl(100)), at_ceiling).answer is Answer.FAIL
    assert check(a_corridor(height=amsl(100.01)), at_ceiling).answer is Answer.PASS
    assert check(a_corridor(height=amsl(100.01), below_m=0.02), at_ceiling).answer is Answer.FAIL


@pytest.mark.parametrize(
    ("opens_s", "closes_s", "answer"),
    [
        (0, 60, Answer.PASS),  # closed again before the line comes within reach at 70 s
        (0, 69.9, Answer.PASS),
        (0, 75, Answer.FAIL),
        (130.5, 200, Answer.PASS),  # opens after the line has left at 130 s
        (129.5, 200, Answer.FAIL),
    ],
)
def test_a_zone_applies_only_at_the_moment_of_passage(
    opens_s: float, closes_s: float, answer: Answer
) -> None:
    active = (NOON + timedelta(seconds=opens_s), NOON + timedelta(seconds=closes_s))

    verdict = check(a_corridor(), survey([a_zone(active=active)]))

    assert verdict.answer is answer
    for finding in verdict.findings:
        assert finding.time_overlap is not None
        assert finding.time_overlap[0] >= max(active[0], NOON + timedelta(seconds=69.9))
        assert finding.time_overlap[1] <= min(active[1], NOON + timedelta(seconds=130.1))


def test_a_zone_that_closes_as_the_corridor_departs_is_closed() -> None:
    above = a_corridor((0, 0), (1_000, 0))

    assert check(above, survey([a_zone(active=(None, NOON))])).answer is Answer.PASS
    assert check(above, survey([a_zone(active=(NOON, None))])).answer is Answer.FAIL


def test_two_periods_of_one_zone_give_two_stretches() -> None:
    at = [NOON + timedelta(seconds=s) for s in (80, 90, 100, 110)]
    periods = (
        Activation(starts_at=at[0], ends_at=at[1]),
        Activation(starts_at=at[2], ends_at=at[3]),
    )

    findings = check(a_corridor(), survey([a_zone(activations=periods)])).findings

    assert [(round(f.from_m), round(f.to_m)) for f in findings] == [(1_600, 1_800), (2_000, 2_200)]


def test_an_agl_floor_with_an_amsl_ceiling_follows_sloping_ground() -> None:
    # Ground 0 m in the middle, +/- 50 m a kilometre to the east and west.
    zone = a_zone(a_square(-3_000, -500, 6_000), floor=agl(120), ceiling=amsl(400))
    around = survey([zone], terrain=Slope(per_km_m=50.0))

    verdict = check(a_corridor((-2_000, 0), (2_000, 0), height=amsl(150)), around)

    # 150 m is 120 m above ground of 30 m, 600 m east of the middle; the width reaches on.
    [finding] = verdict.findings
    assert finding.severity is Severity.FAIL
    assert finding.from_m == 0.0
    assert finding.to_m == pytest.approx(2_000 + 600 + 100, abs=25.0)
    assert finding.height_overlap is not None
    assert finding.height_overlap.datum is Datum.AMSL
    above = check(a_corridor(height=amsl(401)), around)
    assert above.answer is Answer.PASS


def test_a_ridge_between_the_places_looked_at_is_not_stepped_over() -> None:
    # A round knoll of 20 m radius and 40 m height, wherever it stands under the width.
    class Knoll:
        def __init__(self, east_m: float) -> None:
            self.at = place(east_m, 63.0)

        def surfaces_amsl_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
            east = (longitude_deg - self.at.longitude_deg) * 91_700.0
            north = (latitude_deg - self.at.latitude_deg) * 110_900.0
            away = np.minimum(np.hypot(east, north) / 20.0, 1.0)
            return np.asarray(20.0 * (1.0 + np.cos(np.pi * away)), np.float64)

    # 100 m above the sea is inside only where the ground is 39.9 m high or more.
    zone = a_zone(ceiling=agl(60.1))
    for east_m in (0.0, 1.0, 2.0, 3.0, 4.0):
        around = survey([zone], terrain=Knoll(east_m))
        assert check(a_corridor(), around).answer is Answer.FAIL, east_m
    low = survey([a_zone(ceiling=agl(35.0))], terrain=Knoll(0.0))
    assert check(a_corridor(), low).answer is Answer.PASS


def test_a_band_that_holds_above_any_ground_needs_none() -> None:
    zone = a_zone(floor=agl(50), ceiling=agl(120))

    assert check(a_corridor(height=agl(100)), survey([zone])).answer is Answer.FAIL
    assert check(a_corridor(height=agl(130)), survey([zone])).answer is Answer.PASS


def test_ground_that_is_not_loaded_is_a_question_with_its_own_stretch() -> None:
    zone = a_zone(a_square(-3_000, -500, 6_000), floor=agl(120))
    half = survey([zone], terrain=Slope(per_km_m=0.0, loaded_to_deg=place(0, 0).longitude_deg))

    verdict = check(a_corridor(height=amsl(100)), half)

    [finding] = verdict.findings
    assert verdict.answer is Answer.UNKNOWN
    assert finding.from_m == pytest.approx(1_900, abs=25)
    assert "terrain" in finding.message.en
    assert check(a_corridor(height=amsl(100)), survey([zone])).answer is Answer.UNKNOWN


def test_a_corridor_above_ground_meets_a_zone_above_the_sea_through_the_ground() -> None:
    around = survey([a_zone(ceiling=amsl(150))], terrain=Slope(per_km_m=0.0))

    assert check(a_corridor(height=agl(149)), around).answer is Answer.FAIL
    assert check(a_corridor(height=agl(151)), around).answer is Answer.PASS


def test_ellipsoidal_heights_need_the_geoid() -> None:
    zone = a_zone(ceiling=amsl(100))
    plan = a_corridor(height=Altitude(130.0, Datum.ELLIPSOID))

    assert check(plan, survey([zone])).answer is Answer.UNKNOWN
    # 130 m above the ellipsoid is 92.5 m above the sea where the geoid stands at 37.5 m.
    assert check(plan, survey([zone], geoid=FlatGeoid())).answer is Answer.FAIL
    assert check(plan, survey([zone], geoid=FlatGeoid(29.0))).answer is Answer.PASS


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (a_corridor(heights=None), "no heights"),
        (a_corridor(departs_at=None), "departure"),
        (a_corridor(height=Altitude(100.0, Datum.BARO)), "pressure"),
        (a_corridor(height=Altitude(100.0, Datum.TAKEOFF)), "take-off"),
        (a_corridor(height=Altitude(100.0, Datum.AGL)), "terrain"),
    ],
)
def test_missing_evidence_is_unknown_and_says_what_is_missing(plan: object, words: str) -> None:
    zone = a_zone(ceiling=amsl(100), active=(NOON - timedelta(hours=1), NOON + timedelta(hours=1)))

    verdict = check(plan, survey([zone]))  # type: ignore[arg-type]

    assert verdict.answer is Answer.UNKNOWN
    assert [f.severity for f in verdict.findings] == [Severity.UNKNOWN]
    assert words in verdict.findings[0].message.en


def test_a_zone_without_limits_fails_a_candidate_without_heights() -> None:
    assert check(a_corridor(heights=None), survey([a_zone()])).answer is Answer.FAIL


def test_take_off_heights_count_from_the_take_off_point() -> None:
    plan = a_corridor(height=Altitude(50.0, Datum.TAKEOFF), takeoff_amsl_m=60.0)

    assert check(plan, survey([a_zone(floor=amsl(110))])).answer is Answer.FAIL
    assert check(plan, survey([a_zone(floor=amsl(111))])).answer is Answer.PASS


def test_an_unreadable_zone_is_a_question_never_a_pass() -> None:
    why = (Unknown(field="upper", reason=Name(ja="読めません", en="the limit is not a number")),)
    placed = a_zone(unknowns=why)
    nowhere = a_zone(unknowns=why, volumes=())

    assert check(a_corridor(), survey([placed])).answer is Answer.UNKNOWN
    verdict = check(a_corridor(), survey([nowhere]))
    assert verdict.answer is Answer.UNKNOWN
    assert "not a number" in verdict.findings[0].message.en


@pytest.mark.parametrize(
    ("kind", "answer", "count"),
    [
        (ZoneType.REQ_AUTHORIZATION, Answer.FAIL, 1),
        (ZoneType.CONDITIONAL, Answer.PASS, 1),
        (ZoneType.USPACE, Answer.PASS, 1),
        (ZoneType.NO_RESTRICTION, Answer.PASS, 0),
    ],
)
def test_what_a_zone_asks_decides_the_severity(kind: ZoneType, answer: Answer, count: int) -> None:
    verdict = check(a_corridor(), survey([a_zone(zone_type=kind)]))

    assert (verdict.answer, len(verdict.findings)) == (answer, count)


def test_a_fence_must_not_be_left_by_the_whole_width() -> None:
    fence = a_zone(a_square(-1_000, -1_000, 2_000), containment=Containment.KEEP_IN)

    assert check(a_corridor((-800, 0), (800, 0)), survey([fence])).answer is Answer.PASS
    verdict = check(a_corridor((-800, 0), (1_500, 0)), survey([fence]))
    [finding] = verdict.findings
    assert verdict.answer is Answer.FAIL
    assert finding.from_m == pytest.approx(800 + 900, abs=25.0)


def test_a_corridor_of_60_km_is_as_wide_as_it_says_where_a_degree_buffer_is_not() -> None:
    earth = Geod(ellps="WGS84")
    start = place(0, 0)
    plan = a_corridor((0, 0), (52_000, 30_000), half_width_m=300.0)
    lon, lat = plan.waypoints[1].lonlat
    azimuth, _, length = earth.inv(*start.lonlat, lon, lat)
    middle_lon, middle_lat, back = earth.fwd(*start.lonlat, azimuth, 0.5 * length)

    def small_zone(away_m: float) -> shapely.Polygon:
        """A triangle whose tip is `away_m` from the middle of the line, square to it."""
        tip = earth.fwd(middle_lon, middle_lat, back + 90.0, away_m)[:2]
        far = [earth.fwd(*tip, back + 90.0 + turn, 500.0)[:2] for turn in (-20.0, 20.0)]
        return shapely.Polygon([tip, *far])

    # 299.7 m is inside and 300.3 m is not: right to 0.1 %.
    assert check(plan, survey([a_zone(small_zone(299.7))])).answer is Answer.FAIL
    assert check(plan, survey([a_zone(small_zone(300.3))])).answer is Answer.PASS
    straight = shapely.LineString([start.lonlat, (lon, lat)])
    in_degrees = straight.buffer(300.0 / 111_320.0)
    assert not in_degrees.intersects(small_zone(299.7))


def test_clearance_is_the_geodesic_distance_from_the_edge() -> None:
    far = a_zone(a_square(-500.0, 30_000.0, 1_000))

    verdict = check(a_corridor(), survey([far]))

    assert verdict.metrics.min_clearance_m == pytest.approx(29_900.0, rel=1e-3)
    assert check(a_corridor(height=amsl(500)), survey([a_zone(ceiling=amsl(100))])).metrics == (
        check(a_corridor(height=amsl(500)), survey([])).metrics
    )


def test_a_vertical_climb_meets_what_lies_above_the_pad() -> None:
    plan = a_corridor((0, 0), (0, 0), heights=(amsl(0), amsl(200)), vertical_speed_mps=4.0)

    verdict = check(plan, survey([a_zone(floor=amsl(100), ceiling=amsl(120))]))

    assert verdict.answer is Answer.FAIL
    assert verdict.metrics.duration_s == pytest.approx(50.0)


def test_the_antimeridian_is_no_gap() -> None:
    west, east = (179.99, 180.0), (-180.0, -179.99)
    zones = [
        a_zone(shapely.box(west[0], 34.0, west[1], 34.1)),
        a_zone(shapely.box(east[0], 34.0, east[1], 34.1), identifier="Z2"),
    ]
    ends = (
        Position(latitude_deg=34.05, longitude_deg=179.97),
        Position(latitude_deg=34.05, longitude_deg=-179.97),
    )
    plan = a_corridor(waypoints=ends)

    findings = check(plan, survey(zones)).findings

    assert [f.zone and f.zone.identifier for f in findings] == ["Z1", "Z2"]
    assert findings[-1].to_m < 6_000.0


def test_many_candidates_keep_their_order_with_and_without_a_departure() -> None:
    plans = [a_corridor(name=str(k), departs_at=None if k % 2 else NOON) for k in range(5)]

    verdicts = check_many(plans, survey([a_zone(active=(NOON, NOON + timedelta(hours=1)))]))

    assert [v.candidate for v in verdicts] == list("01234")
    assert [v.answer for v in verdicts] == [Answer.FAIL, Answer.UNKNOWN] * 2 + [Answer.FAIL]
    assert check_many([], survey([])) == []


def test_weekly_hours_are_those_of_each_flights_own_day() -> None:
    hours = DailyWindow(
        weekdays=frozenset({NOON.weekday()}),
        starts=(NOON - timedelta(hours=1)).timetz(),
        ends=(NOON + timedelta(hours=1)).timetz(),
    )
    around = survey([a_zone(activations=(Activation(windows=(hours,)),))])
    days = range(15)

    found = [
        check(a_corridor(departs_at=NOON + timedelta(days=day)), around).answer for day in days
    ]

    assert [answer is Answer.FAIL for answer in found] == [day % 7 == 0 for day in days]
    # On the day itself, but before the zone opens.
    assert check(a_corridor(departs_at=NOON - timedelta(hours=2)), around).answer is Answer.PASS


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ground_speed_mps": 1e-300, "departs_at": NOON}, "30 days"),
        ({"heights": (amsl(0), amsl(9_000)), "vertical_speed_mps": 5e-324}, "30 days"),
        ({"ground_speed_mps": 1e-3}, "30 days"),
        ({"departs_at": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)}, "check the year"),
        ({"departs_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))}, "check the year"),
    ],
)
def test_a_flight_that_no_calendar_holds_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        check(a_corridor(**changes), survey([]))
