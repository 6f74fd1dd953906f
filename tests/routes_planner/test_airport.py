import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from routes_planner.airport import Airport, Runway, Surface, limitation_surfaces
from soramichi.domain.altitude import Datum
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import offset
from soramichi.domain.geozone import Geozone, ZoneKind
from soramichi.domain.position import Position
from soramichi.errors import BadInput

HERE = Position(latitude_deg=34.8583, longitude_deg=136.8053)
# Due north, so that metres north are metres along the runway.
RUNWAY = Runway(middle=HERE, true_bearing_deg=0.0, length_m=3_500.0)
AIRPORT = Airport(
    identifier="T",
    name=Name(ja="試験空港", en="Test"),
    reference=HERE,
    elevation_m=5.0,
    runways=(RUNWAY,),
    designated=True,
)
STEP_M = 5.0
ZONES = limitation_surfaces(AIRPORT, step_m=STEP_M)
END_M = 3_500.0 / 2 + 60.0


def floor_m(
    east_m: float, north_m: float, *, zones: tuple[Geozone, ...] = ZONES, kind: str = ""
) -> float | None:
    """The lowest floor at a place, above the airport's 5 m."""
    at = shapely.Point(offset(HERE, east_m=east_m, north_m=north_m).lonlat)
    floors = [
        volume.floor.metres - 5.0
        for zone in zones
        if kind in zone.identifier
        for volume in zone.volumes
        if volume.floor is not None and volume.footprint.covers(at)
    ]
    return min(floors, default=None)


def true_m(east_m: float, north_m: float) -> float | None:
    """The lowest of the surfaces themselves, written down once more from the Act."""
    found: list[float] = []
    from_reference = math.hypot(east_m, north_m)
    if from_reference <= 4_000:
        found.append(45.0)
    elif from_reference <= 16_500:
        found.append(45.0 + (from_reference - 4_000) / 50)
    elif from_reference <= 24_000:
        found.append(295.0)
    beyond, across = max(abs(north_m) - END_M, 0.0), abs(east_m)
    edge = 150.0 + (600.0 - 150.0) / 3_000 * beyond
    if 0.0 < beyond <= 15_000 and across <= edge:
        found.append(beyond / 50)
    transitional = beyond / 50 + (across - edge) / 7
    if across >= edge and transitional <= 45.0 and beyond <= 2_250:
        found.append(transitional)
    return min(found, default=None)


@settings(deadline=None, max_examples=400)
@given(
    east=st.one_of(st.floats(-25_000, 25_000), st.floats(-900, 900)),
    north=st.one_of(st.floats(-25_000, 25_000), st.floats(-5_000, 5_000)),
)
def test_steps_never_start_above_the_surface_and_at_most_a_step_below(
    east: float, north: float
) -> None:
    true, ours = true_m(east, north), floor_m(east, north)

    if true is not None:
        assert ours is not None
        assert ours <= true + 0.01
    # Within two metres of an edge in plan the other side's surface may be met.
    near = [
        height
        for de in (-2.0, 0.0, 2.0)
        for dn in (-2.0, 0.0, 2.0)
        if (height := true_m(east + de, north + dn)) is not None
    ]
    assert ours is None or ours >= min(near) - STEP_M - 0.01


def test_under_the_outer_surface_a_drone_passes_and_a_flying_car_does_not() -> None:
    # Yokkaichi and Suzuka are about 20 km away, where the surface is 295 m above the reference.
    assert floor_m(-20_300.0, 0.0) == pytest.approx(295.0)
    assert floor_m(-24_100.0, 0.0) is None


def test_an_extended_approach_is_lower_than_what_surrounds_it() -> None:
    along = floor_m(0.0, END_M + 14_000.0)

    assert along is not None
    assert 280.0 - STEP_M <= along <= 280.0
    assert (floor_m(5_000.0, END_M + 13_000.0) or 0.0) > 200.0


def test_an_airport_that_is_not_designated_ends_at_its_horizontal_surface() -> None:
    small = Airport(
        identifier="S",
        name=AIRPORT.name,
        reference=HERE,
        elevation_m=5.0,
        runways=(
            Runway(
                middle=HERE,
                true_bearing_deg=0.0,
                length_m=800.0,
                strip_class="H",
                strip_width_m=60.0,
                instrument=False,
            ),
        ),
    )
    zones = limitation_surfaces(small)

    assert {zone.identifier for zone in zones} == {"S-horizontal", "S-approach", "S-transitional"}
    assert floor_m(990.0, 0.0, zones=zones) == 45.0
    assert floor_m(1_010.0, 0.0, zones=zones) is None
    assert floor_m(0.0, 460.0 + 1_900.0, zones=zones) == pytest.approx(95.0, abs=2.6)


def test_there_is_one_zone_for_each_kind_of_surface_with_valid_volumes() -> None:
    assert [zone.identifier for zone in ZONES] == [f"T-{kind}" for kind in Surface]
    for zone in ZONES:
        assert zone.kind is ZoneKind.AIRPORT_SURFACE
        assert zone.name.ja != zone.name.en
        for volume in zone.volumes:
            assert volume.footprint.is_valid
            assert volume.floor is not None
            assert volume.floor.datum is Datum.AMSL
            assert volume.ceiling is None


def test_a_turned_runway_turns_its_approaches() -> None:
    runway = Runway(middle=HERE, true_bearing_deg=90.0, length_m=3_500.0)
    turned = limitation_surfaces(
        Airport(
            identifier="T",
            name=AIRPORT.name,
            reference=HERE,
            elevation_m=5.0,
            runways=(runway,),
        )
    )

    assert (floor_m(END_M + 500.0, 0.0, zones=turned) or 99.0) <= 10.0
    assert floor_m(0.0, END_M + 500.0, zones=turned) == 45.0


def test_what_has_no_surfaces_is_refused() -> None:
    with pytest.raises(BadInput):
        limitation_surfaces(AIRPORT, step_m=0.0)
    with pytest.raises(BadInput):
        Runway(middle=HERE, true_bearing_deg=0.0, length_m=800.0, strip_class="Z")
    with pytest.raises(BadInput):
        Runway(middle=HERE, true_bearing_deg=0.0, length_m=0.0)
    bare = Airport(identifier="B", name=AIRPORT.name, reference=HERE, elevation_m=0.0, runways=())
    with pytest.raises(BadInput):
        limitation_surfaces(bare)
