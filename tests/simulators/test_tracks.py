"""No track leaves the limits of its class, and every flight is whole."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.fleet import fleet
from simulators.flights import Plan, merged, samples_of
from simulators.mission import _metres
from simulators.scenarios import SCENARIOS, Scenario, Sortie
from simulators.sensors import ACCURACY_H_M, ACCURACY_V_M
from simulators.vehicle import GRAVITY_MPS2, LIMITS, Limits, Vehicle
from simulators.wind import WindField
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geodesy import WGS84, distance_m, offset
from soramichi.domain.position import Position
from soramichi.domain.telemetry import OperationalStatus, TelemetrySample

EPOCH = datetime(2026, 11, 23, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# What GNSS error adds to a difference quotient (see GnssError): per axis, so times sqrt 2.
FALSE_SPEED_MPS = 0.26 * math.sqrt(2.0)
FALSE_CLIMB_MPS = 0.38
ROUNDING_MPS = 0.0101  # velocities are rounded to 0.01 m/s
RATE_HZ = 5.0
OVER_S = 5  # between the samples that are differenced

EVERY = [
    (scenario, sortie)
    for scenario in (*SCENARIOS.values(), fleet(12, seed=3))
    for sortie in scenario.sorties
]
sorties = pytest.mark.parametrize(
    ("scenario", "sortie"), EVERY, ids=[sortie.aircraft.aircraft_id for _, sortie in EVERY]
)


@cache
def flown(scenario: Scenario, sortie: Sortie) -> list[list[TelemetrySample]]:
    """At 5 Hz, each mission once: the samples of the first flights, flight by flight."""
    plan = Plan(scenarios=(scenario,), seed=7, rate_hz=RATE_HZ)
    flights: list[list[TelemetrySample]] = []
    for sample in samples_of(scenario, sortie, plan, epoch=EPOCH):
        if not flights or sample.flight != flights[-1][0].flight:
            if len(flights) == len(sortie.missions):
                return flights
            flights.append([])
        flights[-1].append(sample)
    raise AssertionError("a simulation never ends by itself")


def limits_of(sortie: Sortie) -> Limits:
    return LIMITS[sortie.aircraft.aircraft_class]


def apart(samples: list[TelemetrySample], steps: int) -> Iterator[tuple[TelemetrySample, ...]]:
    return zip(samples, samples[steps:], strict=False)


@sorties
def test_positions_differentiate_to_speeds_within_the_limits(
    scenario: Scenario, sortie: Sortie
) -> None:
    limits = limits_of(sortie)
    for flight in flown(scenario, sortie):
        for a, b in apart(flight, int(OVER_S * RATE_HZ)):
            assert distance_m(a.position, b.position) / OVER_S <= (
                limits.max_airspeed_mps + FALSE_SPEED_MPS
            )
            climb = (b.altitude_m - a.altitude_m) / OVER_S
            assert -limits.descent_mps - FALSE_CLIMB_MPS <= climb
            assert climb <= limits.climb_mps + FALSE_CLIMB_MPS


@sorties
def test_reported_velocity_changes_within_acceleration_and_bank(
    scenario: Scenario, sortie: Sortie
) -> None:
    limits = limits_of(sortie)
    for flight in flown(scenario, sortie):
        for a, b in pairwise(flight):
            assert a.ground_speed_mps is not None
            assert b.ground_speed_mps is not None
            along = abs(b.ground_speed_mps - a.ground_speed_mps) * RATE_HZ
            assert along <= limits.acceleration_mps2 + ROUNDING_MPS * RATE_HZ
            speed = a.ground_speed_mps
            if speed > 5.0 and a.track_deg is not None and b.track_deg is not None:
                turned = abs((b.track_deg - a.track_deg + 180.0) % 360.0 - 180.0)
                lateral = speed * math.radians(turned) * RATE_HZ
                bank_deg = math.degrees(math.atan(lateral / GRAVITY_MPS2))
                assert bank_deg <= limits.bank_deg + 0.3


@sorties
def test_reported_climb_changes_within_the_vertical_acceleration(
    scenario: Scenario, sortie: Sortie
) -> None:
    limits = limits_of(sortie)
    for flight in flown(scenario, sortie):
        for a, b in pairwise(flight):
            assert a.vertical_speed_mps is not None
            assert b.vertical_speed_mps is not None
            touchdown = b.status is OperationalStatus.GROUND
            change = abs(b.vertical_speed_mps - a.vertical_speed_mps) * RATE_HZ
            allowed = limits.vertical_acceleration_mps2 + ROUNDING_MPS * RATE_HZ
            assert touchdown or change <= allowed


@sorties
def test_a_flight_begins_and_ends_on_its_vertiports(scenario: Scenario, sortie: Sortie) -> None:
    for mission, flight in zip(sortie.missions, flown(scenario, sortie), strict=True):
        for pad, sample in ((mission.origin, flight[0]), (mission.destination, flight[-1])):
            assert sample.status is OperationalStatus.GROUND
            # A touchdown may be a metre off, GNSS the rest.
            off = distance_m(pad.position, sample.position)
            assert off <= 1.0 + ACCURACY_H_M * math.sqrt(2.0)
            assert abs(sample.altitude_m - pad.elevation_amsl_m) <= ACCURACY_V_M


@sorties
def test_time_and_sequence_rise_and_the_battery_only_falls(
    scenario: Scenario, sortie: Sortie
) -> None:
    flights = flown(scenario, sortie)
    times = [sample.time for flight in flights for sample in flight]
    assert {(b - a).total_seconds() for a, b in pairwise(times)} == {1.0 / RATE_HZ}
    for flight in flights:
        assert [sample.seq for sample in flight] == list(range(len(flight)))
        levels = [sample.battery_pct for sample in flight]
        assert all(a >= b for a, b in pairwise(levels))  # type: ignore[operator]
        assert 20.0 < levels[-1] < levels[0] <= 100.0  # type: ignore[operator]


@pytest.mark.parametrize("scenario_id", ["toba-island-loop", "kuzushima-circuit"])
def test_drones_stay_below_the_150_m_ceiling(scenario_id: str) -> None:
    """Above sea level, so above the ground as well."""
    scenario = SCENARIOS[scenario_id]
    for flight in flown(scenario, scenario.sorties[0]):
        assert max(sample.altitude_m for sample in flight) < 150.0


def test_distances_are_those_of_the_news_reports() -> None:
    there = SCENARIOS["spain-village-centrair"].sorties[0].missions[0]
    corners = [there.origin.position, *(w.position for w in there.waypoints)]
    corners.append(there.destination.position)
    length_m = sum(distance_m(a, b) for a, b in pairwise(corners))
    assert 57_000 < length_m < 65_000  # "about 60 km"

    to_port, _, circuit = SCENARIOS["kuzushima-circuit"].sorties[0].missions
    assert distance_m(to_port.origin.position, to_port.destination.position) == pytest.approx(
        700.0, abs=30.0
    )
    ring = [w.position for w in circuit.waypoints]
    assert sum(distance_m(a, b) for a, b in pairwise(ring)) == pytest.approx(3_000.0, abs=150.0)


def test_the_nose_points_into_the_wind_and_the_track_does_not() -> None:
    scenario = SCENARIOS["spain-village-centrair"]
    cruise = [s for s in flown(scenario, scenario.sorties[0])[0] if (s.ground_speed_mps or 0) > 50]
    assert any(abs(s.heading_deg - s.track_deg) > 1.0 for s in cruise)  # type: ignore[operator]


def test_the_same_seed_flies_the_same_flight_and_another_does_not() -> None:
    def first(seed: int) -> list[TelemetrySample]:
        plan = Plan(scenarios=(*SCENARIOS.values(), fleet(5, seed=seed)), seed=seed)
        return [sent.sample for sent in islice(merged(plan, epoch=EPOCH), 500)]

    assert first(1) == first(1)
    assert first(1) != first(2)


def first_of_each(plan: Plan) -> dict[str, TelemetrySample]:
    """The first sample that is sent of each aircraft, of those until a minute after the epoch."""
    found: dict[str, TelemetrySample] = {}
    for sent in takewhile(lambda one: one.at < EPOCH + MINUTE, merged(plan, epoch=EPOCH)):
        found.setdefault(sent.aircraft_id, sent.sample)
    return found


def test_what_was_flown_before_the_beginning_is_told_from_the_pad_on_but_not_of_a_fleet() -> None:
    scenarios = (*SCENARIOS.values(), fleet(3, seed=0))
    plan = Plan(scenarios=scenarios, head_start_s=75.0)

    first = first_of_each(plan)

    assert len(first) == 6
    for scenario in SCENARIOS.values():
        [sortie] = scenario.sorties
        one = first[sortie.aircraft.aircraft_id]
        assert (one.time, one.seq) == (EPOCH - timedelta(seconds=75), 0)
        here = Position(latitude_deg=one.latitude_deg, longitude_deg=one.longitude_deg)
        assert distance_m(here, sortie.missions[0].origin.position) < 20.0
    assert all(first[a.aircraft_id].time >= EPOCH for a in scenarios[-1].aircraft)


def test_nothing_is_told_twice_of_what_an_earlier_run_has_observed() -> None:
    plan = Plan(scenarios=tuple(SCENARIOS.values()), head_start_s=75.0)
    later = replace(plan, not_before=EPOCH - timedelta(seconds=10))

    first = first_of_each(later)

    assert {one.time for one in first.values()} == {EPOCH - timedelta(seconds=10)}
    whole = [sent.sample for sent in islice(merged(plan, epoch=EPOCH), 2_000)]
    assert all(one in whole for one in first.values())


def test_a_fleet_is_mixed_and_spread_out() -> None:
    scenario = fleet(60, seed=0)
    assert {a.aircraft_class for a in scenario.aircraft} == set(LIMITS)
    pads = {sortie.missions[0].origin.position.lonlat for sortie in scenario.sorties}
    assert len(pads) == 60
    assert fleet(10, seed=0).sorties == scenario.sorties[:10]


@given(
    seed=st.integers(0, 10_000),
    aircraft_class=st.sampled_from(sorted(LIMITS)),
    orders=st.lists(
        st.tuples(*(st.floats(-120, 120),) * 2, st.floats(-20, 20)), min_size=1, max_size=40
    ),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_ordered_the_vehicle_keeps_its_limits(
    seed: int, aircraft_class: AircraftClass, orders: list[tuple[float, float, float]]
) -> None:
    limits, wind, step_s = LIMITS[aircraft_class], WindField(seed), 0.2
    vehicle = Vehicle(limits=limits, east_m=0.0, north_m=0.0, altitude_amsl_m=200.0)
    for number, order in enumerate(orders * 20):
        before, up, track = vehicle.ground_speed_mps, vehicle.up_mps, vehicle.track_deg
        air = wind.at(
            east_m=vehicle.east_m,
            north_m=vehicle.north_m,
            height_m=vehicle.altitude_amsl_m,
            time_s=number * step_s,
        )
        vehicle.advance(order, wind=air, step_s=step_s)
        speed = vehicle.ground_speed_mps
        assert abs(speed - before) <= limits.acceleration_mps2 * step_s + 1e-6
        assert abs(vehicle.up_mps - up) <= limits.vertical_acceleration_mps2 * step_s + 1e-6
        assert -limits.descent_mps <= vehicle.up_mps <= limits.climb_mps
        if before >= 5.0:
            turned = math.radians(abs((vehicle.track_deg - track + 180.0) % 360.0 - 180.0))
            assert before * turned <= limits.lateral_mps2 * step_s + 1e-6
        flow = math.hypot(vehicle.east_mps - air.east_mps, vehicle.north_mps - air.north_mps)
        assert flow <= limits.max_airspeed_mps


def test_wind_is_gentle_smooth_and_stronger_aloft() -> None:
    for seed in range(20):
        field = WindField(seed)
        low = [
            field.at(east_m=0.0, north_m=0.0, height_m=10.0, time_s=float(t)) for t in range(600)
        ]
        assert max(math.hypot(*w) for w in low) <= 5.0 * (1.0 + math.sqrt(2.0) / 3.0)
        assert max(math.dist(a, b) for a, b in pairwise(low)) < 0.4
        high = field.at(east_m=0.0, north_m=0.0, height_m=300.0, time_s=0.0)
        assert math.hypot(*high) > math.hypot(*low[0])


def test_metres_of_a_mission_are_geodesic_metres() -> None:
    """The simulation's plane and `geodesy.offset` are inverse to each other."""
    origin = Position(latitude_deg=34.8584, longitude_deg=136.8105)
    east, north = _metres(origin, Position(latitude_deg=34.3408, longitude_deg=136.88))
    back = offset(origin, east_m=east, north_m=north)
    assert WGS84.inv(*back.lonlat, 136.88, 34.3408)[2] < 1e-3
