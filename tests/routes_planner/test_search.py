from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import shapely
import skfmm
from pyproj import Geod

from routes_planner import raster, scenes
from routes_planner.compiled.lines import path_cost
from routes_planner.hunt import area_around, field_of
from routes_planner.paths import cheapest_path
from routes_planner.request import Request
from routes_planner.search import search
from routes_planner.shaping import Climb, climbing, rounded, sharpest_radius_m
from routes_planner.surroundings import survey
from routes_planner.vehicle import VEHICLES
from routes_planner.verdict import Answer
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geozone import Activation, Containment
from soramichi.domain.position import Position
from soramichi.errors import BadInput
from tests.routes_planner.builders import (
    HERE,
    NOON,
    Floats,
    a_square,
    a_zone,
    amsl,
    place,
)


def a_request(**changes: Any) -> Request:
    """A drone from 3 km west to 3 km east of HERE at 100 m, 50 m to each side."""
    members: dict[str, Any] = {
        "start": place(-3_000, 0),
        "goal": place(3_000, 0),
        "cruise": amsl(100.0),
        "aircraft_class": AircraftClass.DRONE,
        "vehicle": VEHICLES[AircraftClass.DRONE],
        "half_width_m": 50.0,
        "from_m": 100.0,
        "to_m": 100.0,
        "departs_at": NOON,
    }
    return Request(**(members | changes))


def test_nothing_in_the_way_is_flown_straight() -> None:
    [proposal] = search(a_request(), survey([])).proposals

    assert proposal.verdict.answer is Answer.PASS
    assert proposal.verdict.metrics.length_m == pytest.approx(6_000.0, rel=1e-4)


def test_a_zone_in_the_way_is_passed_by_the_shortest_detour() -> None:
    around = survey([a_zone(a_square(-500, -1_000, 1_000))])

    [proposal] = search(a_request(), around).proposals

    # Half of it: to the northern corner, 50 m off, and along the side to the middle.
    optimum = 2.0 * (np.hypot(2_500.0, 0.0 + 50.0) + 500.0)
    assert proposal.verdict.answer is Answer.PASS
    assert proposal.verdict.metrics.length_m == pytest.approx(optimum, rel=0.005)
    assert proposal.verdict.metrics.min_clearance_m is not None
    assert proposal.verdict.metrics.min_clearance_m < 50.0


def test_only_zones_that_apply_at_the_moment_of_passage_are_avoided() -> None:
    wall = a_square(-500, -1_000, 1_000)
    # At 15 m/s the wall is reached 2,450 m after departure: at 163 s.
    closed_before = (NOON - timedelta(hours=1), NOON + timedelta(seconds=60))
    closed_then = (NOON + timedelta(seconds=100), NOON + timedelta(seconds=400))

    [straight] = search(a_request(), survey([a_zone(wall, active=closed_before)])).proposals
    [detour] = search(a_request(), survey([a_zone(wall, active=closed_then)])).proposals

    assert straight.verdict.metrics.length_m == pytest.approx(6_000.0, rel=1e-3)
    assert detour.verdict.metrics.length_m > 6_001.0
    assert {straight.verdict.answer, detour.verdict.answer} == {Answer.PASS}


def test_a_zone_above_or_below_the_flight_is_no_obstacle() -> None:
    high = a_zone(floor=amsl(150))

    [proposal] = search(a_request(), survey([high])).proposals

    assert proposal.verdict.metrics.length_m == pytest.approx(6_000.0, rel=1e-4)


def test_the_climb_is_kept_out_of_low_zones_beside_the_start() -> None:
    low = a_zone(a_square(-2_800, -300, 300), ceiling=amsl(60))
    request = a_request(from_m=0.0)

    [proposal] = search(request, survey([low])).proposals

    assert proposal.verdict.answer is Answer.PASS
    heights = [h.metres for h in proposal.corridor.heights or ()]
    assert (heights[0], max(heights), heights[-1]) == (0.0, 100.0, 100.0)


def test_where_no_corridor_passes_the_closing_zone_is_named() -> None:
    ring = a_zone(a_square(2_000, -1_000, 2_000, hole=800), identifier="RING")

    found = search(a_request(), survey([ring]))

    assert found.proposals == ()
    assert found.none is not None
    assert [f.zone and f.zone.identifier for f in found.none.closed_by] == ["RING"]
    assert found.none.reason.en.endswith("closed by zone")


def test_between_two_periods_of_a_zone_the_way_through_it_is_open() -> None:
    hour = timedelta(hours=1)
    periods = tuple(
        Activation(starts_at=NOON + since, ends_at=NOON + until)
        for since, until in ((-3 * hour, -hour), (3 * hour, 5 * hour))
    )
    wall = a_zone(a_square(-500, -1_500, 3_000), activations=periods)

    [open_now] = search(a_request(departs_at=NOON), survey([wall])).proposals
    [closed] = search(a_request(departs_at=NOON - 2 * hour), survey([wall])).proposals

    assert open_now.verdict.metrics.length_m == pytest.approx(6_000.0, rel=1e-4)
    assert closed.verdict.metrics.length_m > 6_300.0


