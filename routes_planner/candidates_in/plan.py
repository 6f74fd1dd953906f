"""QGroundControl plans as candidates: the line that the autopilot will fly.

Positions are [lat, lon]. A survey keeps its real waypoints in
`TransectStyleComplexItem.Items`. The frame of an item says what its height is
counted from; one plan may mix frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from routes_planner.candidates_in.candidate import Line, Point
from routes_planner.zones_in.features import member
from routes_planner.zones_in.footprint import number
from routes_planner.zones_in.report import Item
from soramichi.domain.altitude import Datum
from soramichi.domain.flight import AircraftClass
from soramichi.errors import BadFile

FORMAT = "qgc"
# MAV_FRAME numbers of MAVLink, plain and INT forms.
_FRAMES = {
    **dict.fromkeys((0, 5), Datum.AMSL),
    **dict.fromkeys((3, 6), Datum.TAKEOFF),
    **dict.fromkeys((10, 11), Datum.AGL),
}
# QGroundControl's AltitudeMode: relative, absolute, "calculated above terrain" (sent as AMSL),
# terrain. 0 and None leave it to the frame.
_MODES = {1: Datum.TAKEOFF, 2: Datum.AMSL, 3: Datum.AMSL, 4: Datum.AGL}
# MAV_CMD numbers with a position: waypoint, loiter, land, take-off, spline, VTOL take-off and land.
_FLOWN = (16, 17, 18, 19, 21, 22, 31, 82, 84, 85)
_TAKE_OFF, _RETURN = (22, 84), 20
# Those that may take time at one place: a waypoint and loitering for so many seconds or turns in
# the first parameter, loitering for ever or until a height is reached, a delay; and another speed.
_WAIT_IF_ASKED, _WAIT, _CHANGE_SPEED = (16, 18, 19), (17, 31, 93), 178
# The others below 95 fly somewhere, but for a region of interest and the delay; so do those that
# jump back to an earlier item or fly to a new place.
_NAVIGATION_ENDS, _STAYS, _ELSEWHERE = 95, (80, 93), (177, 192, 601)
_FIXED_WING = 1
_DEEPEST = 8


class _Stop(NamedTuple):
    point: Point
    datum: Datum | None


def lines(source: str, document: Any, item: Item) -> list[Line]:
    """The one line of a plan, from the planned home. Raises `BadFile` for a plan without one.

    Relative heights stay TAKEOFF heights; with others beside them they become
    AMSL by the height of the planned home. Where that is not possible the line
    has no datum, and the reason is in `item`.
    """
    mission = document.get("mission")
    if not isinstance(mission, dict) or not isinstance(mission.get("items"), list):
        raise BadFile(
            source,
            "the plan has no list of items",
            ja="プランに項目の一覧がありません",
            field="mission.items",
        )
    home = _home(source, mission.get("plannedHomePosition"))
    stops = [_Stop(home._replace(height_m=0.0), Datum.TAKEOFF)]
    timed = True
    for entry in _flat(source, mission["items"], 0):
        timed &= _is_timed(entry, item)
        stop = _stop(source, entry, home, stops[-1], item)
        if stop is not None:
            stops.append(stop)
    if len(stops) < 2:
        raise BadFile(
            source,
            "the plan has no waypoints",
            ja="プランに通過点がありません",
            field="mission.items",
        )
    fixed_wing = mission.get("vehicleType") == _FIXED_WING
    line = Line(
        name="plan",
        points=[stop.point for stop in stops],
        members={"speed_mps": mission.get("cruiseSpeed" if fixed_wing else "hoverSpeed")},
        takeoff_amsl_m=home.height_m,
        aircraft_class=AircraftClass.DRONE,
        timed=timed,
    )
    return [_in_one_datum(line, [stop.datum for stop in stops], item)]


def _home(source: str, value: Any) -> Point:
    values = [number(part) for part in value] if isinstance(value, list) else []
    lat, lon, height = (*values, None, None, None)[:3]
    if lat is None or lon is None or abs(lat) > 90.0 or abs(lon) > 180.0:
        raise BadFile(
            source,
            "this is not [lat, lon, height]",
            ja="[緯度, 経度, 高さ] ではありません",
            field="mission.plannedHomePosition",
        )
    return Point(lon, lat, height)


def _flat(source: str, items: list[Any], depth: int) -> Iterator[dict[str, Any]]:
    """The simple items in the order they are flown, those of surveys included."""
    for index, entry in enumerate(items):
        field = f"mission.items[{index}]"
        if not isinstance(entry, dict) or depth > _DEEPEST:
            raise BadFile(
                source,
                "this is not a mission item",
                ja="ミッションの項目ではありません",
                field=field,
            )
        if entry.get("type") == "SimpleItem":
            yield entry
            continue
        inner = member(entry, "TransectStyleComplexItem.Items") or entry.get("Items")
        if not isinstance(inner, list) or not inner:
            kind = str(entry.get("complexItemType"))[:40]
            raise BadFile(
                source,
                f"the waypoints of this {kind} item are not in the file; save the plan again",
                ja=f"項目 {kind} の通過点がファイルにありません。プランを保存し直してください",
                field=field,
            )
        yield from _flat(source, inner, depth + 1)


def _is_timed(entry: dict[str, Any], item: Item) -> bool:
    """Whether what comes after is passed when the line's length and speed say."""
    command, params = entry.get("command"), entry.get("params")
    first = params[0] if isinstance(params, list) and params else None
    asks = command in _WAIT_IF_ASKED and first is not None and number(first) != 0.0
    if not asks and command not in (*_WAIT, _CHANGE_SPEED):
        return True
    item.unknown(
        f"item {entry.get('doJumpId')}",
        "待機または速度変更があり通過時刻が分からないため、出発時刻なしとして判定します",
        "it waits or changes its speed, so when it passes where is not known: "
        "judged as without a departure time",
    )
    return False


