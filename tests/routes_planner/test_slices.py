from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from routes_planner.separation import Separation
from routes_planner.slices import BOOKED, LONGEST_H, STEP_S, slices
from soramichi.domain import geoid
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.position import Position
from soramichi.errors import BadInput, DatumMismatch
from tests.routes_planner.builders import HERE, NOON, Slope, a_corridor, agl, amsl

CLOSE = Separation(horizontal_m=60.0, vertical_m=20.0, time_s=40.0)
CLIMB: dict[str, Any] = {"heights": (amsl(100.0), amsl(300.0)), "below_m": 5.0, "above_m": 10.0}


def test_slices_follow_each_other_from_departure_to_arrival() -> None:
    cut = slices(a_corridor(**CLIMB), geoid=geoid)

    assert np.array_equal(cut.flown_s[1:, 0], cut.flown_s[:-1, 1])
    assert np.array_equal(cut.along_m[1:, 0], cut.along_m[:-1, 1])
    assert cut.flown_s[0, 0] == NOON.timestamp()
    assert cut.flown_s[-1, 1] == pytest.approx(NOON.timestamp() + 200.0, abs=0.01)
    assert np.diff(cut.flown_s).max() <= STEP_S + 1e-6
    assert cut.along_m[-1, 1] == pytest.approx(4_000.0, abs=0.1)


def test_each_slice_brings_half_of_the_separation() -> None:
    cut = slices(a_corridor(**CLIMB), CLOSE, geoid=geoid)

    assert cut.occupied_s - cut.flown_s == pytest.approx(
        np.tile([-20.0, 20.0], (len(cut.flown_s), 1)), abs=0.002
    )
    lowest, highest = cut.height_amsl_m[:, 0].min(), cut.height_amsl_m[:, 1].max()
    assert (lowest, highest) == pytest.approx((100.0 - 5.0 - 10.0, 300.0 + 10.0 + 10.0), abs=0.01)
    rise = np.diff(cut.height_amsl_m)[:, 0] - 15.0 - 20.0
    assert rise == pytest.approx(np.full(rise.shape, 200.0 / len(rise)), abs=0.01)


def test_a_footprint_holds_all_within_reach_and_little_more() -> None:
    cut = slices(
        a_corridor((0, 0), (1_000, 700), (900, 700), half_width_m=100.0), CLOSE, geoid=geoid
    )
    plane = LocalPlane(HERE)

    for ring, along in zip(cut.footprint_deg, cut.along_m, strict=True):
        footprint = plane.metres(shapely.Polygon(ring))
        line = shapely.LineString(_places(along))
        assert footprint.covers(line.buffer(130.0))
        assert line.buffer(130.0 * 1.02 + 0.7).covers(footprint)


def _places(along_m: Any) -> list[tuple[float, float]]:
    """Metres along (0, 0), (1000, 700), (900, 700) as places, by hand; a slice has no bend."""
    first = float(np.hypot(1_000, 700))
    ends = [min(max(at, 0.0), first + 100.0) for at in along_m]
    if max(ends) <= first + 0.05:
        return [(at * 1_000 / first, at * 700 / first) for at in ends]
    return [(1_000 - max(at - first, 0.0), 700.0) for at in ends]


def test_hovering_is_cut_in_time() -> None:
    cut = slices(
        a_corridor((0, 0), (0, 0), (500, 0), heights=(amsl(0), amsl(60), amsl(60))), geoid=geoid
    )

    assert cut.flown_s[-1, 1] - cut.flown_s[0, 0] == pytest.approx(60 / 3.0 + 25.0, abs=0.01)
    first = cut.height_amsl_m[0]
    assert first[1] - first[0] - BOOKED.vertical_m == pytest.approx(STEP_S * 3.0, abs=0.01)
    assert shapely.Polygon(cut.footprint_deg[0]).is_valid


def test_ellipsoidal_heights_and_those_above_take_off_become_sea_level() -> None:
    here = geoid.undulation(HERE).metres
    for changes in (
        {"height": Altitude(100.0 + here, Datum.ELLIPSOID)},
        {"height": Altitude(80.0, Datum.TAKEOFF), "takeoff_amsl_m": 20.0},
    ):
        cut = slices(a_corridor((0, 0), (20, 0), **changes), CLOSE, geoid=geoid)
        assert cut.height_amsl_m[0] == pytest.approx([90.0, 110.0], abs=0.05)


def test_heights_above_ground_take_in_the_ground_under_the_whole_width() -> None:
    plan = a_corridor((0, 0), (100, 0), height=agl(50.0))

    cut = slices(plan, CLOSE, geoid=geoid, terrain=Slope(per_km_m=100.0))

    # From 100 m west of the start to 100 m east of the end: 20 m of ground to either side.
    assert cut.height_amsl_m[0, 0] <= 50.0 - 10.0 - 10.0
    assert cut.height_amsl_m[-1, 1] >= 50.0 + 20.0 + 10.0
    assert cut.height_amsl_m[0, 0] == pytest.approx(50.0 - 10.0 - 10.0, abs=1.5)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"heights": None}, "above sea level"),
        ({"height": Altitude(500.0, Datum.BARO)}, "above sea level"),
        ({"height": Altitude(50.0, Datum.TAKEOFF)}, "above sea level"),
        ({"height": agl(50.0)}, "--terrain"),
    ],
)
def test_heights_that_cannot_be_told_in_one_datum_are_not_guessed(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DatumMismatch, match=reason):
        slices(a_corridor(**changes), geoid=geoid)


def test_ground_that_is_not_loaded_is_not_guessed() -> None:
    with pytest.raises(DatumMismatch, match="no terrain is loaded at 34"):
        slices(
            a_corridor(height=agl(50.0)),
            geoid=geoid,
            terrain=Slope(per_km_m=0.0, loaded_to_deg=HERE.longitude_deg),
        )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"departs_at": None}, "--depart"),
        ({"ground_speed_mps": 4_000.0 / (LONGEST_H * 3_600.0 + 60.0)}, "24 h"),
        (
            {
                "waypoints": tuple(
                    Position(latitude_deg=30.0, longitude_deg=lon) for lon in (179.99, -179.99)
                )
            },
            "antimeridian",
        ),
    ],
)
def test_what_cannot_be_booked_says_why(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        slices(a_corridor(**changes), geoid=geoid)