def test_an_end_inside_the_closing_zone_is_told() -> None:
    over_the_goal = a_zone(a_square(2_500, -1_000, 2_000), identifier="GOAL")

    none = search(a_request(), survey([over_the_goal])).none

    assert none is not None
    assert none.reason.en.endswith("closed by zone (the destination lies in it)")
    assert none.reason.ja.endswith("区域（目的地がこの中）")


def test_a_fence_is_not_left() -> None:
    fence = a_zone(
        shapely.difference(a_square(-4_000, -4_000, 8_000), a_square(-500, -4_000, 4_500)),
        containment=Containment.KEEP_IN,
    )

    [proposal] = search(a_request(goal=place(-2_000, 3_000)), survey([fence])).proposals

    assert proposal.verdict.answer is Answer.PASS


def test_the_quietest_way_goes_around_people_and_the_shortest_over_them() -> None:
    def crowding(lon: Floats, lat: Floats) -> Floats:
        near = np.hypot(
            (lon - HERE.longitude_deg) * 91_700.0, (lat - HERE.latitude_deg) * 110_900.0
        )
        return np.where(near < 800.0, 8_000.0, 0.0)

    found = search(a_request(), survey([]), crowding=crowding)

    lengths = {p.objective: p.verdict.metrics.length_m for p in found.proposals}
    assert list(lengths) == ["shortest", "balanced", "quietest"]
    assert lengths["shortest"] == pytest.approx(6_000.0, rel=1e-4)
    assert lengths["shortest"] < lengths["balanced"] <= lengths["quietest"] + 1.0
    assert lengths["quietest"] < 6_600.0


@pytest.mark.parametrize(
    "goal", [place(-3_000, 0), Position(latitude_deg=43.0, longitude_deg=141.0)]
)
def test_ends_that_make_no_flight_are_refused(goal: Position) -> None:
    with pytest.raises(BadInput, match="400 km"):
        search(a_request(goal=goal), survey([]))


def test_bends_are_turned_on_the_radius() -> None:
    bent = np.array([[0.0, 0.0], [3_000.0, 0.0], [3_000.0, 3_000.0]])

    line = rounded(bent, 500.0)

    assert sharpest_radius_m(line) == pytest.approx(500.0, rel=0.01)
    assert (line[0] == bent[0]).all()
    assert (line[-1] == bent[-1]).all()


def test_a_short_line_climbs_and_sinks_in_a_tent() -> None:
    line = np.array([[0.0, 0.0], [1_000.0, 0.0]])

    xy, height = climbing(line, 0.0, 100.0, 0.0, Climb(1_000.0, 1_000.0))

    assert xy[:, 0].tolist() == [0.0, 500.0, 1_000.0]
    assert height.tolist() == [0.0, 50.0, 0.0]


def test_the_path_costs_what_fast_marching_finds_within_half_a_per_cent() -> None:
    zones = scenes.zones(150, seed=5)
    west, east = (
        Position(latitude_deg=34.30, longitude_deg=136.2),
        Position(latitude_deg=34.45, longitude_deg=136.75),
    )
    request = a_request(start=west, goal=east, half_width_m=100.0, cruise=amsl(200.0))
    area = area_around(request, 53_000.0, 0.4)
    field = field_of(request, survey(zones), area)
    rng = np.random.default_rng(1)
    row, column = np.mgrid[: area.rows, : area.columns]
    for x, y in rng.uniform(0.0, 1.0, (12, 2)) * (area.columns, area.rows):
        field.weight[:] += 2.0 * np.exp(-((column - x) ** 2 + (row - y) ** 2) / (2.0 * 30.0**2))
    closed = field.closed_until > field.closed_from
    field.closed_from[closed], field.closed_until[closed] = -np.inf, np.inf
    ends = np.rint(area.cells(shapely.get_coordinates(
        area.plane.metres(shapely.points([west.lonlat, east.lonlat]))
    )))  # fmt: skip

    path = cheapest_path(field, *ends)

    start, goal = ends[:, ::-1].astype(int)
    # A circle of three cells around the start has no source inside a cell to get wrong.
    front = np.ma.MaskedArray(np.hypot(row - start[0], column - start[1]) - 3.0, closed)
    time = skfmm.travel_time(front, 1.0 / field.weight, dx=area.cell_m, order=2)
    optimum = float(time[tuple(goal)]) + 3.0 * area.cell_m * field.weight[tuple(start)]
    assert path_cost(field, path) <= 1.005 * optimum
    assert raster.coarse(field).cell == 8.0 * area.cell_m


def test_the_degrees_of_a_raster_are_right_to_a_metre() -> None:
    request = a_request(start=place(-60_000, -40_000), goal=place(60_000, 50_000))
    area = area_around(request, 150_000.0, 0.2)

    lon, lat = area.lonlat(4)

    row, column = np.meshgrid(*(np.arange(0, n, 4) + 1.5 for n in (area.rows, area.columns)),
                              indexing="ij")  # fmt: skip
    middles = area.metres(np.column_stack([column.ravel(), row.ravel()]))
    exact = shapely.get_coordinates(area.plane.degrees(shapely.MultiPoint(middles)))
    away = Geod(ellps="WGS84").inv(lon.ravel(), lat.ravel(), exact[:, 0], exact[:, 1])[2]
    assert lon.shape == row.shape
    assert np.max(away) < 1.0
