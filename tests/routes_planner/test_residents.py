"""What residents ask: people, districts, sound and falls."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely

from routes_planner.check import check
from routes_planner.fall import AIR_KG_PER_M3, GRAVITY, fall, fall_area
from routes_planner.noise import audible_area, audible_m, level_db
from routes_planner.population import area_below, mesh_bounds, read_population
from routes_planner.surroundings import survey
from routes_planner.vehicle import VEHICLES
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geodesy import WGS84
from soramichi.domain.geozone import ZoneKind, ZoneType
from soramichi.domain.position import Position
from soramichi.errors import BadFile
from tests.routes_planner.builders import Slope, a_corridor, a_square, a_zone, agl, amsl, place

EVTOL = VEHICLES[AircraftClass.EVTOL]
DRONE = VEHICLES[AircraftClass.DRONE]


@pytest.mark.parametrize(
    ("code", "south_west"),
    [
        # Hand-computed from the digits: 51/1.5, 136 + nothing; then eighths, tenths and halves.
        ("5136", (136.0, 34.0)),
        ("513640", (136.0, 34.0 + 4 * 5 / 60)),
        ("51364052", (136.0 + 2 * 45 / 3600, 34.0 + 4 * 5 / 60 + 5 * 30 / 3600)),
        ("513640524", (136.0 + 2.5 * 45 / 3600, 34.0 + 4 * 5 / 60 + 5.5 * 30 / 3600)),
    ],
)
def test_mesh_codes_are_where_the_standard_puts_them(
    code: str, south_west: tuple[float, float]
) -> None:
    assert mesh_bounds(code)[:2] == pytest.approx(south_west, abs=1e-12)


def test_people_below_are_counted_by_the_share_of_their_cells() -> None:
    code = "51364052"
    west, south, east, north = mesh_bounds(code)
    people = read_population("p.csv", f"KEY_CODE,population\n{code},1000\n".encode())
    middle = 0.5 * (south + north)
    ends = tuple(Position(latitude_deg=middle, longitude_deg=x) for x in (west - 0.02, east + 0.02))
    plan = a_corridor(waypoints=ends, half_width_m=50.0)

    # 100 m of the cell's 924 m from south to north.
    height_m = 110_930.0 * (north - south)
    assert people.below(plan) == pytest.approx(1_000 * 100.0 / height_m, abs=2.0)
    assert people.nearest_home_m(plan) == 0.0


@pytest.mark.parametrize("row", ["51364052,nan", "51364052,-1", "51364052,1e999", "51369052,1"])
def test_a_mesh_that_makes_no_sense_is_refused(row: str) -> None:
    with pytest.raises(BadFile):
        read_population("p.csv", f"mesh_code,population\n{row}\n".encode())


def test_people_are_counted_below_the_geodesic_that_is_flown() -> None:
    """Over 100 km it bends 150 m to the north of the straight line of degrees."""
    west, east = ((lon, 34.5) for lon in (136.0, 137.09))
    ends = tuple(Position(latitude_deg=lat, longitude_deg=lon) for lon, lat in (west, east))
    plane, area = area_below(a_corridor(waypoints=ends, half_width_m=50.0))
    middle = WGS84.npts(*west, *east, 1)[0]

    assert area.contains(plane.metres(shapely.Point(middle)))
    assert not area.contains(plane.metres(shapely.Point(middle[0], 34.5)))


def test_outside_the_meshes_of_the_source_people_are_not_known() -> None:
    people = read_population("p.csv", b"mesh_code,population\n51364052,10\n")

    assert people.below(a_corridor()) == 0
    assert people.below(a_corridor((0, 20_000), (1_000, 20_000))) is None
    assert np.isnan(people.density(np.array([139.7]), np.array([35.7])))[0]
    assert people.density(np.array([136.9]), np.array([34.1]))[0] == 0.0


def test_the_density_of_a_cell_is_its_people_over_its_area() -> None:
    people = read_population("p.csv", b"mesh_code,population\n51364052,1000\n")
    west, south, east, north = mesh_bounds("51364052")

    [density] = people.density(np.array([0.5 * (west + east)]), np.array([0.5 * (south + north)]))

    assert density == pytest.approx(1_000 / (1.149 * 0.9244), rel=0.01)


def test_a_file_of_e_stat_reads_as_it_is() -> None:
    text = "KEY_CODE,HTKSYORI,T001234001\n,,人口\n51364052,0,12\n51364053,1,*\n"

    people = read_population("e-stat.csv", text.encode("cp932"))

    assert people.people.tolist() == [12.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "columns"),
        ("mesh_code,population\n123,1\n", "digits"),
        ("mesh_code,population\n51364052,x\n", "no number of people"),
        ("mesh_code,population\n513640529,1\n", "digits"),
    ],
)
def test_a_broken_population_file_says_where(text: str, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        read_population("p.csv", text.encode())


def test_metres_and_seconds_over_districts_count_once_and_without_the_width() -> None:
    did: dict[str, Any] = {"kind": ZoneKind.DID, "zone_type": ZoneType.NO_RESTRICTION}
    zones = [
        a_zone(a_square(-500, -500, 1_000), **did),
        a_zone(a_square(0, -500, 1_000), identifier="Z2", **did),
    ]

    metrics = check(a_corridor(), survey(zones)).metrics

    assert metrics.over_did_m == pytest.approx(1_500.0, abs=0.5)
    assert metrics.over_did_s == pytest.approx(75.0, abs=0.1)
    assert metrics.nearest_did_m == 0.0
    assert check(a_corridor(), survey([a_zone()])).metrics.over_did_m is None


def test_the_nearest_district_counts_at_any_height() -> None:
    far = a_zone(a_square(-500, 1_100, 1_000), kind=ZoneKind.DID, ceiling=amsl(1))

    assert check(a_corridor(), survey([far])).metrics.nearest_did_m == pytest.approx(1_000, abs=1)


def test_the_height_above_ground_needs_ground() -> None:
    plan = a_corridor(height=amsl(150), above_m=10.0)

    assert check(plan, survey([])).metrics.max_height_agl_m is None
    slope = survey([], terrain=Slope(per_km_m=10.0))
    # Lowest in the west, 2 km from the middle: 160 m over -20 m.
    assert check(plan, slope).metrics.max_height_agl_m == pytest.approx(180.0, abs=1.0)
    low = check(a_corridor(height=agl(90), above_m=10.0), survey([])).metrics
    assert low.max_height_agl_m == 100.0


def test_a_flight_longer_than_its_battery_fails_and_one_into_the_reserve_is_a_caution() -> None:
    drone: dict[str, Any] = {"aircraft_class": AircraftClass.DRONE, "ground_speed_mps": 10.0}

    far = check(a_corridor((0, 0), (25_000, 0), **drone), survey([]))
    near = check(a_corridor((0, 0), (18_000, 0), **drone), survey([]))

    assert [(f.kind, str(f.severity)) for f in far.findings] == [("vehicle", "fail")]
    assert [(f.kind, str(f.severity)) for f in near.findings] == [("vehicle", "caution")]
    assert near.metrics.energy_reserve_pct == pytest.approx(100 * (1 - 30 / 35), abs=0.01)


def test_sound_loses_six_decibels_by_doubling_and_what_the_air_takes() -> None:
    assert level_db(EVTOL, 500.0) == 45.2
    assert level_db(EVTOL, 1_000.0) == pytest.approx(45.2 - 6.02 - 2.5, abs=0.01)
    assert level_db(EVTOL, audible_m(EVTOL, 40.0)) == pytest.approx(40.0, abs=0.01)
    assert audible_m(EVTOL, 200.0) == 0.0


def test_a_flight_is_heard_on_the_ground_as_far_as_its_height_leaves() -> None:
    plan = a_corridor((0, 0), (10_000, 0))
    heard = audible_m(EVTOL, 45.2)

    area = audible_area(EVTOL, plan, [300.0, 300.0], 45.2)

    aside = math.sqrt(heard**2 - 300.0**2)
    for inside, y in ((True, aside - 5), (False, aside + 5)):
        assert area.contains(shapely.Point(place(5_000, y).lonlat)) is inside
    assert audible_area(EVTOL, plan, [600.0, 600.0], 45.2).is_empty


def test_sound_and_fall_below_the_cruise_are_in_the_metrics() -> None:
    plan = a_corridor(height=agl(500), aircraft_class=AircraftClass.EVTOL)

    metrics = check(plan, survey([])).metrics

    assert metrics.cruise_level_db == pytest.approx(45.2)
    assert metrics.cruise_level_doubt_db == 5.0
    assert metrics.fall_reach_m == pytest.approx(fall(EVTOL, 500.0, 20.0).reach_m)
    assert check(a_corridor(height=agl(500)), survey([])).metrics.cruise_level_db is None


def test_a_fall_lies_between_one_without_air_and_one_straight_down() -> None:
    down = fall(DRONE, 100.0, 15.0)

    without_air_s = math.sqrt(2 * 100.0 / GRAVITY)
    terminal = math.sqrt(2 * DRONE.mass_kg * GRAVITY / (AIR_KG_PER_M3 * DRONE.drag_area_m2))
    assert without_air_s < down.seconds < 100.0 / terminal + without_air_s
    assert 0.0 < down.ahead_m < 15.0 * without_air_s
    assert down.drift_m == pytest.approx(10.0 * down.seconds)
    assert fall(DRONE, 0.0, 15.0).ahead_m == 0.0


def test_the_fall_area_reaches_ahead_and_to_the_sides() -> None:
    plan = a_corridor((0, 0), (1_000, 0), half_width_m=50.0, ground_speed_mps=15.0)
    down = fall(DRONE, 100.0, 15.0)

    area = fall_area(DRONE, plan, [100.0, 100.0])

    ahead, side = 1_000.0 + down.ahead_m + 50.0 + down.drift_m, 50.0 + down.drift_m
    for inside, x, y in ((True, ahead - 2, 0), (False, ahead + 2, 0), (True, 500, side - 2)):
        assert area.contains(shapely.Point(place(x, y).lonlat)) is inside
