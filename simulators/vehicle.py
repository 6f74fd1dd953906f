"""How an aircraft may move: a point mass that never leaves the limits of its class.

Speeds up and slows down along its track, turns by banking, climbs and sinks;
no aerodynamics. Good enough that a track looks and differentiates like a real
one, and small enough to fly a thousand at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.wind import Wind
from soramichi.domain.flight import AircraftClass

GRAVITY_MPS2 = 9.80665
# Below this ground speed the nose, not the track, is what the pilot steers.
WALKING_MPS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one class of aircraft can do.

    `cruise_speed_mps` is the ground speed it chooses, `max_airspeed_mps` the
    air speed it cannot exceed; rates are positive both ways. `endurance_s` is
    how long a full battery (or tank) lasts in cruise; hovering drains it
    `hover_power` times as fast.
    """

    cruise_speed_mps: float
    max_airspeed_mps: float
    climb_mps: float
    descent_mps: float
    touchdown_mps: float
    acceleration_mps2: float
    vertical_acceleration_mps2: float
    bank_deg: float
    yaw_dps: float
    endurance_s: float
    hover_power: float

    @property
    def lateral_mps2(self) -> float:
        """Sideways acceleration of a level turn at the bank limit, g tan(bank)."""
        return GRAVITY_MPS2 * math.tan(math.radians(self.bank_deg))


LIMITS: dict[AircraftClass, Limits] = {
    # A 4 kg enterprise quadcopter; DJI Matrice 30 data sheet: 23 m/s, climb 6 m/s,
    # descent 5 m/s, 41 min. Cruise, accelerations, bank (sheet: 35 deg), yaw and
    # hover power are assumptions on the gentle side.
    AircraftClass.DRONE: Limits(
        cruise_speed_mps=12.0,
        max_airspeed_mps=23.0,
        climb_mps=5.0,
        descent_mps=3.0,
        touchdown_mps=0.5,
        acceleration_mps2=2.5,
        vertical_acceleration_mps2=1.5,
        bank_deg=25.0,
        yaw_dps=60.0,
        endurance_s=41 * 60,
        hover_power=1.1,
    ),
    # A winged four-passenger eVTOL; Joby S4 as announced: 200 mph, 100 miles. Endurance is
    # that range at this cruise speed; the other numbers are assumptions for passengers' comfort.
    AircraftClass.EVTOL: Limits(
        cruise_speed_mps=60.0,
        max_airspeed_mps=89.0,
        climb_mps=5.0,
        descent_mps=4.0,
        touchdown_mps=0.6,
        acceleration_mps2=2.0,
        vertical_acceleration_mps2=1.0,
        bank_deg=25.0,
        yaw_dps=30.0,
        endurance_s=160_900 / 60.0,
        hover_power=4.0,
    ),
    # A light turbine helicopter; Robinson R66: never exceed 140 kt (72 m/s), cruise about
    # 110 kt (56 m/s), climb above 1,000 ft/min (5.1 m/s), about 3 h. The rest are assumptions.
    AircraftClass.HELICOPTER: Limits(
        cruise_speed_mps=56.0,
        max_airspeed_mps=72.0,
        climb_mps=5.0,
        descent_mps=4.0,
        touchdown_mps=0.6,
        acceleration_mps2=1.5,
        vertical_acceleration_mps2=1.0,
        bank_deg=20.0,
        yaw_dps=30.0,
        endurance_s=3 * 3600,
        hover_power=1.2,
    ),
}