def _stop(
    source: str, entry: dict[str, Any], home: Point, before: _Stop, item: Item
) -> _Stop | None:
    """Where the item flies to; None for one that does not move the aircraft."""
    command, params = entry.get("command"), entry.get("params")
    if command == _RETURN:
        return before._replace(point=home._replace(height_m=before.point.height_m))
    if (
        not isinstance(command, int)
        or command in _ELSEWHERE
        or (command < _NAVIGATION_ENDS and command not in (*_FLOWN, *_STAYS))
    ):
        raise BadFile(
            source,
            f"where command {str(command)[:20]} flies cannot be told; plan it with waypoints",
            ja=f"コマンド {str(command)[:20]} の飛ぶ先が分かりません。通過点で計画してください",
            field=f"item {entry.get('doJumpId')}",
        )
    if command not in _FLOWN:
        return None
    if not isinstance(params, list) or len(params) != 7:
        raise BadFile(
            source,
            "an item needs 7 params",
            ja="項目には params が7個必要です",
            field=f"item {entry.get('doJumpId')}",
        )
    lat, lon, height = (number(value) for value in params[4:])
    # No position, or 0/0, means "here"; for a take-off that is home.
    if not lat and not lon:
        lon, lat = (home if command in _TAKE_OFF else before.point)[:2]
    if lat is None or lon is None or abs(lat) > 90.0 or abs(lon) > 180.0:
        raise BadFile(
            source,
            "this is no position",
            ja="位置ではありません",
            field=f"item {entry.get('doJumpId')}",
        )
    return _Stop(Point(lon, lat, height), _datum(entry, height, item))


def _datum(entry: dict[str, Any], height: float | None, item: Item) -> Datum | None:
    """By the frame, which is what the autopilot obeys; None where the plan contradicts it."""
    frame, mode = entry.get("frame"), entry.get("AltitudeMode")
    datum = _FRAMES.get(frame) if isinstance(frame, int) else None
    stated = _MODES.get(mode, datum) if isinstance(mode, int) else datum
    above_terrain = number(entry.get("AMSLAltAboveTerrain"))
    differs = mode == 3 and None not in (above_terrain, height) and above_terrain != height
    if datum is None or stated is not datum or differs:
        item.unknown(
            f"item {entry.get('doJumpId')}",
            f"高さの基準が不明です（frame {frame}、AltitudeMode {mode}）",
            f"frame {frame} and AltitudeMode {mode} do not say one datum of the height",
        )
        return None
    return datum


def _in_one_datum(line: Line, datums: list[Datum | None], item: Item) -> Line:
    """The line with one datum for all heights; without any where they cannot meet."""
    flown = set(datums[1:])
    if None in flown:
        return line
    if flown == {Datum.TAKEOFF}:
        return replace(line, datum=Datum.TAKEOFF)
    home_amsl_m = line.takeoff_amsl_m
    if flown == {Datum.AGL}:
        return replace(line, datum=Datum.AGL)
    if Datum.AGL in flown or home_amsl_m is None:
        item.unknown(
            "frame",
            "高さの基準が混在し、一つにそろえられません",
            "the items count heights from different datums that cannot be made one",
        )
        return line
    points = [
        point._replace(height_m=point.height_m + home_amsl_m)
        if datum is Datum.TAKEOFF and point.height_m is not None
        else point
        for point, datum in zip(line.points, datums, strict=True)
    ]
    return replace(line, points=points, datum=Datum.AMSL)
