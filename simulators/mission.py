"""Fly a mission: take off vertically, go along the legs, hover where asked, approach, land."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from simulators.sensors import GnssError, observe
from simulators.vehicle import LIMITS, Vehicle
from simulators.wind import WindField
from soramichi.domain.flight import Aircraft, Vertiport
from soramichi.domain.geodesy import WGS84
from soramichi.domain.position import Position
from soramichi.domain.telemetry import OperationalStatus, TelemetrySample

LONGEST_STEP_S = 0.2
# Vertical part of a take-off and of a landing; then forward flight begins or has ended.
TAKEOFF_HEIGHT_M = 5.0
APPROACH_HEIGHT_M = 20.0
# 1:8, about 7 degrees: a usual helicopter approach.
GLIDE = 1.0 / 8.0
BEFORE_TAKEOFF_S = 1.0
AFTER_LANDING_S = 20.0
ARRIVED_M = 1.0
# Energy below which a fresh battery (or fuel) is taken before the next flight.
RECHARGE_BELOW_PCT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waypoint:
    """Fly there at `altitude_amsl_m`; with `hover_s` stop over it for so long."""

    position: Position
    altitude_amsl_m: float
    hover_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """One flight from a vertiport to a vertiport (perhaps the same one) by way of waypoints.

    `cruise_speed_mps` None is the cruise speed of the class.
    """

    origin: Vertiport
    destination: Vertiport
    waypoints: tuple[Waypoint, ...]
    cruise_speed_mps: float | None = None


@dataclass(frozen=True, slots=True)
class _Stop:
    """A corner of the path in metres; `remaining_m` is the way from here to the next halt."""

    east_m: float
    north_m: float
    altitude_amsl_m: float
    hover_s: float
    halts: bool
    remaining_m: float


def patrol(  # noqa: PLR0913  # all keyword-only, each one fact
    aircraft: Aircraft,
    missions: Sequence[Mission],
    *,
    epoch: datetime,
    rate_hz: float,
    seed: int,
    wind: WindField,
) -> Iterator[TelemetrySample]:
    """Samples without end: the missions in turn, again and again, with rests on the ground.

    Sample n is observed at `epoch` + n / `rate_hz`. Each mission is a flight
    with an id of its own and `seq` from 0. Where a mission does not begin where
    the one before ended, the aircraft is carried there on the ground.
    """
    period_s = 1.0 / rate_hz
    error = GnssError(f"{seed}-{aircraft.aircraft_id}")
    battery_pct = 100.0
    tick = 0
    for mission in cycle(missions):
        origin = mission.origin.position
        began = epoch + timedelta(seconds=tick * period_s)
        flight = f"{aircraft.aircraft_id}-{began:%Y%m%dT%H%M%SZ}"
        vehicle = Vehicle(
            limits=LIMITS[aircraft.aircraft_class],
            east_m=0.0,
            north_m=0.0,
            altitude_amsl_m=mission.origin.elevation_amsl_m,
            battery_pct=battery_pct if battery_pct >= RECHARGE_BELOW_PCT else 100.0,
        )
        states = fly(mission, vehicle, wind=wind, start_s=tick * period_s, period_s=period_s)
        for seq, status in enumerate(states):
            yield observe(
                vehicle,
                time=epoch + timedelta(microseconds=round(tick * period_s * 1e6)),
                origin=origin,
                error_m=error.at(tick * period_s),
                seq=seq,
                flight=flight,
                status=status,
            )
            tick += 1
        battery_pct = vehicle.battery_pct


def fly(
    mission: Mission, vehicle: Vehicle, *, wind: WindField, start_s: float, period_s: float
) -> Iterator[OperationalStatus]:
    """Move `vehicle` through one mission; each step of the iterator is `period_s` later.

    Begins and ends on the ground; metres are around the mission's origin.
    """
    steps = max(1, math.ceil(period_s / LONGEST_STEP_S - 1e-9))
    pilot = _Flight(mission, vehicle, wind, start_s=start_s, step_s=period_s / steps).pilot()
    status = next(pilot)
    while True:
        yield status
        for _ in range(steps):
            try:
                status = next(pilot)
            except StopIteration:
                return


class _Flight:
    """The pilot: a generator that advances the vehicle by one physics step per item."""

    def __init__(
        self,
        mission: Mission,
        vehicle: Vehicle,
        wind: WindField,
        *,
        start_s: float,
        step_s: float,
    ) -> None:
        self.step_s = step_s
        self._mission = mission
        self._vehicle = vehicle
        self._wind = wind
        self._time_s = start_s
        self._cruise_mps = mission.cruise_speed_mps or vehicle.limits.cruise_speed_mps
        self._stops = _path(mission)

    def pilot(self) -> Iterator[OperationalStatus]:
        vehicle, first = self._vehicle, self._stops[0]
        vehicle.heading_deg = _course_deg(0.0, 0.0, first.east_m, first.north_m)
        yield from self._rest(BEFORE_TAKEOFF_S)
        ground_m = self._mission.origin.elevation_amsl_m
        while vehicle.altitude_amsl_m < ground_m + TAKEOFF_HEIGHT_M:
            yield self._hold(0.0, 0.0, self._climb_to(first.altitude_amsl_m))
        here = (0.0, 0.0)
        for stop, after in zip(self._stops, (*self._stops[1:], None), strict=True):
            while not self._passed(here, stop, after):
                yield self._along(here, stop)
            here = (stop.east_m, stop.north_m)
            until_s = self._time_s + stop.hover_s
            while self._time_s < until_s:
                up = self._climb_to(stop.altitude_amsl_m)
                yield self._hold(stop.east_m, stop.north_m, up)
        yield from self._land(self._stops[-1], self._mission.destination.elevation_amsl_m)
        yield from self._rest(AFTER_LANDING_S)

    def _rest(self, seconds: float) -> Iterator[OperationalStatus]:
        until_s = self._time_s + seconds
        while self._time_s < until_s:
            self._time_s += self.step_s
            yield OperationalStatus.GROUND

    def _land(self, pad: _Stop, ground_m: float) -> Iterator[OperationalStatus]:
        vehicle, limits = self._vehicle, self._vehicle.limits
        while vehicle.altitude_amsl_m > ground_m + 0.05:
            height_m = vehicle.altitude_amsl_m - ground_m
            down = min(limits.descent_mps, max(limits.touchdown_mps, 0.25 * height_m))
            yield self._hold(pad.east_m, pad.north_m, -min(down, height_m / self.step_s))
        vehicle.stand(altitude_amsl_m=ground_m)

    def _along(self, here: tuple[float, float], stop: _Stop) -> OperationalStatus:
        """One step along the leg from `here` to `stop`, back onto the line where off it."""
        vehicle = self._vehicle
        left = math.hypot(stop.east_m - vehicle.east_m, stop.north_m - vehicle.north_m)
        speed = min(self._cruise_mps, self._braking(left + stop.remaining_m))
        if stop.halts and left < 3.0 * self._cruise_mps:
            aim = (stop.east_m, stop.north_m)
        else:
            aim = _lead(here, stop, vehicle, max(30.0, 4.0 * vehicle.ground_speed_mps))
        east, north = aim[0] - vehicle.east_m, aim[1] - vehicle.north_m
        away = math.hypot(east, north) or 1.0
        height = stop.altitude_amsl_m
        if stop is self._stops[-1]:
            # Come down the glide path, not below it, and never climb back up to it.
            height += GLIDE * left
            height = min(height, max(vehicle.altitude_amsl_m, stop.altitude_amsl_m))
        return self._move(speed * east / away, speed * north / away, self._climb_to(height))

    def _hold(self, east_m: float, north_m: float, up_mps: float) -> OperationalStatus:
        """Stay over a place (or come back over it) while going up or down."""
        east, north = east_m - self._vehicle.east_m, north_m - self._vehicle.north_m
        return self._move(0.3 * east, 0.3 * north, up_mps)

    def _braking(self, distance_m: float) -> float:
        """The speed from which the halt can still be reached at 60 % of the braking limit."""
        brake = 0.6 * self._vehicle.limits.acceleration_mps2
        return min(math.sqrt(2.0 * brake * distance_m), 0.4 * distance_m)

    def _climb_to(self, altitude_amsl_m: float) -> float:
        off = altitude_amsl_m - self._vehicle.altitude_amsl_m
        brake = 0.6 * self._vehicle.limits.vertical_acceleration_mps2
        return math.copysign(min(math.sqrt(2.0 * brake * abs(off)), 0.5 * abs(off)), off)

    def _passed(self, here: tuple[float, float], stop: _Stop, after: _Stop | None) -> bool:
        """Whether to leave this leg: at a halt when there and slow, at a corner in time to turn."""
        vehicle = self._vehicle
        left = math.hypot(stop.east_m - vehicle.east_m, stop.north_m - vehicle.north_m)
        if stop.halts or after is None:
            return left < ARRIVED_M and vehicle.ground_speed_mps < 1.0
        leg = (stop.east_m - here[0], stop.north_m - here[1])
        turn = _angle(leg, (after.east_m - stop.east_m, after.north_m - stop.north_m))
        radius = vehicle.ground_speed_mps**2 / vehicle.limits.lateral_mps2
        lead = min(radius * math.tan(min(turn, 2.5) / 2.0), 0.45 * math.hypot(*leg))
        beyond = (vehicle.east_m - stop.east_m) * leg[0] + (vehicle.north_m - stop.north_m) * leg[1]
        return left < lead + 5.0 or beyond > 0.0

    def _move(self, east: float, north: float, up: float) -> OperationalStatus:
        vehicle = self._vehicle
        wind = self._wind.at(
            east_m=vehicle.east_m,
            north_m=vehicle.north_m,
            height_m=vehicle.altitude_amsl_m,
            time_s=self._time_s,
        )
        vehicle.advance((east, north, up), wind=wind, step_s=self.step_s)
        self._time_s += self.step_s
        return OperationalStatus.AIRBORNE


def _path(mission: Mission) -> list[_Stop]:
    """The waypoints and the destination in metres, each with the way left to its next halt."""
    pad = mission.destination
    corners = [(*_metres(mission.origin.position, w.position), w) for w in mission.waypoints]
    east, north = _metres(mission.origin.position, pad.position)
    height = pad.elevation_amsl_m + APPROACH_HEIGHT_M
    stops = [_Stop(east, north, height, 0.0, halts=True, remaining_m=0.0)]
    for east, north, waypoint in reversed(corners):
        after = stops[0]
        way = math.hypot(after.east_m - east, after.north_m - north) + after.remaining_m
        halts = waypoint.hover_s > 0.0
        stops.insert(
            0,
            _Stop(
                east,
                north,
                waypoint.altitude_amsl_m,
                waypoint.hover_s,
                halts=halts,
                remaining_m=0.0 if halts else way,
            ),
        )
    return stops


def _metres(origin: Position, place: Position) -> tuple[float, float]:
    """Azimuthal equidistant metres east and north, the inverse of `geodesy.offset`."""
    azimuth, _, distance = WGS84.inv(*origin.lonlat, *place.lonlat)
    return (
        distance * math.sin(math.radians(azimuth)),
        distance * math.cos(math.radians(azimuth)),
    )


def _lead(
    here: tuple[float, float], stop: _Stop, vehicle: Vehicle, ahead_m: float
) -> tuple[float, float]:
    """The point of the leg's line that is `ahead_m` beyond the vehicle's foot on it."""
    east, north = stop.east_m - here[0], stop.north_m - here[1]
    length = math.hypot(east, north) or 1.0
    east, north = east / length, north / length
    foot = (vehicle.east_m - here[0]) * east + (vehicle.north_m - here[1]) * north
    along = min(foot + ahead_m, length) if stop.halts else foot + ahead_m
    return here[0] + east * along, here[1] + north * along


def _angle(a: tuple[float, float], b: tuple[float, float]) -> float:
    return abs(math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]))


def _course_deg(from_east: float, from_north: float, to_east: float, to_north: float) -> float:
    return math.degrees(math.atan2(to_east - from_east, to_north - from_north)) % 360.0
