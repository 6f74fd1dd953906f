import pytest
import shapely
from pyproj import Geod

from soramichi.domain.geodesy import LocalPlane, bearing_deg, distance_m, offset
from soramichi.domain.position import Position
from soramichi.errors import BadInput

CENTRAIR = Position(latitude_deg=34.8583, longitude_deg=136.8053)
SHIMA = Position(latitude_deg=34.3525, longitude_deg=136.8700)


def test_the_plane_stays_true_to_the_geodesic_60_km_away() -> None:
    plane = LocalPlane(CENTRAIR)
    geodesic_m = Geod(ellps="WGS84").inv(*CENTRAIR.lonlat, *SHIMA.lonlat)[2]

    line = plane.metres(shapely.LineString([CENTRAIR.lonlat, SHIMA.lonlat]))

    assert line.length == pytest.approx(geodesic_m, rel=1e-6)
    assert plane.degrees(line).equals_exact(
        shapely.LineString([CENTRAIR.lonlat, SHIMA.lonlat]), 1e-9
    )


def test_distance_bearing_and_offset_agree() -> None:
    there = offset(CENTRAIR, east_m=3_000.0, north_m=4_000.0)

    assert distance_m(CENTRAIR, there) == pytest.approx(5_000.0, abs=1e-3)
    assert bearing_deg(CENTRAIR, there) == pytest.approx(36.8699, abs=1e-3)


@pytest.mark.parametrize(("latitude", "longitude"), [(90.1, 0.0), (0.0, 180.1), (float("nan"), 0)])
def test_a_position_outside_the_globe_is_refused(latitude: float, longitude: float) -> None:
    with pytest.raises(BadInput):
        Position(latitude_deg=latitude, longitude_deg=longitude)


def test_each_axis_order_has_its_own_name() -> None:
    assert CENTRAIR.lonlat == (136.8053, 34.8583)
    assert CENTRAIR.latlon == (34.8583, 136.8053)
