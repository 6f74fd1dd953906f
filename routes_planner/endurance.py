"""Whether the class's example aircraft can fly as long as the plan takes."""

from __future__ import annotations

from collections.abc import Iterator

from routes_planner.evidence import line_of, times_of
from routes_planner.flown import Flown
from routes_planner.profile import profile
from routes_planner.vehicle import reserve_pct, vehicle_of
from routes_planner.verdict import Finding, Severity
from soramichi.domain.flight import Name


def endurance_findings(flown: Flown, corridor: int) -> Iterator[Finding]:
    """A failure where the flight outlasts the battery or tank, a caution where it eats the reserve.

    Measured against the example of the class (`vehicle.VEHICLES`); nothing for a class without.
    """
    plan = flown.corridors[corridor]
    vehicle = vehicle_of(plan.aircraft_class)
    if vehicle is None:
        return
    left = reserve_pct(vehicle, flown.duration_s(corridor))
    wanted = 100.0 * vehicle.reserve_share
    if left >= wanted:
        return
    line = profile(flown, corridor, 0.0, flown.length_m(corridor))
    minutes = vehicle.endurance_s / 60.0
    yield Finding(
        kind="vehicle",
        severity=Severity.FAIL if left < 0.0 else Severity.CAUTION,
        from_m=0.0,
        to_m=flown.length_m(corridor),
        time_overlap=times_of(plan, line),
        geometry=line_of(line),
        message=Name(
            ja=f"到着時の残りは {left:.0f} % で、予備 {wanted:.0f} % に足りません"
            f"(想定機体: {vehicle.example}、{minutes:.0f} 分)",
            en=f"{left:.0f} % would be left on arrival, less than the reserve of {wanted:.0f} % "
            f"(assumed aircraft: {vehicle.example}, {minutes:.0f} min)",
        ),
    )
