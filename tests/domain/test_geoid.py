import math

import numpy as np
import pytest
from pyproj import Transformer

from soramichi.domain import geoid
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.position import Position
from soramichi.errors import DatumMismatch

TRONDHEIM = Position(latitude_deg=63.417, longitude_deg=10.408)


def at(lat: float, lon: float) -> Position:
    return Position(latitude_deg=lat, longitude_deg=lon)


@pytest.mark.parametrize(
    ("place", "metres"),
    # Values that an independent program (Map IV llh_converter) tests against GSI's own files of
    # JPGEO2024 and Hrefconv2024: Tsukuba, Miura, Okinawa.
    [
        ((36.104394, 140.085365), 40.2920),
        ((35.160410, 139.615526), 36.7434),
        ((26.591644, 128.072433), 32.3939),
    ],
)
def test_the_model_in_force_is_reproduced_to_a_centimetre(
    place: tuple[float, float], metres: float
) -> None:
    assert geoid.undulation(at(*place)).metres == pytest.approx(metres, abs=0.01)


def test_tokyo_station_agrees_with_the_service_of_the_survey_authority() -> None:
    # GSI's calculation service answered 36.6706 m there, by the model before this one, which
    # differs by about 0.1 m.
    assert geoid.undulation(at(35.6814672, 139.7653745)).metres == pytest.approx(36.6706, abs=0.2)


def test_it_explains_the_two_heights_of_a_real_log() -> None:
    # A PX4 log recorded 106.766 m above the ellipsoid and 66.814 m above sea level at once.
    amsl = geoid.to_amsl(Altitude(106.766, Datum.ELLIPSOID), TRONDHEIM, within_m=3.0)

    assert amsl.datum is Datum.AMSL
    assert amsl.metres == pytest.approx(66.814, abs=0.05)


@pytest.mark.parametrize(
    ("lat", "lon", "metres"),
    # The six points that NGA published with its EGM96 program.
    [
        (38.6281550, 269.7791550, -31.628),
        (-14.6212170, 305.0211140, -2.969),
        (46.8743190, 102.4487290, -43.575),
        (-23.6174460, 133.8747120, 15.871),
        (38.6254730, 359.9995000, 50.066),
        (-0.4667440, 0.0023000, 17.329),
    ],
)
def test_the_world_model_agrees_with_the_published_points(
    lat: float, lon: float, metres: float
) -> None:
    where = at(lat, lon if lon <= 180.0 else lon - 360.0)

    assert geoid.undulation(where, within_m=3.0).metres == pytest.approx(metres, abs=0.1)


def test_where_no_model_is_good_enough_it_refuses() -> None:
    with pytest.raises(DatumMismatch, match="EGM96"):
        geoid.undulation(TRONDHEIM)
    together = geoid.undulations_m(np.array([136.8, 10.408]), np.array([34.7, 63.417]))
    assert np.isnan(together).tolist() == [False, True]


@pytest.mark.parametrize(
    "place", [(34.7, 136.8), (34.35, 136.87), (32.0, 138.0), (24.28, 153.98), (45.4, 141.7)]
)
def test_all_of_japan_and_its_seas_is_covered_to_a_metre(place: tuple[float, float]) -> None:
    assert geoid.undulation(at(*place)).accuracy_m <= 1.0


@pytest.mark.parametrize("datum", [Datum.AGL, Datum.TAKEOFF, Datum.BARO])
def test_a_geoid_says_nothing_about_other_datums(datum: Datum) -> None:
    with pytest.raises(DatumMismatch):
        geoid.to_amsl(Altitude(100.0, datum), at(34.7, 136.8))
    with pytest.raises(DatumMismatch):
        geoid.to_ellipsoid(Altitude(100.0, datum), at(34.7, 136.8))


def test_there_and_back_is_the_same_height() -> None:
    height = Altitude(312.4, Datum.AMSL)

    ellipsoid = geoid.to_ellipsoid(height, at(34.7, 136.8))

    assert ellipsoid.metres == pytest.approx(312.4 + 38.4, abs=0.1)
    assert geoid.to_amsl(ellipsoid, at(34.7, 136.8)).metres == pytest.approx(312.4)
    assert geoid.to_amsl(height, at(34.7, 136.8)) is height


def test_many_places_at_once_give_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(-180, 180, 300), rng.uniform(-90, 90, 300)
    lon[:100], lat[:100] = rng.uniform(122, 154, 100), rng.uniform(24, 46, 100)

    together = geoid.undulations_m(lon, lat, within_m=3.0)

    alone = [geoid.undulation(at(y, x), within_m=3.0).metres for x, y in zip(lon, lat, strict=True)]
    assert np.allclose(together, alone)
    assert np.isfinite(together).all()


def test_the_poles_and_the_antimeridian_are_on_the_grid() -> None:
    for lat, lon in (
        (90.0, 0.0),
        (-90.0, 180.0),
        (0.0, 180.0),
        (0.0, -180.0),
        (0.0, 359.999 - 360),
    ):
        assert math.isfinite(geoid.undulation(at(lat, lon), within_m=3.0).metres)


def test_pyproj_alone_would_have_changed_nothing() -> None:
    """The trap that this module exists for: without grids the conversion is a silent no-op."""
    silent = Transformer.from_crs("EPSG:4979", "EPSG:5773", always_xy=True, only_best=False)

    assert silent.transform(135.5, 34.5, 100.0)[2] == pytest.approx(100.0)
    ours = geoid.to_amsl(Altitude(100.0, Datum.ELLIPSOID), at(34.5, 135.5))
    assert ours.metres == pytest.approx(100.0 - 38.0, abs=1.0)
