import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from soramichi.domain import spatial_id
from soramichi.domain.position import Position
from soramichi.domain.spatial_id import SpatialId, at, extended, of_area, of_line, parse
from soramichi.errors import BadInput

LATITUDES = st.floats(-85.0, 85.0)
LONGITUDES = st.floats(-180.0, 180.0)
HEIGHTS = st.floats(-10_000.0, 100_000.0)
ZOOMS = st.integers(0, 25)


def place(lat: float, lon: float) -> Position:
    return Position(latitude_deg=lat, longitude_deg=lon)


@pytest.mark.parametrize(
    ("lat", "lon", "height", "zoom", "text"),
    # Vectors of the libraries that publish the scheme, and two places in Mie.
    [
        (0.0, 0.0, 10.0, 25, "25/10/16777216/16777216"),
        (35.685371, 139.753098, 0.0, 18, "18/0/232837/103222"),
        (34.6735, 136.5550, 120.0, 20, "20/3/922033/416497"),
        (34.6735, 136.5550, 120.0, 25, "25/120/29505064/13327914"),
        (34.6735, 136.5550, -5.0, 25, "25/-5/29505064/13327914"),
    ],
)
def test_published_vectors(lat: float, lon: float, height: float, zoom: int, text: str) -> None:
    assert str(at(place(lat, lon), height, zoom)) == text
    assert parse(text) == parse(f"/{text}") == at(place(lat, lon), height, zoom)


def test_published_extended_forms() -> None:
    where = place(35.685371, 139.753098)

    assert extended(where, 0.0, zoom=18, height_zoom=25) == "18/232837/103222/25/0"
    assert extended(where, 10.0, zoom=16, height_zoom=25) == "16/58209/25805/25/10"


def test_published_tilehash_and_parent() -> None:
    assert at(place(0.0, 0.0), 10.0, 25).tilehash == "4111111111111111111115151"
    assert str(parse("25/0/29803304/13212456").parent(14)) == "14/0/14552/6451"


def test_below_sea_level_floors_count_downwards() -> None:
    assert at(place(34.0, 136.0), -0.5, 25).f == -1
    assert parse("25/-5/29505064/13327914").parent(24).f == -3
    assert parse("25/-5/29505064/13327914").heights_amsl_m == (-5.0, -4.0)
    assert parse("2/-1/0/0").tilehash == "-11"


def test_180_degrees_east_is_180_west() -> None:
    assert at(place(0.0, 180.0), 0.0, 10) == at(place(0.0, -180.0), 0.0, 10)


@pytest.mark.parametrize(
    "text", ["", "20/3/922033", "36/0/0/0", "2/0/4/0", "2/4/0/0", "2/-5/0/0", "a/b/c/d", "2/0/-1/0"]
)
def test_what_is_no_spatial_id_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse(text)


@pytest.mark.parametrize(
    ("lat", "height", "zoom"), [(85.2, 0.0, 10), (0.0, 2.0**25, 10), (0.0, 0.0, 36), (0.0, 0.0, -1)]
)
def test_places_beyond_the_scheme_are_refused(lat: float, height: float, zoom: int) -> None:
    with pytest.raises(BadInput):
        at(place(lat, 0.0), height, zoom)


@given(lat=LATITUDES, lon=LONGITUDES, height=HEIGHTS, zoom=ZOOMS)
def test_a_place_lies_in_its_own_box_and_in_the_parents_of_it(
    lat: float, lon: float, height: float, zoom: int
) -> None:
    box = at(place(lat, lon), height, zoom)
    for zoom_of_parent in range(0, zoom + 1, 5):
        parent = box.parent(zoom_of_parent)
        low, high = parent.heights_amsl_m
        shape = parent.box.buffer(1e-9)

        assert parent == at(place(lat, lon), height, zoom_of_parent)
        assert low <= height < high
        assert shape.intersects(shapely.Point(lon if lon < 180.0 else -180.0, lat))


