"""Teleports are found; late, lost and moved aircraft are not taken for them."""

from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.jumps import Jumps
from soramichi.domain.flight import AircraftClass
from soramichi.domain.telemetry import TelemetrySample
from soramichi.store.rows import RECORD, fill
from tests.builders import A_SAMPLE, a_sample

EVTOL = AircraftClass.EVTOL
# One degree of latitude is 111,195 m.
KILOMETRE_DEG = 1_000 / 111_195


def at(second: float, north_km: float, **changes: float) -> TelemetrySample:
    return a_sample(
        time=A_SAMPLE.time + timedelta(seconds=second),
        latitude_deg=34.0 + north_km * KILOMETRE_DEG,
        **changes,
    )


def found(
    *samples: TelemetrySample,
    jumps: Jumps | None = None,
    of: AircraftClass = EVTOL,
    aircraft_id: str = "JA01",
) -> list[int]:
    records = np.zeros(len(samples), RECORD)
    fill(records, samples)
    jumps = jumps or Jumps()
    return list(jumps.find(jumps.steps(records), [aircraft_id], [of]))


@pytest.mark.parametrize(("north_km", "jumps"), [(1.39, []), (1.41, [1])])
def test_the_limit_is_the_class_speed_and_the_slack(north_km: float, jumps: list[int]) -> None:
    """In 10 s at 130 m/s 1,300 m, and 100 m of slack."""
    assert found(at(0, 0), at(10, north_km)) == jumps


def test_classes_have_their_own_limits() -> None:
    samples = [at(0, 0), at(10, 1.2)]

    assert found(*samples, of=AircraftClass.DRONE) == [1]
    assert found(*samples) == []


def test_one_bad_fix_is_a_jump_and_those_after_it_are_not() -> None:
    assert found(at(0, 0), at(1, 80), at(2, 0.1), at(3, 0.2)) == [1]


def test_an_aircraft_that_was_moved_is_believed_from_its_second_sample() -> None:
    assert found(at(0, 0), at(1, 80), at(2, 80.1), at(3, 80.2)) == [1]


def test_a_pause_long_enough_explains_the_way() -> None:
    assert found(at(0, 0), at(3_600, 80)) == []


def test_a_late_sample_is_held_against_the_newest_place_and_changes_nothing() -> None:
    jumps = Jumps()

    assert found(at(100, 1), at(90, 0.1), at(95, 80), jumps=jumps) == [2]
    assert found(at(101, 1.1), jumps=jumps) == []


def test_the_antimeridian_is_no_jump() -> None:
    assert found(at(0, 0, longitude_deg=179.9999), at(1, 0, longitude_deg=-179.9999)) == []


def test_memory_is_bounded() -> None:
    jumps = Jumps(most_aircraft=100)
    for number in range(1_000):
        found(at(0, 0), at(1, 80), jumps=jumps, aircraft_id=f"JA{number}")

    assert len(jumps._believed) == 100
    assert len(jumps._doubted) <= 100


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(-0.01, 0.01)), max_size=30))
def test_whoever_stays_below_the_limit_is_never_a_jump_in_any_order(
    points: list[tuple[float, float]],
) -> None:
    """Along a straight line at 100 m/s, with errors of 10 m."""
    samples = [at(second, second * 0.1 + error_km) for second, error_km in points]

    assert found(*samples) == []


def test_what_is_said_of_the_aircraft_otherwise_does_not_matter() -> None:
    fast = msgspec.structs.replace(at(1, 0.05), ground_speed_mps=499.0)

    assert found(at(0, 0), fast) == []