@dataclass(slots=True, kw_only=True)
class Vehicle:
    """One aircraft in motion: metres east and north of an origin, metres AMSL, m/s over ground.

    `battery_pct` is the energy left; for a helicopter that is fuel.
    """

    limits: Limits
    east_m: float
    north_m: float
    altitude_amsl_m: float
    east_mps: float = 0.0
    north_mps: float = 0.0
    up_mps: float = 0.0
    heading_deg: float = 0.0
    battery_pct: float = 100.0

    @property
    def ground_speed_mps(self) -> float:
        """Horizontal speed over ground."""
        return math.hypot(self.east_mps, self.north_mps)

    @property
    def track_deg(self) -> float:
        """Direction of motion over ground in [0, 360); meaningless when it stands still."""
        return math.degrees(math.atan2(self.east_mps, self.north_mps)) % 360.0

    def advance(self, wanted_mps: tuple[float, float, float], *, wind: Wind, step_s: float) -> None:
        """Move for `step_s` towards a wanted (east, north, up) velocity over ground."""
        before = (self.east_mps, self.north_mps, self.up_mps)
        self._steer(*self._within_airspeed(wanted_mps[0], wanted_mps[1], wind), step_s)
        limits = self.limits
        up = min(max(wanted_mps[2], -limits.descent_mps), limits.climb_mps)
        self.up_mps += _clamp(up - self.up_mps, limits.vertical_acceleration_mps2 * step_s)
        # Trapezoids, so that positions differentiate back to these very velocities.
        self.east_m += (before[0] + self.east_mps) / 2 * step_s
        self.north_m += (before[1] + self.north_mps) / 2 * step_s
        self.altitude_amsl_m += (before[2] + self.up_mps) / 2 * step_s
        self._turn_nose(wind, step_s)
        effort = 1.0 + (limits.hover_power - 1.0) * max(
            0.0, 1.0 - self.ground_speed_mps / limits.cruise_speed_mps
        )
        spent_pct = 100.0 * effort * step_s / limits.endurance_s
        self.battery_pct = max(0.0, self.battery_pct - spent_pct)

    def stand(self, *, altitude_amsl_m: float) -> None:
        """Rest on the ground at this height."""
        self.east_mps = self.north_mps = self.up_mps = 0.0
        self.altitude_amsl_m = altitude_amsl_m

    def _within_airspeed(self, east: float, north: float, wind: Wind) -> tuple[float, float]:
        """The wanted ground velocity, slowed in its direction until the air speed is allowed."""
        speed = math.hypot(east, north)
        if speed == 0.0:
            return east, north
        # 0.9: room for gusts to change while the aircraft is still slowing down.
        limit = 0.9 * self.limits.max_airspeed_mps
        along = (wind.east_mps * east + wind.north_mps * north) / speed
        across_squared = wind.east_mps**2 + wind.north_mps**2 - along**2
        fastest = along + math.sqrt(max(0.0, limit**2 - across_squared))
        ratio = min(1.0, max(0.0, fastest) / speed)
        return east * ratio, north * ratio

    def _steer(self, east: float, north: float, step_s: float) -> None:
        limits, speed = self.limits, self.ground_speed_mps
        most = limits.acceleration_mps2 * step_s
        if speed < WALKING_MPS:
            change_east, change_north = east - self.east_mps, north - self.north_mps
            change = math.hypot(change_east, change_north)
            share = 1.0 if change <= most else most / change
            self.east_mps += share * change_east
            self.north_mps += share * change_north
            return
        # A coordinated turn: the speed changes along the track, the track at g tan(bank) / v.
        course = math.atan2(self.east_mps, self.north_mps)
        off = (math.atan2(east, north) - course + math.pi) % math.tau - math.pi
        wanted_speed = max(0.0, math.hypot(east, north) * math.cos(off))
        course += _clamp(off, limits.lateral_mps2 / speed * step_s)
        speed += _clamp(wanted_speed - speed, most)
        self.east_mps, self.north_mps = speed * math.sin(course), speed * math.cos(course)

    def _turn_nose(self, wind: Wind, step_s: float) -> None:
        """Point the nose into the relative air flow, as fast as the class yaws."""
        air_east, air_north = self.east_mps - wind.east_mps, self.north_mps - wind.north_mps
        if self.ground_speed_mps < WALKING_MPS / 2:
            return
        into = math.degrees(math.atan2(air_east, air_north))
        off = (into - self.heading_deg + 180.0) % 360.0 - 180.0
        self.heading_deg = (self.heading_deg + _clamp(off, self.limits.yaw_dps * step_s)) % 360.0


def _clamp(value: float, most: float) -> float:
    return min(max(value, -most), most)
