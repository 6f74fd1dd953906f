"""The areas under a corridor, against distances worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from routes_planner.layers import layers
from routes_planner.noise import level_db
from routes_planner.population import mesh_bounds, read_population
from routes_planner.surroundings import survey
from routes_planner.vehicle import VEHICLES
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geodesy import distance_m
from soramichi.domain.position import Position
from tests.routes_planner.builders import Slope, a_corridor, agl, amsl, place

NOTHING = survey([])


def area(found: dict[str, Any] | None) -> Any:
    assert found is not None
    return shapely.geometry.shape(found)


def reach_m(shape: Any, north_m: float) -> bool:
    """Whether the area reaches this far north of the middle of a line that flies east."""
    return bool(shape.contains(shapely.Point(place(0.0, north_m).lonlat)))


def test_the_width_is_the_width() -> None:
    width = area(layers(a_corridor(), NOTHING, None)["width"])

    assert reach_m(width, 98.0)
    assert not reach_m(width, 102.0)


def test_loudness_ends_where_the_slant_distance_says() -> None:
    plan = a_corridor(height=agl(200.0), aircraft_class=AircraftClass.EVTOL)

    loudness = layers(plan, NOTHING, None)["loudness"]

    # 45.2 dB at 500 m. At 320 m spreading has taken 3.9 dB less and the air 0.9 dB less.
    away = 320.0
    assert level_db(VEHICLES[AircraftClass.EVTOL], away) == pytest.approx(50.0, abs=0.2)
    [fifty] = [each["area"] for each in loudness["levels"] if each["db"] == 50.0]
    aside = (away**2 - 200.0**2) ** 0.5
    assert reach_m(area(fifty), aside - 15.0)
    assert not reach_m(area(fifty), aside + 15.0)
    assert 70.0 not in {each["db"] for each in loudness["levels"]}
    assert (loudness["reason"], loudness["unknown"]) == (None, None)


def test_where_the_ground_is_not_loaded_the_stretch_is_drawn_and_said() -> None:
    around = survey([], terrain=Slope(per_km_m=0.0, loaded_to_deg=136.7))
    plan = a_corridor(height=amsl(100.0), aircraft_class=AircraftClass.DRONE)

    fall = layers(plan, around, None)["fall"]

    assert "not known" in fall["reason"]["en"]
    open_end = area(fall["unknown"])
    assert open_end.bounds[0] == pytest.approx(136.7, abs=1e-3)
    assert open_end.bounds[2] == pytest.approx(place(2_000.0, 0.0).longitude_deg, abs=1e-5)
    known = area(fall["area"])
    assert known.contains(shapely.Point(place(-1_000.0, 0.0).lonlat))
    assert not known.contains(shapely.Point(place(1_500.0, 0.0).lonlat))


def test_a_corridor_without_heights_has_no_area_of_sound_or_fall() -> None:
    found = layers(a_corridor(heights=None, aircraft_class=AircraftClass.DRONE), NOTHING, None)

    assert (found["loudness"]["levels"], found["fall"]["area"]) == ([], None)
    assert found["fall"]["reason"]["ja"]
    [line] = shapely.get_parts(area(found["fall"]["unknown"]))
    ends = [Position(latitude_deg=y, longitude_deg=x) for x, y in line.coords]
    assert distance_m(ends[0], ends[-1]) == pytest.approx(4_000.0, abs=5.0)


def test_an_unknown_class_is_said_instead_of_a_silent_aircraft() -> None:
    found = layers(a_corridor(height=agl(100.0)), NOTHING, None)

    assert found["loudness"]["levels"] == []
    assert "kind of aircraft" in found["loudness"]["reason"]["en"]


def test_people_are_the_cells_below_or_the_reason_why_not() -> None:
    code = "51364052"
    west, south, east, north = mesh_bounds(code)
    people = read_population("p.csv", f"mesh_code,population\n{code},1000\n".encode())
    middle = 0.5 * (south + north)
    ends = tuple(Position(latitude_deg=middle, longitude_deg=x) for x in (west - 0.02, east + 0.02))

    below = layers(a_corridor(waypoints=ends), NOTHING, people)["people"]
    elsewhere = layers(a_corridor((0, 20_000), (1_000, 20_000)), NOTHING, people)["people"]
    none = layers(a_corridor(), NOTHING, None)["people"]

    [cell] = below["cells"]
    assert cell["people"] == 1_000
    assert area(cell["geometry"]).bounds == pytest.approx((west, south, east, north), abs=1e-5)
    assert (elsewhere["cells"], none["cells"]) == (None, None)
    assert "does not cover" in elsewhere["reason"]["en"]
    assert "no population is loaded" in none["reason"]["en"]
