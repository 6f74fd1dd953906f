from datetime import UTC, datetime, timedelta

import pytest

from soramichi.domain.publication import Discretion, Period, Publications, Subject

START = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
PUBLISHED = Publications(
    periods={
        (Subject.AIRCRAFT, "JA01"): [
            Period(starts_at=START, ends_at=START + timedelta(hours=2)),
            Period(starts_at=START + timedelta(days=1)),
        ]
    },
    discretions={"mie-demo": Discretion(delay=timedelta(seconds=30), grid_deg=0.01)},
)


def allows(aircraft_id: str, at: datetime) -> bool:
    return PUBLISHED.allows(
        operator_id="mie-demo", aircraft_id=aircraft_id, flight_id="F1", received_at=at
    )


@pytest.mark.parametrize(
    ("after", "public"),
    [
        (timedelta(microseconds=-1), False),
        (timedelta(0), True),
        (timedelta(hours=2, microseconds=-1), True),
        (timedelta(hours=2), False),
        (timedelta(days=1), True),
        (timedelta(days=4000), True),
    ],
)
def test_a_period_includes_its_start_and_excludes_its_end(after: timedelta, public: bool) -> None:  # noqa: FBT001
    assert allows("JA01", START + after) is public


def test_what_no_symposium_publishes_is_private() -> None:
    assert not allows("JA02", START)
    assert not Publications().allows(
        operator_id="mie-demo", aircraft_id="JA01", flight_id="F1", received_at=START
    )


def test_discretion_is_the_operators_own() -> None:
    assert PUBLISHED.discretion("mie-demo").coarse(136.87124) == 136.87
    assert PUBLISHED.discretion("other").coarse(136.87124) == 136.87124
