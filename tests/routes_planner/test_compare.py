from __future__ import annotations

from datetime import timedelta

import pytest

from routes_planner.check import check, check_many
from routes_planner.compare import height_profile, table
from routes_planner.surroundings import survey
from soramichi.domain.geozone import ZoneKind
from tests.routes_planner.builders import NOON, Slope, a_corridor, a_square, a_zone, agl, amsl


def test_those_that_pass_come_first_then_those_over_fewer_people() -> None:
    did = a_zone(a_square(-500, 900, 1_000), kind=ZoneKind.DID, ceiling=amsl(10))
    around = survey([a_zone(), did])
    plans = [
        a_corridor(name="through"),
        a_corridor((-2_000, 1_000), (2_000, 1_000), name="over houses"),
        a_corridor((-2_000, -1_000), (3_000, -1_000), name="aside"),
    ]

    rows = table(check_many(plans, around))

    assert [row["candidate"] for row in rows] == ["aside", "over houses", "through"]
    assert rows[1]["over_did_m"] == pytest.approx(1_000.0, abs=1.0)
    assert (rows[2]["verdict"], rows[2]["fails"]) == ("fail", 1)


def test_a_profile_shows_band_ground_and_the_zones_met() -> None:
    around = survey([a_zone(floor=amsl(50), ceiling=amsl(120))], terrain=Slope(per_km_m=10.0))
    plan = a_corridor(above_m=10.0, below_m=5.0)

    profile = height_profile(plan, around, check(plan, around))

    assert profile["datum"] == "AMSL"
    assert len(profile["distance_m"]) >= 200
    assert {profile["top_m"][0], profile["bottom_m"][-1]} == {110.0, 95.0}
    assert profile["ground_m"][0] == pytest.approx(-20.0, abs=0.5)
    [zone] = profile["zones"]
    assert zone["height"] == {"from_m": 95.0, "to_m": 110.0, "datum": "AMSL"}


def test_a_profile_above_ground_and_one_without_heights_say_what_they_know() -> None:
    around = survey([])
    low, unknown = a_corridor(height=agl(80)), a_corridor(heights=None)

    profile = height_profile(low, around, check(low, around))
    nothing = height_profile(unknown, around, check(unknown, around))

    assert (profile["datum"], profile["top_m"][0], profile["ground_m"][0]) == ("AGL", 80.0, 0.0)
    assert nothing["top_m"][0] is None


def test_a_profile_shows_the_limits_below_and_above_the_line_that_it_does_not_meet() -> None:
    over = a_zone(identifier="over", floor=amsl(150))
    under = a_zone(a_square(-500, -500, 1_000), identifier="under", ceiling=agl(30))
    aside = a_zone(a_square(-500, 900, 1_000), identifier="aside")
    closed = a_zone(identifier="closed", active=(None, NOON - timedelta(hours=1)))
    around = survey([over, under, aside, closed], terrain=Slope(per_km_m=10.0))
    plan = a_corridor()

    profile = height_profile(plan, around, check(plan, around))

    assert profile["zones"] == []
    limits = {one["identifier"]: one for one in profile["limits"]}
    assert set(limits) == {"over", "under"}
    assert "ceiling_m" not in limits["over"]
    assert set(limits["over"]["floor_m"]) == {150.0}
    # 30 m above ground that rises 10 m a kilometre, 600 m on either side of the middle.
    rising = limits["under"]["ceiling_m"]
    assert (rising[0], rising[-1]) == pytest.approx((24.0, 36.0), abs=0.5)
    assert limits["under"]["at_m"][0] == pytest.approx(1_400.0, abs=1.0)


def test_a_limit_above_ground_that_is_not_loaded_is_not_known() -> None:
    around = survey([a_zone(ceiling=agl(150))])
    plan = a_corridor()

    [limit] = height_profile(plan, around, check(plan, around))["limits"]

    assert set(limit["ceiling_m"]) == {None}
