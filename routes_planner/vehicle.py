"""What an aircraft of each class can do, and how it sounds and falls: stated examples.

Each is one well-documented type standing for its class, because a planner needs a
number before the operator has named the aircraft; pass another `Vehicle` when it is
known. Figures without a source are round engineering assumptions and say so.
"""

from __future__ import annotations

from dataclasses import dataclass

from soramichi.domain.flight import AircraftClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """Limits and footprint of one aircraft.

    `endurance_s` is flight time from full to empty, `reserve_share` the part of it
    that a plan may not touch. `level_db` is the A-weighted level at
    `level_distance_m` below it in cruise, known to within `level_doubt_db`.
    `drag_area_m2` is drag coefficient times area as it falls without power.
    """

    example: str
    cruise_speed_mps: float
    vertical_speed_mps: float
    turn_radius_m: float
    endurance_s: float
    reserve_share: float
    level_db: float
    level_distance_m: float
    level_doubt_db: float
    mass_kg: float
    drag_area_m2: float
    sources: tuple[str, ...]


VEHICLES = {
    # 55 min is the maker's best case without payload; 85 + 18.5 lg(m / 900 g) dB of sound power
    # is what (EU) 2019/945 allows class C2, less 11 + 20 lg(10) dB to 10 m in the free field.
    AircraftClass.DRONE: Vehicle(
        example="DJI Matrice 300 class, 6.3 kg",
        cruise_speed_mps=15.0,
        vertical_speed_mps=4.0,
        turn_radius_m=30.0,
        endurance_s=35.0 * 60.0,
        reserve_share=0.2,
        level_db=70.0,
        level_distance_m=10.0,
        level_doubt_db=6.0,
        mass_kg=6.3,
        drag_area_m2=0.25,
        sources=(
            "endurance: maker's 55 min without payload, a third taken off for payload and wind",
            "sound: limit of sound power for class C2, Delegated Regulation (EU) 2019/945",
            "turn radius, drag area: assumed",
        ),
    ),
    # 77 minutes and 248 km were flown in 2021; 45.2 dBA at 500 m and 100 kt were measured with
    # NASA and published in 2022. Radius of a 20 degree bank at cruise.
    AircraftClass.EVTOL: Vehicle(
        example="Joby S4 class, 2,177 kg",
        cruise_speed_mps=52.0,
        vertical_speed_mps=4.0,
        turn_radius_m=760.0,
        endurance_s=60.0 * 60.0,
        reserve_share=0.2,
        level_db=45.2,
        level_distance_m=500.0,
        level_doubt_db=5.0,
        mass_kg=2_177.0,
        drag_area_m2=6.0,
        sources=(
            "endurance: 77 min flown in July 2021 without people on board, a fifth taken off",
            "sound: 45.2 dBA at 500 m, 100 kt, with NASA, published May 2022",
            "drag area: assumed",
        ),
    ),
    # 83.5 dB of exposure at 150 m is the limit of 14 CFR 36 appendix J at 1,134 kg; the highest
    # level of a pass at 51 m/s is 10 lg(pi 150 / (2 x 51)) = 6.6 dB below its exposure.
    AircraftClass.HELICOPTER: Vehicle(
        example="Robinson R44 class, 1,134 kg",
        cruise_speed_mps=51.0,
        vertical_speed_mps=4.0,
        turn_radius_m=730.0,
        endurance_s=150.0 * 60.0,
        reserve_share=0.2,
        level_db=76.9,
        level_distance_m=150.0,
        level_doubt_db=5.0,
        mass_kg=1_134.0,
        drag_area_m2=3.0,
        sources=(
            "sound: limit of exposure in 14 CFR 36 appendix J, as the highest level of a pass",
            "endurance, drag area: assumed",
        ),
    ),
}


def vehicle_of(aircraft_class: AircraftClass) -> Vehicle | None:
    """The example of a class; None for UNKNOWN."""
    return VEHICLES.get(aircraft_class)


def reserve_pct(vehicle: Vehicle, duration_s: float) -> float:
    """Per cent of the endurance left on arrival; negative when it does not last."""
    return 100.0 * (1.0 - duration_s / vehicle.endurance_s)
