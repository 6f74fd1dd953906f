from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from soramichi.domain.activation import active_intervals
from soramichi.domain.flight import Name
from soramichi.domain.geozone import (
    Activation,
    DailyWindow,
    Geozone,
    SunEvent,
    ZoneType,
    ZoneVolume,
)
from soramichi.domain.position import Position
from soramichi.domain.sun import sun_event
from soramichi.errors import BadInput

JST = timezone(timedelta(hours=9))
EVERY_DAY = frozenset(range(7))
TOKYO = Position(latitude_deg=35.6581, longitude_deg=139.7414)


def a_zone(*activations: Activation, lon: float = 136.8, lat: float = 34.5) -> Geozone:
    return Geozone(
        identifier="Z1",
        name=Name(ja="区域", en="zone"),
        zone_type=ZoneType.PROHIBITED,
        volumes=(ZoneVolume(footprint=shapely.box(lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1)),),
        activations=activations,
    )


def jst(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=JST)


def hours(starts: time | SunEvent, ends: time | SunEvent, *weekdays: int) -> Activation:
    days = frozenset(weekdays) if weekdays else EVERY_DAY
    return Activation(windows=(DailyWindow(weekdays=days, starts=starts, ends=ends),))


def test_a_zone_without_activations_always_applies() -> None:
    assert active_intervals(a_zone(), jst(23, 9), jst(23, 10)) == ((jst(23, 9), jst(23, 10)),)


def test_a_period_is_half_open() -> None:
    zone = a_zone(Activation(starts_at=jst(23, 9), ends_at=jst(23, 10)))

    assert active_intervals(zone, jst(23, 10), jst(23, 11)) == ()
    assert active_intervals(zone, jst(23, 8), jst(23, 9)) == ()
    assert active_intervals(zone, jst(23, 8), jst(23, 9, 1)) == ((jst(23, 9), jst(23, 9, 1)),)


def test_an_empty_question_has_an_empty_answer() -> None:
    assert active_intervals(a_zone(), jst(23, 9), jst(23, 9)) == ()


def test_hours_repeat_on_their_weekdays_only() -> None:
    # 2026-11-23 is a Monday.
    zone = a_zone(hours(time(8, tzinfo=JST), time(17, tzinfo=JST), 0, 2))

    found = active_intervals(zone, jst(22, 0), jst(27, 0))

    assert found == ((jst(23, 8), jst(23, 17)), (jst(25, 8), jst(25, 17)))


def test_a_window_past_midnight_belongs_to_the_day_it_starts_on() -> None:
    zone = a_zone(hours(time(22, tzinfo=JST), time(5, tzinfo=JST), 0))

    assert active_intervals(zone, jst(24, 0), jst(24, 12)) == ((jst(24, 0), jst(24, 5)),)
    assert active_intervals(zone, jst(23, 0), jst(23, 12)) == ()


def test_equal_clock_times_are_a_whole_day_and_touching_days_are_one_interval() -> None:
    zone = a_zone(hours(time(0, tzinfo=JST), time(0, tzinfo=JST)))

    assert active_intervals(zone, jst(23, 3), jst(26, 3)) == ((jst(23, 3), jst(26, 3)),)


def test_a_weekday_is_one_of_the_clock_times_own_zone() -> None:
    zone = a_zone(hours(time(16, tzinfo=UTC), time(17, tzinfo=UTC), 0))

    # Monday 16:00 UTC is Tuesday 01:00 in Japan.
    assert active_intervals(zone, jst(23, 0), jst(25, 0)) == ((jst(24, 1), jst(24, 2)),)


def test_hours_apply_only_within_their_period() -> None:
    windows = hours(time(8, tzinfo=JST), time(17, tzinfo=JST)).windows
    zone = a_zone(Activation(starts_at=jst(23, 12), ends_at=jst(24, 9), windows=windows))

    found = active_intervals(zone, jst(20, 0), jst(30, 0))

    assert found == ((jst(23, 12), jst(23, 17)), (jst(24, 8), jst(24, 9)))


