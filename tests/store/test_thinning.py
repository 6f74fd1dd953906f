"""Thinning keeps what a track looks like, in place, height and time."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soramichi.store import thinning
from soramichi.store.arrays import Floats

Place = tuple[Floats, Floats, Floats]


def steady(count: int) -> tuple[Floats, Place]:
    """Straight, level, 50 m/s, one sample a second."""
    times = np.arange(count, dtype=float)
    return times, (50 * times, np.zeros(count), np.full(count, 300.0))


def worst_m(times: Floats, place: Place, kept: thinning.Positions) -> float:
    """The largest distance of any sample from the thinned track at its time."""
    squares = [(axis - np.interp(times, times[kept], axis[kept])) ** 2 for axis in place]
    return float(np.sqrt(np.sum(squares, axis=0)).max())


def a_demonstration(count: int) -> tuple[Floats, Place]:
    """Circles, a straight run, a hover and a climb, with 1 m of GNSS noise."""
    noise = np.random.default_rng(7)
    times = np.arange(count) / 10
    share = times / times[-1]
    speed = np.where((share > 0.45) & (share < 0.55), 0.0, 40.0)
    course = np.where(share < 0.4, times / 20, 0.5)
    east, north = (np.cumsum(speed * 0.1 * f(course)) for f in (np.sin, np.cos))
    up = np.where(share > 0.7, (share - 0.7) * 1_000, 0.0)
    return times, (
        east + noise.normal(0, 1, count), north + noise.normal(0, 1, count),
        up + noise.normal(0, 1, count),
    )  # fmt: skip


def test_fewer_samples_than_asked_for_are_all_kept() -> None:
    assert thinning.kept(*steady(5), points=5).tolist() == [0, 1, 2, 3, 4]


@given(st.integers(2, 300), st.integers(2, 300), st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_it_is_exactly_as_many_as_asked_for_in_order_with_both_ends(
    count: int, points: int, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    times = np.cumsum(chance.choice([0.1, 1.0, 60.0], count))
    place = tuple(chance.normal(0, 100, count) for _ in range(3))

    kept = thinning.kept(times, place, points=points)

    assert len(kept) == min(count, points)
    assert (np.diff(kept) > 0).all()
    assert (kept[0], kept[-1]) == (0, count - 1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_one_sample_out_of_line_is_kept(axis: int) -> None:
    times, place = steady(10_000)
    place[axis][5_432] += 30.0

    assert 5_432 in thinning.kept(times, place, points=10)


def test_a_stop_on_a_straight_line_is_kept_in_time() -> None:
    """Where it went is one line; only the times tell that it hovered for five minutes."""
    times, place = steady(1_000)
    place[0][400:700] = place[0][400]
    place[0][700:] = place[0][400] + 50 * np.arange(300)

    kept = thinning.kept(times, place, points=6)

    assert worst_m(times, place, kept) < 60


def test_both_ends_of_a_gap_in_the_record_are_kept() -> None:
    times, place = steady(1_000)
    times[500:] += 600.0
    place[0][:] = 50 * times  # it flew on, unheard

    assert {499, 500} <= set(thinning.kept(times, place, points=4).tolist())


def test_a_demonstration_is_drawn_far_better_than_by_every_nth_sample() -> None:
    times, place = a_demonstration(20_000)

    kept = thinning.kept(times, place, points=200)

    every_nth = np.linspace(0, len(times) - 1, 200).astype(int)
    assert worst_m(times, place, kept) < 15
    assert worst_m(times, place, every_nth) > 100


def test_a_hundred_thousand_samples_take_a_fraction_of_a_second() -> None:
    times, place = a_demonstration(100_000)
    started = time.process_time()

    thinning.kept(times, place, points=2_000)

    assert time.process_time() - started < 0.5


def test_metres_are_metres_and_the_antimeridian_is_no_jump() -> None:
    east, north, up = thinning.metres(
        np.array([179.999, -179.999]), np.array([0.0, 0.001]), np.array([10.0, 12.0])
    )

    # A degree of the mean sphere is 111,195 m.
    assert east.tolist() == pytest.approx([0.0, 222.39], abs=0.01)
    assert north.tolist() == pytest.approx([0.0, 111.19], abs=0.01)
    assert up.tolist() == [0.0, 2.0]
