import numpy as np
import pytest
import shapely

from routes_planner.spatial_ids import corridor_ids, zone_ids
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import offset
from soramichi.domain.geozone import Geozone, ZoneType, ZoneVolume
from soramichi.domain.spatial_id import at
from soramichi.domain.terrain import NoTerrain, Sea
from soramichi.errors import DatumMismatch
from tests.routes_planner.builders import HERE, a_corridor, agl, amsl

SEA = Sea(shapely.box(136.0, 34.0, 138.0, 36.0))
ZOOM = 19  # 64 m of height, 63 m across


def a_zone(floor: Altitude | None, ceiling: Altitude | None) -> Geozone:
    lon, lat = HERE.lonlat
    area = shapely.box(lon, lat, lon + 0.005, lat + 0.005)
    return Geozone(
        identifier="Z",
        name=Name(ja="区域", en="zone"),
        zone_type=ZoneType.PROHIBITED,
        volumes=(ZoneVolume(footprint=area, floor=floor, ceiling=ceiling),),
    )


def floors(zone: Geozone, terrain: Sea | NoTerrain | None = SEA) -> list[int]:
    boxes = zone_ids(zone, ZOOM, between_amsl_m=(0.0, 1000.0), terrain=terrain)
    return sorted({box.f for box in boxes})


def test_every_place_a_flight_may_be_is_in_a_box_of_its_corridor() -> None:
    corridor = a_corridor((0.0, 0.0), (1_500.0, 800.0), half_width_m=100.0, above_m=20.0)
    boxes = corridor_ids(corridor, ZOOM)
    rng = np.random.default_rng(3)

    for ahead, aside, up in rng.uniform((0, -99, 0), (1, 99, 20), (200, 3)):
        east, north = ahead * 1_500.0, ahead * 800.0
        across = np.array([-800.0, 1_500.0]) / 1_700.0 * aside
        where = offset(HERE, east_m=east + across[0], north_m=north + across[1])
        assert at(where, 100.0 + up, ZOOM) in boxes
    assert at(offset(HERE, east_m=0.0, north_m=400.0), 100.0, ZOOM) not in boxes


def test_heights_above_ground_need_terrain() -> None:
    corridor = a_corridor(height=agl(100.0))

    assert corridor_ids(corridor, ZOOM, terrain=SEA) == corridor_ids(a_corridor(), ZOOM)
    for terrain in (None, NoTerrain()):
        with pytest.raises(DatumMismatch):
            corridor_ids(corridor, ZOOM, terrain=terrain)


def test_heights_above_the_ellipsoid_are_lowered_by_the_geoid() -> None:
    # The geoid is 38 m above the ellipsoid in Ise Bay.
    corridor = a_corridor(height=Altitude(140.0, Datum.ELLIPSOID))

    assert {box.f for box in corridor_ids(corridor, ZOOM)} == {1}


def test_heights_above_takeoff_need_its_height() -> None:
    corridor = a_corridor(height=Altitude(70.0, Datum.TAKEOFF), takeoff_amsl_m=30.0)

    assert corridor_ids(corridor, ZOOM) == corridor_ids(a_corridor(), ZOOM)
    with pytest.raises(DatumMismatch):
        corridor_ids(a_corridor(height=Altitude(70.0, Datum.TAKEOFF)), ZOOM)


def test_a_corridor_without_heights_has_no_boxes_to_name() -> None:
    with pytest.raises(DatumMismatch):
        corridor_ids(a_corridor(heights=None), ZOOM)


def test_the_band_of_a_zone_is_a_range_of_floors() -> None:
    assert floors(a_zone(amsl(70.0), amsl(200.0))) == [1, 2, 3]
    assert floors(a_zone(agl(70.0), amsl(100.0))) == [1]
    assert floors(a_zone(None, agl(63.0))) == [0]
    assert floors(a_zone(amsl(900.0), None)) == [14, 15]
    assert floors(a_zone(Altitude(140.0, Datum.ELLIPSOID), amsl(150.0))) == [1, 2]
    assert floors(a_zone(amsl(2_000.0), None)) == []


def test_a_limit_above_unknown_ground_is_refused() -> None:
    with pytest.raises(DatumMismatch):
        floors(a_zone(agl(70.0), None), NoTerrain())
