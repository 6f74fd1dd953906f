"""The planner's benchmark counts what is missed by another way, and can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely

from routes_planner.surroundings import survey
from soramichi.bench import planner
from soramichi.bench.planner_check import Scene, missed_2d, missed_3d_time, rows


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene.of(3_000, 60)


def test_nothing_is_missed_in_place_height_and_time(scene: Scene) -> None:
    tree = shapely.STRtree(scene.shapes)

    assert missed_2d(scene, tree) == 0.0
    assert missed_3d_time(scene, tree) == 0.0


def test_a_check_that_knows_half_of_the_zones_is_found_out(scene: Scene) -> None:
    tree = shapely.STRtree(scene.shapes)
    blind = replace(scene, around=survey(scene.zones[:1_500]))

    assert missed_2d(blind, tree) > 10.0
    assert missed_3d_time(blind, tree) > 10.0


def test_each_scene_has_its_floor_and_its_peers() -> None:
    found = {row["name"]: row for row in rows(200, 50, runs=1, postgis=None)}

    floor = found["check.geos_bulk_2d@200"]["value"]
    exact, reject = found["check.exact_3d_time@200"], found["check.accept_reject@200"]
    assert exact["limit"] == reject["limit"] == pytest.approx(floor, rel=1e-3)
    assert exact["target"] is reject["target"] is None
    assert found["check.geopandas_sjoin_2d@200"]["value"] > 0.0
    assert found["check.missed_3d_time@200"]["value"] == 0.0


def test_the_targets_are_stated_at_five_thousand_zones() -> None:
    assert {zones for zones, _ in planner.Plan().checks} == {1_000, 5_000, 10_000, 100_000}

    found = {row["name"]: row for row in rows(5_000, 50, runs=1, postgis=None)}

    assert found["check.exact_3d_time@5000"]["target"] == ">= 10"
    assert found["check.accept_reject@5000"]["target"] == ">= 30"