@given(
    z=ZOOMS,
    indices=st.tuples(*[st.integers(0, 2**25)] * 3),
    below=st.booleans(),
)
def test_a_box_is_read_back_from_its_text_and_told_apart_by_its_hash(
    z: int, indices: tuple[int, int, int], *, below: bool
) -> None:
    size = 1 << z
    f, x, y = (index % size for index in indices)
    box = SpatialId(z, -f - 1 if below else f, x, y)

    assert parse(str(box)) == box
    assert len(box.tilehash.lstrip("-")) == z
    assert box.tilehash.startswith("-") is below


@settings(deadline=None, max_examples=60)
@given(
    west=st.floats(130.0, 140.0),
    south=st.floats(-60.0, 60.0),
    size=st.floats(0.0001, 0.02),
    across=st.floats(0.0, 1.0),
    up=st.floats(0.0, 1.0),
    low=st.floats(-100.0, 500.0),
)
def test_every_place_in_a_volume_is_in_one_of_its_boxes(  # noqa: PLR0917
    west: float, south: float, size: float, across: float, up: float, low: float
) -> None:
    triangle = shapely.Polygon([(west, south), (west + size, south), (west, south + size)])
    inside = place(south + up * (1.0 - across) * size * 0.999, west + across * size * 0.999)

    boxes = of_area(triangle, low, low + 100.0, 18)

    assert at(inside, low + 100.0 * up, 18) in boxes
    assert all(box.box.distance(triangle) < 1e-9 for box in boxes)


def test_a_hole_has_no_boxes() -> None:
    ring = shapely.Polygon(
        shapely.box(136.0, 34.0, 136.1, 34.1).exterior,
        [shapely.box(136.01, 34.01, 136.09, 34.09).exterior],
    )

    assert at(place(34.05, 136.05), 0.0, 16) not in of_area(ring, 0.0, 0.0, 16)


def test_an_empty_area_has_no_boxes_and_a_boundless_one_is_refused() -> None:
    assert of_area(shapely.Polygon(), 0.0, 10.0, 20) == frozenset()
    with pytest.raises(BadInput, match="zoom"):
        of_area(shapely.box(130, 30, 140, 40), 0.0, 0.0, 25)
    with pytest.raises(BadInput):
        of_area(shapely.box(136, 34, 136.1, 34.1), 10.0, 0.0, 12)


@settings(deadline=None, max_examples=60)
@given(
    ends=st.tuples(*[st.tuples(st.floats(34.0, 34.01), st.floats(136.0, 136.01))] * 3),
    heights=st.tuples(*[st.floats(-50.0, 300.0)] * 3),
    leg=st.integers(0, 1),
    fraction=st.floats(0.0, 1.0),
)
def test_every_place_on_a_line_is_in_one_of_its_boxes(
    ends: tuple[tuple[float, float], ...],
    heights: tuple[float, ...],
    leg: int,
    fraction: float,
) -> None:
    points = [(place(*end), height) for end, height in zip(ends, heights, strict=True)]
    (here, low), (there, high) = points[leg : leg + 2]
    between = at(
        place(
            here.latitude_deg + fraction * (there.latitude_deg - here.latitude_deg),
            here.longitude_deg + fraction * (there.longitude_deg - here.longitude_deg),
        ),
        low + fraction * (high - low),
        20,
    )

    boxes = of_line(points, 20)

    near = {
        SpatialId(20, between.f + df, between.x + dx, between.y + dy)
        for df in (-1, 0, 1)
        for dx in (-1, 0, 1)
        for dy in (-1, 0, 1)
    }
    assert between in boxes or boxes & near  # rounding may put the place just across an edge
    assert len(boxes) <= 400


def test_a_line_up_a_tower_passes_every_floor_of_it() -> None:
    where = place(34.6735, 136.5550)

    boxes = of_line([(where, -5.0), (where, 5.5)], 25)

    assert sorted(box.f for box in boxes) == list(range(-5, 6))
    assert of_line([], 20) == frozenset()


def test_a_line_that_would_never_end_is_refused() -> None:
    with pytest.raises(BadInput, match="zoom"):
        of_line([(place(34, 136), 0.0), (place(34, -136), 0.0)], 35)


def test_the_scheme_reaches_the_edge_of_its_world() -> None:
    corner = at(place(-spatial_id.MAX_LATITUDE_DEG, 179.9999999), 0.0, 3)

    assert (corner.x, corner.y) == (7, 7)
