"""What the aircraft believes and says of itself: position with GNSS error, as a wire sample."""

from __future__ import annotations

import math
import random
from datetime import datetime

from simulators.vehicle import Vehicle
from soramichi.domain.altitude import Datum
from soramichi.domain.geodesy import offset
from soramichi.domain.position import Position
from soramichi.domain.telemetry import OperationalStatus, TelemetrySample

# What the receiver says of itself: 95 % horizontally and vertically, open sky, no corrections.
ACCURACY_H_M = 3.0
ACCURACY_V_M = 5.0
# Three waves on each axis. GNSS errors wander over minutes (satellite geometry, ionosphere,
# multipath) and do not jump from sample to sample, so a track can be differentiated.
WAVES = 3
AMPLITUDE_H_M = 0.8
AMPLITUDE_V_M = 1.2
SHORTEST_PERIOD_S = 60.0
LONGEST_PERIOD_S = 600.0


class GnssError:
    """A slowly wandering error; never above `ACCURACY_H_M` on one axis, nor `ACCURACY_V_M`.

    The false speed it adds is at most `WAVES * AMPLITUDE * 2 pi / SHORTEST_PERIOD_S`:
    0.26 m/s on a horizontal axis and 0.38 m/s vertically.
    """

    def __init__(self, seed: str) -> None:
        draw = random.Random(f"gnss-{seed}")
        shortest, longest = math.log(SHORTEST_PERIOD_S), math.log(LONGEST_PERIOD_S)
        self._waves = [
            [
                (math.tau / math.exp(draw.uniform(shortest, longest)), draw.uniform(0.0, math.tau))
                for _ in range(WAVES)
            ]
            for _ in range(3)
        ]

    def at(self, time_s: float) -> tuple[float, float, float]:
        """Metres east, north and up between what is measured and what is true."""
        east, north, up = (
            sum(math.sin(w * time_s + phase) for w, phase in waves) for waves in self._waves
        )
        return AMPLITUDE_H_M * east, AMPLITUDE_H_M * north, AMPLITUDE_V_M * up


def observe(  # noqa: PLR0913  # all keyword-only, each one fact
    vehicle: Vehicle,
    *,
    time: datetime,
    origin: Position,
    error_m: tuple[float, float, float],
    seq: int,
    flight: str,
    status: OperationalStatus,
) -> TelemetrySample:
    """The sample an aircraft sends: AMSL height, track over ground apart from the heading.

    Without motion there is no track, so it is None below 0.5 m/s.
    """
    where = offset(origin, east_m=vehicle.east_m + error_m[0], north_m=vehicle.north_m + error_m[1])
    speed = vehicle.ground_speed_mps
    return TelemetrySample(
        time=time,
        latitude_deg=round(where.latitude_deg, 7),
        longitude_deg=round(where.longitude_deg, 7),
        altitude_m=round(vehicle.altitude_amsl_m + error_m[2], 2),
        altitude_datum=Datum.AMSL,
        seq=seq,
        flight=flight,
        ground_speed_mps=round(speed, 2),
        track_deg=round(vehicle.track_deg, 2) if speed >= 0.5 else None,
        vertical_speed_mps=round(vehicle.up_mps, 2),
        heading_deg=round(vehicle.heading_deg, 2),
        battery_pct=round(vehicle.battery_pct, 2),
        status=status,
        accuracy_h_m=ACCURACY_H_M,
        accuracy_v_m=ACCURACY_V_M,
    )
