"""When a zone applies, as ED-269, ED-318 and DIPS write it.

What cannot be read widens the period and is marked unknown: a zone is never
switched off by a date that nobody can read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from routes_planner.zones_in.report import Item
from soramichi.domain.geozone import Activation, DailyWindow, SunEvent
from soramichi.domain.japan import JST

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_EVERY_DAY = frozenset(range(7))
# From this year on a date is a sentinel for "no end".
_FOREVER = 9000
# 23:59 and 23:59:59 as an end mean "through midnight"; the last minute is not a gap.
_LAST_MINUTE = time(23, 59)
_DIPS = re.compile(r"[0-9]{8} [0-9]{4}")


def instant(value: Any, item: Item, field: str) -> datetime | None:
    """An aware RFC 3339 time; None when absent, and, as unknown, when unreadable."""
    if value is None or value == "":
        return None
    at = _iso(value)
    if at is not None and at.tzinfo is not None:
        return at
    item.unknown(
        field,
        f"日時 {str(value)[:40]!r} を読めません（時差の指定が必要です）",
        f"{str(value)[:40]!r} is not a date and time with a zone",
    )
    return None


def _iso(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        return None


def between(
    starts: datetime | None, ends: datetime | None, item: Item, field: str
) -> tuple[Activation, ...]:
    """The one period [starts, ends); () when both are open.

    An end in the year 9000 or later is a sentinel for none. An end that is not
    after the start is unknown, and then the zone always applies.
    """
    if ends is not None and ends.year >= _FOREVER:
        ends = None
    if starts is not None and ends is not None and ends <= starts:
        item.unknown(field, "終了が開始より後ではありません", "the end is not after the start")
        return ()
    return () if starts is None and ends is None else (Activation(starts_at=starts, ends_at=ends),)


def activations(
    values: Any, item: Item, field: str, *, schedule: Sequence[str]
) -> tuple[Activation, ...]:
    """The periods of ED-269 `applicability` and ED-318 `limitedApplicability`.

    `schedule` names the members that may hold daily periods. () means always.
    """
    if values is None or values == []:
        return ()
    if isinstance(values, dict):
        values = [values]
    if not isinstance(values, list):
        item.unknown(field, "期間の一覧ではありません", "this is not a list of periods")
        return ()
    read = [
        _activation(value, item, f"{field}[{index}]", schedule)
        for index, value in enumerate(values)
    ]
    return () if Activation() in read else tuple(read)


def _activation(value: Any, item: Item, field: str, schedule: Sequence[str]) -> Activation:
    if not isinstance(value, dict):
        item.unknown(field, "期間を読めません", "this is not a period")
        return Activation()
    starts, ends = None, None
    if value.get("permanent") != "YES":  # ED-269 only: then dates do not count
        starts = instant(value.get("startDateTime"), item, f"{field}.startDateTime")
        ends = instant(value.get("endDateTime"), item, f"{field}.endDateTime")
    whole = between(starts, ends, item, field)
    period = whole[0] if whole else Activation()
    windows: list[DailyWindow] = []
    for member in schedule:
        read = _windows(value.get(member), item, f"{field}.{member}")
        if read is None:
            return period
        windows += read
    return replace(period, windows=tuple(windows))


def _windows(values: Any, item: Item, field: str) -> list[DailyWindow] | None:
    """Daily periods; None when one of them is the whole week or cannot be read."""
    if values is None:
        return []
    if not isinstance(values, list):
        item.unknown(field, "曜日と時刻の一覧ではありません", "this is not a list of daily periods")
        return None
    windows = []
    for index, value in enumerate(values):
        window = _window(value, item, f"{field}[{index}]")
        if window is None:
            return None
        windows.append(window)
    return windows


def _window(value: Any, item: Item, field: str) -> DailyWindow | None:
    if not isinstance(value, dict):
        item.unknown(field, "曜日と時刻を読めません", "this is not a daily period")
        return None
    try:
        days = _weekdays(value.get("day"))
        starts, ends = _edge(value, "start"), _edge(value, "end")
    except ValueError:
        item.unknown(
            field,
            f"曜日または時刻 {str(value)[:80]} を読めません（時差の指定が必要です）",
            f"day or time in {str(value)[:80]} cannot be read; a time needs its zone",
        )
        return None
    if starts is None and ends is None and days == _EVERY_DAY:
        return None
    if starts is None or ends is None:
        item.unknown(
            field, "時刻がそろっていません", "a time of the day is missing, its period is unclear"
        )
        return None
    return DailyWindow(weekdays=days, starts=starts, ends=_through_midnight(ends))


def _weekdays(value: Any) -> frozenset[int]:
    if value is None or value == []:
        return _EVERY_DAY
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list):
        raise ValueError("not a list of days")  # noqa: TRY004  # one kind of failure to catch
    return frozenset[int]().union(
        *(_EVERY_DAY if name == "ANY" else {_DAYS.index(name)} for name in names)
    )


def _edge(value: dict[str, Any], side: str) -> time | SunEvent | None:
    """A clock time with its zone, or a sun event; None when absent, ValueError when neither."""
    clock, event = value.get(f"{side}Time"), value.get(f"{side}Event")
    if clock is not None and event is not None:
        raise ValueError("a clock time and an event at once")
    if event is not None:
        return SunEvent(event)
    return None if clock is None else _clock(clock)


def _clock(value: Any) -> time:
    """`17:00Z`, `17:00:00.00Z`, `17:00:00+09:00`, `24:00Z`; without a zone it could be any."""
    text = str(value).strip()
    if text.startswith("24:00"):
        text = "00:00" + text[5:]
    at = time.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


def _through_midnight(edge: time | SunEvent) -> time | SunEvent:
    if isinstance(edge, time) and edge.replace(tzinfo=None) >= _LAST_MINUTE:
        return time(0, tzinfo=edge.tzinfo)
    return edge


def dips_instant(value: Any, item: Item, field: str, *, is_end: bool) -> datetime | None:
    """DIPS 2.0's `yyyyMMdd HHmm` in Japan Standard Time; an end includes its minute.

    None when absent, at the sentinel 99991231, and, as unknown, when unreadable.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.strip().startswith("9999"):
        return None
    try:
        if not _DIPS.fullmatch(str(value).strip()):
            raise ValueError("another shape")  # noqa: TRY301  # strptime alone is lenient
        at = datetime.strptime(str(value).strip(), "%Y%m%d %H%M").replace(tzinfo=JST)
        return at + timedelta(minutes=1) if is_end else at
    except (ValueError, OverflowError):
        item.unknown(
            field,
            f"日時 {str(value)[:40]!r} は yyyyMMdd HHmm ではありません",
            f"{str(value)[:40]!r} is not yyyyMMdd HHmm",
        )
        return None
