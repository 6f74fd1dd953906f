"""When a zone applies: periods, weekly hours and sun events as exact instants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from soramichi.domain.geozone import Activation, DailyWindow, Geozone, SunEvent
from soramichi.domain.position import Position
from soramichi.domain.sun import sun_event
from soramichi.errors import BadInput

Interval = tuple[datetime, datetime]

# A question about a flight is hours long; hours of every day of a century are asked by mistake.
MAX_SPAN = timedelta(days=3660)
_DAY = timedelta(days=1)
# The sun's formulas hold for these years, and the calendar has room on both sides.
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def active_intervals(zone: Geozone, start: datetime, until: datetime) -> tuple[Interval, ...]:
    """The parts of [start, until) in which `zone` applies, in UTC.

    Half-open, ascending, disjoint and not touching; () when it does not apply
    or `until` is not after `start`. Where the sun does not rise or set, a
    window bounded by it lasts the whole day. Raises `BadInput` for times
    without a zone, before 1900 or after 2199, and for more than ten years.
    """
    if start.tzinfo is None or until.tzinfo is None:
        raise BadInput("a period needs times with a zone, e.g. 2026-11-23T10:00:00+09:00")
    if until <= start:
        return ()
    if not _EARLIEST <= start < until <= _LATEST:
        raise BadInput(f"{start} to {until} is outside the years 1900 to 2199")
    if until - start > MAX_SPAN:
        raise BadInput(f"ask about at most {MAX_SPAN.days} days at a time")
    asked = (start.astimezone(UTC), until.astimezone(UTC))
    if not zone.activations:
        return (asked,)
    found = [
        interval
        for activation in zone.activations
        for interval in _activation(activation, asked, _middle(zone))
    ]
    return _merged(found)


def _activation(activation: Activation, asked: Interval, middle: Position) -> Iterator[Interval]:
    """The parts of `asked` inside the period, and inside its windows where it has some."""
    first = max(asked[0], activation.starts_at or asked[0]).astimezone(UTC)
    last = min(asked[1], activation.ends_at or asked[1]).astimezone(UTC)
    if first >= last:
        return
    if not activation.windows:
        yield first, last
        return
    for window in activation.windows:
        for opens, closes in _window(window, (first, last), middle):
            if opens < last and closes > first:
                yield max(opens, first), min(closes, last)


def _window(window: DailyWindow, asked: Interval, middle: Position) -> Iterator[Interval]:
    zone = _zone_of(window, middle)
    # Windows of two days before may still be open: a sun event can be most of a day away.
    day = asked[0].astimezone(zone).date() - 2 * _DAY
    end = asked[1].astimezone(zone).date() + _DAY
    while day <= end:
        if day.weekday() in window.weekdays:
            midnight = datetime.combine(day, time(0), zone)
            opens = _moment(window.starts, day, zone, middle) or midnight
            closes = _first_after(window.ends, opens, day, middle)
            yield opens.astimezone(UTC), (closes or midnight + _DAY).astimezone(UTC)
        day += _DAY


def _first_after(
    edge: time | SunEvent, opens: datetime, day: date, middle: Position
) -> datetime | None:
    """The first `edge` after `opens`; None when the sun has no such event."""
    zone = edge.tzinfo if isinstance(edge, time) else None
    for offset in range(-1, 3):
        at = _moment(edge, day + offset * _DAY, zone or UTC, middle)
        if at is not None and at > opens:
            return at
    return None


def _moment(edge: time | SunEvent, day: date, zone: tzinfo, middle: Position) -> datetime | None:
    if isinstance(edge, SunEvent):
        return sun_event(edge, day, middle)
    return datetime.combine(day, edge.replace(tzinfo=edge.tzinfo or zone))


def _zone_of(window: DailyWindow, middle: Position) -> tzinfo:
    """Whose midnights separate the window's days."""
    for edge in (window.starts, window.ends):
        if isinstance(edge, time) and edge.tzinfo is not None:
            return edge.tzinfo
    return timezone(timedelta(minutes=round(middle.longitude_deg * 4)))


def _middle(zone: Geozone) -> Position:
    """Where the zone sees the sun: the middle of its first footprint."""
    for volume in zone.volumes:
        point = volume.footprint.centroid
        if not point.is_empty:
            return Position(latitude_deg=point.y, longitude_deg=point.x)
    return Position(latitude_deg=0.0, longitude_deg=0.0)


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for opens, closes in sorted(intervals):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return tuple(merged)