@pytest.mark.parametrize(
    ("day", "rise", "sets"),
    # Almanac of the National Astronomical Observatory of Japan for Tokyo.
    [(date(2024, 1, 1), (6, 50), (16, 38)), (date(2024, 6, 21), (4, 25), (19, 0))],
)
def test_sunrise_and_sunset_agree_with_the_almanac_to_a_minute(
    day: date, rise: tuple[int, int], sets: tuple[int, int]
) -> None:
    for event, clock in ((SunEvent.SR, rise), (SunEvent.SS, sets)):
        at = sun_event(event, day, TOKYO)
        assert at is not None
        assert abs(at - datetime.combine(day, time(*clock), JST)) <= timedelta(minutes=1)


def test_daylight_in_japan_lies_on_the_local_day() -> None:
    # Sunrise in Mie is on the day before in UTC.
    zone = a_zone(hours(SunEvent.SR, SunEvent.SS, 0))

    found = active_intervals(zone, jst(22, 0), jst(25, 0))

    assert len(found) == 1
    opens, closes = (at.astimezone(JST) for at in found[0])
    assert (opens.day, opens.hour) == (23, 6)
    assert (closes.day, closes.hour) == (23, 16)


def test_night_runs_from_dusk_to_the_next_dawn() -> None:
    zone = a_zone(hours(SunEvent.EECT, SunEvent.BMCT, 0))

    ((opens, closes),) = active_intervals(zone, jst(22, 0), jst(26, 0))

    assert opens.astimezone(JST).day == 23
    assert closes.astimezone(JST).day == 24
    assert timedelta(hours=12) < closes - opens < timedelta(hours=13)


def test_a_clock_time_may_meet_a_sun_event_of_the_next_day() -> None:
    zone = a_zone(hours(time(20, tzinfo=JST), SunEvent.SR, 0))

    ((opens, closes),) = active_intervals(zone, jst(22, 0), jst(26, 0))

    assert opens == jst(23, 20)
    assert closes.astimezone(JST).date() == date(2026, 11, 24)


def test_where_the_sun_does_not_set_a_daylight_window_is_the_whole_day() -> None:
    zone = a_zone(hours(SunEvent.SR, SunEvent.SS), lon=10.0, lat=75.0)
    june = datetime(2026, 6, 20, tzinfo=UTC)

    found = active_intervals(zone, june, june + timedelta(days=2))

    assert found == ((june, june + timedelta(days=2)),)


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(BadInput):
        active_intervals(a_zone(), datetime(2026, 11, 23), jst(23, 9))  # noqa: DTZ001


def test_an_end_that_is_the_end_of_time_does_not_overflow() -> None:
    forever = datetime.max.replace(tzinfo=timezone(-timedelta(hours=5)))
    zone = a_zone(Activation(ends_at=forever))

    assert active_intervals(zone, jst(23, 9), jst(23, 10)) == ((jst(23, 9), jst(23, 10)),)


def test_years_that_no_flight_has_are_refused() -> None:
    with pytest.raises(BadInput):
        active_intervals(a_zone(), jst(23, 9), datetime.max.replace(tzinfo=UTC))


@settings(deadline=None, max_examples=60)
@given(
    start=st.integers(0, 20_000),
    length=st.integers(1, 20_000),
    split=st.floats(0.01, 0.99),
    opens=st.one_of(st.times(timezones=st.just(JST)), st.sampled_from(SunEvent)),
    closes=st.one_of(st.times(timezones=st.just(JST)), st.sampled_from(SunEvent)),
    days=st.frozensets(st.integers(0, 6), min_size=1),
)
def test_asking_in_two_parts_gives_the_same_time(  # noqa: PLR0917
    start: int,
    length: int,
    split: float,
    opens: time | SunEvent,
    closes: time | SunEvent,
    days: frozenset[int],
) -> None:
    zone = a_zone(hours(opens, closes, *days))
    first = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=start)
    last = first + timedelta(minutes=length)
    middle = first + split * (last - first)

    def total(*intervals: tuple[datetime, datetime]) -> timedelta:
        return sum((b - a for a, b in intervals), timedelta())

    parts = (*active_intervals(zone, first, middle), *active_intervals(zone, middle, last))
    whole = active_intervals(zone, first, last)

    assert total(*whole) == total(*parts)
    assert all(a[1] < b[0] for a, b in pairwise(whole))
