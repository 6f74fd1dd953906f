import math

import pytest

from soramichi.domain.altitude import Altitude, Datum
from soramichi.errors import BadInput, DatumMismatch


def test_heights_of_different_datums_do_not_compare() -> None:
    with pytest.raises(DatumMismatch):
        _ = Altitude(150.0, Datum.AGL) < Altitude(300.0, Datum.AMSL)
    with pytest.raises(DatumMismatch):
        _ = Altitude(150.0, Datum.AGL) - Altitude(300.0, Datum.BARO)


def test_ellipsoid_height_becomes_amsl_only_with_an_undulation() -> None:
    # The two heights that a real PX4 log recorded at one instant: 106.766 and 66.814 m.
    amsl = Altitude(106.766, Datum.ELLIPSOID).ellipsoid_to_amsl(geoid_undulation_m=39.952)

    assert amsl.datum is Datum.AMSL
    assert amsl.metres == pytest.approx(66.814, abs=1e-9)
    with pytest.raises(DatumMismatch):
        amsl.ellipsoid_to_amsl(geoid_undulation_m=39.952)


def test_there_and_back_is_the_same_height() -> None:
    height = Altitude(312.4, Datum.AMSL)

    agl = height.amsl_to_agl(surface_amsl_m=12.5)

    assert agl == Altitude(299.9, Datum.AGL)
    assert agl.agl_to_amsl(surface_amsl_m=12.5).metres == pytest.approx(312.4)


@pytest.mark.parametrize("metres", [math.nan, math.inf])
def test_a_height_is_a_finite_number(metres: float) -> None:
    with pytest.raises(BadInput):
        Altitude(metres, Datum.AMSL)
