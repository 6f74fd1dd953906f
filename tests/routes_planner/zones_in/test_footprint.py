import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from routes_planner.zones_in import footprint
from routes_planner.zones_in.report import Action, Item, Note

GEOD = Geod(ellps="WGS84")
SQUARE = [[136.0, 34.0], [137.0, 34.0], [137.0, 35.0], [136.0, 35.0], [136.0, 34.0]]
HOLE = [[136.4, 34.4], [136.6, 34.4], [136.6, 34.6], [136.4, 34.6], [136.4, 34.4]]


class Read:
    """One polygon read, and everything that was reported about it."""

    def __init__(self, rings: object) -> None:
        self.notes: list[Note] = []
        self.item = Item("Z1", self.notes)
        self.area = footprint.polygon(rings, self.item)

    @property
    def actions(self) -> list[Action]:
        return [note.action for note in self.notes]

    def has(self, lon: float, lat: float) -> bool:
        assert self.area is not None
        return bool(self.area.intersects(shapely.Point(lon, lat)))


def test_a_hole_is_outside_and_its_edge_inside() -> None:
    read = Read([SQUARE, HOLE])

    assert not read.has(136.5, 34.5)
    assert read.has(136.4, 34.5)
    assert read.has(136.2, 34.5)
    assert read.notes == []


@pytest.mark.parametrize("rings", [[SQUARE[::-1]], [SQUARE[:-1]], [[*SQUARE[:2], *SQUARE[1:]]]])
def test_clockwise_open_and_stuttering_rings_enclose_the_same(rings: list[list[float]]) -> None:
    read = Read(rings)

    assert read.area is not None
    assert read.area.equals(shapely.box(136, 34, 137, 35))
    assert read.item.unknowns == []


def test_a_ring_that_crosses_itself_is_unknown_over_its_hull() -> None:
    bow_tie = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]

    read = Read([bow_tie])

    assert read.area is not None
    assert read.area.equals(shapely.box(0, 0, 1, 1))
    assert read.actions == [Action.UNKNOWN]
    assert read.item.unknowns[0].field == "geometry"


def test_a_ring_wound_twice_over_a_part_does_not_lose_that_part() -> None:
    # Even-odd repair would cut a hole where the ring overlaps itself.
    loop = [[0, 0], [4, 0], [4, 4], [1, 4], [1, -2], [3, -2], [3, 3], [0, 3], [0, 0]]

    read = Read([loop])

    assert read.has(2, 1)
    assert read.item.unknowns


def test_a_spike_is_repaired_without_doubt() -> None:
    spike = [*SQUARE[:2], [137.0, 34.5], [138.0, 34.5], [137.0, 34.5], *SQUARE[2:]]

    read = Read([spike])

    assert read.area is not None
    assert read.area.equals(shapely.box(136, 34, 137, 35))
    assert read.actions == [Action.REPAIRED]


def test_a_hole_that_leaves_its_shell_is_not_cut_out_and_unknown() -> None:
    across = [[136.5, 34.4], [137.5, 34.4], [137.5, 34.6], [136.5, 34.6]]

    read = Read([SQUARE, across])

    assert read.has(136.75, 34.5)
    assert read.has(137.25, 34.5)
    assert read.item.unknowns


def test_an_unreadable_hole_is_not_cut_out_and_unknown() -> None:
    read = Read([SQUARE, [[136.4, "x"], None]])

    assert read.has(136.5, 34.5)
    assert read.item.unknowns


def test_a_ring_across_the_antimeridian_is_cut_in_two() -> None:
    read = Read([[[179, -1], [-179, -1], [-179, 1], [179, 1], [179, -1]]])

    assert read.area is not None
    assert read.area.area == pytest.approx(4.0)
    assert read.has(179.5, 0)
    assert read.has(-179.5, 0)
    assert not read.has(0, 0)


def test_a_hole_across_the_antimeridian_is_cut_out_of_both_sides() -> None:
    shell = [[170, -10], [-170, -10], [-170, 10], [170, 10]]
    hole = [[-179, -1], [-179, 1], [179, 1], [179, -1]]

    read = Read([shell, hole])

    assert not read.has(179.5, 0)
    assert not read.has(-179.5, 0)
    assert read.has(175, 0)


@pytest.mark.parametrize("shift", [-360.0, 360.0])
def test_longitudes_a_turn_away_are_brought_back(shift: float) -> None:
    read = Read([[[lon + shift, lat] for lon, lat in SQUARE]])

    assert read.has(136.5, 34.5)


def test_the_whole_world_is_not_mistaken_for_a_crossing() -> None:
    read = Read([[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]])

    assert read.has(0, 0)
    assert read.item.unknowns == []


@pytest.mark.parametrize(
    "rings",
    [
        None,
        [],
        {},
        [None],
        ["abc"],
        [[[0, 0]]],
        [[[0, 0], [1, 1], [0, 0]]],
        [[[0, 0], [1, 1], [2, 2], [0, 0]]],
        [[[0, 0], [1, 0], [1, math.nan]]],
        [[[0, 0], [1, 0], [1, 10**400]]],
        [[[34.5, 136.5], [34.6, 136.5], [34.6, 136.6]]],
        [[[0, 80], [120, 80], [-120, 80]]],
        [[{"lon": 1}, {"lon": 2}, {"lon": 3}]],
    ],
)
def test_what_encloses_nothing_is_unknown_with_a_reason(rings: object) -> None:
    read = Read(rings)

    assert read.area is None
    assert read.item.unknowns
    assert all(note.reason.ja and note.reason.en for note in read.notes)


def test_a_ring_that_crosses_itself_everywhere_is_refused_without_noding_it() -> None:
    rng = np.random.default_rng(1)

    read = Read([rng.random((20_000, 2)).tolist()])

    assert read.item.unknowns
    assert read.has(0.5, 0.5)


@settings(deadline=None, max_examples=40)
@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-75, 75),
    radius=st.floats(1.0, 100_000.0),
    azimuth=st.floats(0, 360),
)
def test_a_circle_lies_inside_its_polygon_which_hardly_exceeds_it(
    lon: float, lat: float, radius: float, azimuth: float
) -> None:
    item = Item("C", [])
    area = footprint.circle([lon, lat], radius, item)

    assert area is not None
    edge = shapely.Point(GEOD.fwd(lon, lat, azimuth, radius)[:2])
    beyond = shapely.Point(GEOD.fwd(lon, lat, azimuth, radius * 1.0002 + 1.2)[:2])
    assert area.distance(edge) == 0.0
    assert area.distance(beyond) > 0.0
    assert item.unknowns == []


@pytest.mark.parametrize("radius", [0, -5, None, "wide", math.inf, 1e9])
def test_a_circle_without_a_sensible_radius_is_unknown(radius: object) -> None:
    item = Item("C", [])

    assert footprint.circle([136.0, 34.0], radius, item) is None
    assert item.unknowns


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=3, max_size=12),
)
def test_a_repair_never_loses_a_place_that_the_even_odd_rule_encloses(
    points: list[tuple[int, int]],
) -> None:
    read = Read([[list(point) for point in points]])
    if read.area is None:
        return
    drawn = shapely.make_valid(shapely.Polygon([*points, points[0]]))

    assert read.area.is_valid
    assert drawn.difference(read.area).area < 1e-9
