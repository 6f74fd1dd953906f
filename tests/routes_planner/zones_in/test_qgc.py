import json
from typing import Any

import pytest
import shapely

from routes_planner.zones_in.reading import read_zones
from routes_planner.zones_in.report import Imported
from soramichi.domain.geozone import Containment, ZoneKind
from soramichi.errors import BadFile

LATLON = [[34.0, 136.0], [34.0, 137.0], [35.0, 137.0], [35.0, 136.0]]


def read(**fence: Any) -> Imported:
    return read_zones("f.plan", json.dumps({"fileType": "Plan", "geoFence": fence}).encode())


def test_latitude_comes_first_and_rings_are_open() -> None:
    (zone,) = read(polygons=[{"inclusion": False, "polygon": LATLON}]).zones

    assert zone.containment is Containment.KEEP_OUT
    assert zone.kind is ZoneKind.FENCE
    assert zone.volumes[0].footprint.equals(shapely.box(136, 34, 137, 35))


def test_all_inclusions_together_are_one_zone_to_stay_inside_of() -> None:
    circle = {"inclusion": True, "circle": {"center": [34.0, 136.0], "radius": 100}}

    (zone,) = read(polygons=[{"inclusion": True, "polygon": LATLON}], circles=[circle]).zones

    assert zone.containment is Containment.KEEP_IN
    assert len(zone.volumes) == 2


def test_inclusion_and_exclusion_of_one_plan_are_separate_zones() -> None:
    shapes = [{"inclusion": side, "polygon": LATLON} for side in (True, False, False)]

    zones = read(polygons=shapes).zones

    assert [zone.identifier for zone in zones] == ["inclusion", "exclusion-1", "exclusion-2"]


def test_the_polygon_of_version_1_is_one_to_stay_inside_of() -> None:
    (zone,) = read(polygon=LATLON, breachReturn=[34.5, 136.5]).zones

    assert zone.containment is Containment.KEEP_IN


def test_a_shape_that_does_not_say_its_side_is_unknown() -> None:
    (zone,) = read(polygons=[{"polygon": LATLON}]).zones

    assert zone.volumes[0].unknowns


@pytest.mark.parametrize("fence", [{}, {"polygons": []}, {"polygons": 5}])
def test_a_plan_without_a_fence_is_refused(fence: dict[str, Any]) -> None:
    with pytest.raises(BadFile):
        read(**fence)


@pytest.mark.parametrize("shape", [None, {}, {"inclusion": True, "polygon": [[1]]}, "x"])
def test_an_unreadable_shape_could_be_anywhere(shape: object) -> None:
    zones = read(polygons=[shape]).zones

    assert zones[0].volumes == ()
    assert zones[0].unknowns
