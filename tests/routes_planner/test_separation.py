from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from routes_planner.check import check
from routes_planner.separation import (
    Separation,
    conflicts,
    with_conflicts,
    with_conflicts_among,
)
from routes_planner.surroundings import survey
from routes_planner.verdict import Answer, Severity
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from tests.routes_planner.builders import NOON, a_corridor, agl, amsl
from tests.routes_planner.reference import EARTH, samples

CLOSE = Separation(horizontal_m=50.0, vertical_m=20.0, time_s=30.0)


def crossing(**changes: Any) -> Corridor:
    """Northwards across the middle of `a_corridor`, there at the same moment."""
    return a_corridor((0, -2_000), (0, 2_000), **changes)


def test_two_flights_through_one_place_at_one_moment_conflict_there() -> None:
    [conflict] = conflicts(a_corridor(), crossing(), Separation(time_s=0.0))

    # At once at x and y: x² + y² <= 200² with x = y, so 141 m to each side.
    assert conflict.from_m == pytest.approx(2_000 - 141.4, abs=0.5)
    assert conflict.to_m == pytest.approx(2_000 + 141.4, abs=0.5)
    assert conflict.clearance_m == 0.0
    assert conflict.known


@pytest.mark.parametrize(
    ("changes", "apart"),
    [
        ({"departs_at": NOON + timedelta(seconds=60)}, True),
        ({"departs_at": NOON + timedelta(seconds=40)}, False),
        ({"height": amsl(121)}, True),
        ({"height": amsl(119)}, False),
        ({"height": amsl(131), "below_m": 11.0}, False),
    ],
)
def test_they_keep_apart_in_time_or_in_height(changes: dict[str, Any], apart: bool) -> None:  # noqa: FBT001
    assert (conflicts(a_corridor(), crossing(**changes), CLOSE) == []) is apart


def test_side_by_side_the_edges_are_what_counts() -> None:
    beside = [a_corridor((-2_000, y), (2_000, y)) for y in (249.0, 251.0)]

    [conflict] = conflicts(a_corridor(), beside[0], CLOSE)

    assert conflict.clearance_m == pytest.approx(49.0, abs=0.1)
    assert conflict.from_m == 0.0
    assert conflict.to_m == pytest.approx(4_000, abs=0.01)
    assert conflicts(a_corridor(), beside[1], CLOSE) == []


def test_what_cannot_be_compared_is_a_question_not_a_pass() -> None:
    plan, around = a_corridor(), survey([])
    verdict = check(plan, around)

    for other in (
        crossing(height=agl(100)),
        crossing(departs_at=None),
        crossing(heights=None),
        crossing(height=Altitude(500.0, Datum.BARO)),
    ):
        [judged] = with_conflicts([verdict], [plan], [other], CLOSE)
        assert judged.answer is Answer.UNKNOWN
    [judged] = with_conflicts([verdict], [plan], [crossing()], CLOSE)
    assert judged.answer is Answer.FAIL
    assert judged.as_json()["findings"][0]["other"] == "route-a"
    assert with_conflicts([verdict], [plan], [], CLOSE) == [verdict]


def test_random_pairs_agree_with_dense_sampling() -> None:
    rng = np.random.default_rng(7)
    met = 0
    for pair in range(150):
        one, other = (
            a_corridor(
                *[(float(x), float(y)) for x, y in rng.uniform(-1_500, 1_500, (3, 2))],
                heights=tuple(amsl(float(h)) for h in rng.uniform(50, 200, 3)),
                half_width_m=float(rng.uniform(20, 80)),
                vertical_speed_mps=50.0,
                ground_speed_mps=float(rng.uniform(10, 40)),
                departs_at=NOON + timedelta(seconds=float(rng.uniform(0, 60))),
            )
            for _ in range(2)
        )
        found = conflicts(one, other, CLOSE)
        a, b = samples(one, 20.0), samples(other, 20.0)
        n, m = a.lon.size, b.lon.size
        away = EARTH.inv(
            np.repeat(a.lon, m), np.repeat(a.lat, m), np.tile(b.lon, n), np.tile(b.lat, n)
        )[2].reshape(n, m)
        reach = one.half_width_m + other.half_width_m + CLOSE.horizontal_m

        def witnesses(slack: float) -> Any:
            """Metres along `one` of samples with a sample of `other` too close, but for slack."""
            near = away <= reach + slack  # noqa: B023
            near &= np.abs(a.time_s[:, None] - b.time_s) <= CLOSE.time_s + slack / 10.0  # noqa: B023
            near &= np.abs(a.height_m[:, None] - b.height_m) <= CLOSE.vertical_m + slack  # noqa: B023
            return a.along_m[near.any(axis=1)]  # noqa: B023

        for along in witnesses(0.0):
            assert any(c.from_m - 0.01 <= along <= c.to_m + 0.01 for c in found), pair
        if found:
            met += 1
            loose = witnesses(20.0)
            for conflict in found:
                for end in (conflict.from_m, conflict.to_m):
                    assert np.abs(loose - end).min() <= 20.0, pair
    assert 15 < met < 135


def test_two_candidates_that_fly_together_fail_and_alternatives_are_told() -> None:
    plans = [
        a_corridor(),
        crossing(name="b"),
        a_corridor((-2_000, 1_500), (2_000, 1_500), name="c"),
    ]
    alone = [check(plan, survey([])) for plan in plans]

    both = with_conflicts_among(alone, plans, CLOSE, together=True)
    either = with_conflicts_among(alone, plans, CLOSE, together=False)

    assert [v.answer for v in both] == [Answer.FAIL, Answer.FAIL, Answer.PASS]
    assert [[f.other for f in v.findings] for v in both] == [["b"], ["route-a"], []]
    assert [v.answer for v in either] == [Answer.PASS] * 3
    assert [[f.severity for f in v.findings] for v in either] == [[Severity.CAUTION]] * 2 + [[]]
    assert "if both fly" in either[0].findings[0].message.en


def test_candidates_without_a_departure_are_a_question_only_when_all_fly() -> None:
    plans = [a_corridor(departs_at=None), crossing(name="b", departs_at=None)]
    alone = [check(plan, survey([])) for plan in plans]

    both = with_conflicts_among(alone, plans, CLOSE, together=True)

    assert [v.answer for v in both] == [Answer.UNKNOWN] * 2
    assert with_conflicts_among(alone, plans, CLOSE, together=False) == alone
