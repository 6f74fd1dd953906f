"""One aircraft's events, from made tracks whose geometry is known by construction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.conformance import Limits, Surroundings, Watch, listen, observe
from soramichi.domain.corridor import Corridor
from soramichi.domain.corridor_watch import AssignedCorridor
from soramichi.domain.events import CorridorRef, Event, describe
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import distance_m, offset
from soramichi.domain.geozone import Activation, Containment, Geozone, ZoneType, ZoneVolume
from soramichi.domain.position import Position
from soramichi.domain.telemetry import OperationalStatus
from soramichi.domain.tracking import Fix
from soramichi.domain.zone_volumes import Zones
from tests.builders import a_sample

HERE = Position(latitude_deg=34.5, longitude_deg=136.9)
START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
AIRBORNE = OperationalStatus.AIRBORNE
NAME = Name(ja="試験区域", en="Test zone")


def a_fix(second: float, east_m: float, north_m: float = 0.0, **members: Any) -> Fix:
    where = offset(HERE, east_m=east_m, north_m=north_m)
    at = START + timedelta(seconds=second)
    own = {
        "time": at,
        "latitude_deg": where.latitude_deg,
        "longitude_deg": where.longitude_deg,
        "altitude_m": 100.0,
        "status": AIRBORNE,
        "accuracy_h_m": 3.0,
        "accuracy_v_m": 5.0,
    }
    received = members.pop("received_at", at + timedelta(milliseconds=200))
    flight = members.pop("flight_id", "F1")
    return Fix(a_sample(**(own | members)), flight, received)


def a_box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle in metres around HERE."""
    corners = [(west, south), (east, south), (east, north), (west, north)]
    return shapely.Polygon([offset(HERE, east_m=x, north_m=y).lonlat for x, y in corners])


def a_volume(area: shapely.Polygon, low: float | None = None, high: float | None = None,
             datum: Datum = Datum.AMSL) -> ZoneVolume:  # fmt: skip
    return ZoneVolume(
        footprint=area,
        floor=None if low is None else Altitude(low, datum),
        ceiling=None if high is None else Altitude(high, datum),
    )


def a_zone(*volumes: ZoneVolume, identifier: str = "Z1", **members: Any) -> Geozone:
    own: dict[str, Any] = {"name": NAME, "zone_type": ZoneType.PROHIBITED, "source": "test"}
    return Geozone(identifier=identifier, volumes=volumes, **(own | members))


def around(*zones: Geozone) -> Surroundings:
    return Surroundings(zones=Zones(zones))


def told(
    fixes: Sequence[Fix],
    surroundings: Surroundings,
    corridors: Sequence[AssignedCorridor] = (),
) -> list[Event]:
    return observe(Watch(), fixes, surroundings, corridors)


def kinds(events: Sequence[Event]) -> list[str]:
    return [str(event.kind) for event in events]


def eastward(seconds: range, speed_mps: float = 20.0, **members: Any) -> list[Fix]:
    return [a_fix(s, s * speed_mps, **members) for s in seconds]


KILOMETRE = a_box(205.0, -500.0, 1_205.0, 500.0)


def test_entering_and_leaving_are_dated_at_the_edge_and_measured_in_metres() -> None:
    entered, exited = told(eastward(range(-5, 75)), around(a_zone(a_volume(KILOMETRE, 0.0, 500.0))))

    assert kinds([entered, exited]) == ["geozone_entered", "geozone_exited"]
    # At 20 m/s the edges at 205 m and 1,205 m are met after 10.25 s and 60.25 s.
    assert abs((entered.place.time - START).total_seconds() - 10.25) < 0.1
    assert abs((exited.place.time - START).total_seconds() - 60.25) < 0.1
    edge = offset(HERE, east_m=205.0, north_m=0.0)
    seen = Position(
        latitude_deg=entered.place.latitude_deg, longitude_deg=entered.place.longitude_deg
    )
    assert distance_m(edge, seen) < 2.0
    assert entered.severity == "warning"
    assert entered.evidence.zone is not None
    assert entered.evidence.zone.identifier == "Z1"
    assert entered.evidence.by_m is not None
    # Told with the first fix 2 s after the edge, at 260 m.
    assert abs(entered.evidence.by_m - 55.0) < 0.5
    assert entered.known_at == START + timedelta(seconds=13.2)


def test_footprint_of_one_volume_with_the_band_of_another_is_inside_neither() -> None:
    low_west = a_volume(a_box(0.0, -100.0, 500.0, 100.0), 0.0, 50.0)
    high_east = a_volume(a_box(600.0, -100.0, 1_000.0, 100.0), 200.0, 300.0)

    assert (
        told(eastward(range(-5, 20), altitude_m=250.0), around(a_zone(low_west, high_east))) == []
    )


def test_the_time_of_one_zone_with_the_place_of_another_is_inside_neither() -> None:
    morning = Activation(starts_at=START - timedelta(hours=2), ends_at=START - timedelta(hours=1))
    here_then = a_zone(a_volume(KILOMETRE), activations=(morning,))
    there_now = a_zone(a_volume(a_box(5_000.0, 0.0, 6_000.0, 500.0)), identifier="Z2")

    assert told(eastward(range(-5, 75)), around(here_then, there_now)) == []


def test_a_hole_is_outside() -> None:
    ring = a_box(-2_000.0, -2_000.0, 2_000.0, 2_000.0).difference(
        a_box(-1_000.0, -1_000.0, 1_000.0, 1_000.0)
    )
    assert told(eastward(range(-40, 40)), around(a_zone(a_volume(ring)))) == []


def test_a_zone_crossed_between_two_sparse_fixes_is_not_missed() -> None:
    narrow = a_zone(a_volume(a_box(300.0, -500.0, 700.0, 500.0)))
    entered, exited = told([a_fix(0, 0.0), a_fix(10, 1_000.0)], around(narrow))

    assert kinds([entered, exited]) == ["geozone_entered", "geozone_exited"]
    assert abs((entered.place.time - START).total_seconds() - 3.0) < 0.1
    assert abs((exited.place.time - START).total_seconds() - 7.0) < 0.1
    assert entered.evidence.between is not None
    assert entered.evidence.between[0] == START


def test_a_line_drawn_over_a_long_silence_is_no_evidence() -> None:
    narrow = a_zone(a_volume(a_box(400.0, -500.0, 600.0, 500.0)))
    silent = told([a_fix(0, 0.0), a_fix(600, 1_000.0)], around(narrow))

    assert [event.kind for event in silent if event.evidence.zone] == []


def test_noise_at_an_edge_does_not_flap() -> None:
    """Along the edge for ten minutes, 2 m outside, with errors of 3 m (95 %) on each axis."""
    noise = np.random.default_rng(7).normal(0.0, 1.5, (600, 2))
    edge = a_zone(a_volume(a_box(-20_000.0, 0.0, 20_000.0, 500.0)))
    along = [a_fix(s, s * 20.0 + noise[s, 0], -2.0 + noise[s, 1]) for s in range(600)]

    assert len(told(along, around(edge))) <= 1


def test_an_alert_needs_a_fix_good_enough_for_it() -> None:
    """Accuracy of 1,414 m, 300 m inside: nobody can tell, and it says so."""
    [event] = told(
        [a_fix(s, 700.0, accuracy_h_m=1_414.0) for s in range(10)],
        around(a_zone(a_volume(KILOMETRE))),
    )

    assert event.evidence.unknown is not None
    assert event.severity == "caution"


def test_a_height_that_cannot_be_compared_is_unknown_not_nothing_and_not_a_breach() -> None:
    zone = a_zone(a_volume(KILOMETRE, 0.0, 150.0, Datum.AGL))
    entered, exited = told(eastward(range(-5, 75)), around(zone))

    assert kinds([entered, exited]) == ["geozone_entered", "geozone_exited"]
    assert (entered.severity, exited.severity) == ("caution", "info")
    words = describe(entered.kind, entered.evidence)
    assert "不明" in words.ja
    assert "unknown" in words.en
    assert "terrain" in words.en


def test_a_height_that_becomes_comparable_turns_the_unknown_into_an_entry() -> None:
    zone = a_zone(a_volume(KILOMETRE, 0.0, 150.0))
    baro = eastward(range(15, 30), altitude_datum=Datum.BARO)
    events = told([*baro, *eastward(range(30, 50))], around(zone))

    assert kinds(events) == ["geozone_entered", "geozone_entered"]
    assert [event.evidence.unknown is None for event in events] == [False, True]


def test_ellipsoidal_heights_meet_sea_level_limits_through_the_geoid() -> None:
    """Over Ise Bay the geoid is 37 to 39 m up: 180 m above the ellipsoid is below 150 m AMSL."""
    zone = around(a_zone(a_volume(KILOMETRE, 0.0, 150.0)))
    as_ellipsoid = eastward(range(-5, 40), altitude_m=180.0, altitude_datum=Datum.ELLIPSOID)

    assert kinds(told(as_ellipsoid, zone)) == ["geozone_entered"]
    assert told(eastward(range(-5, 40), altitude_m=180.0), zone) == []


def test_a_fence_to_keep_inside_warns_when_it_is_left() -> None:
    fence = a_zone(a_volume(a_box(-500.0, -500.0, 500.0, 500.0)), containment=Containment.KEEP_IN)
    inside, left = told(eastward(range(60)), around(fence))

    assert (kinds([inside, left]), inside.severity, left.severity) == (
        ["geozone_entered", "geozone_exited"],
        "info",
        "warning",
    )
    assert inside.evidence.first_seen


# ---- taking off, landing, link, battery -----------------------------------------------------


def a_hop(**members: Any) -> list[Fix]:
    ground: dict[str, Any] = {
        "status": OperationalStatus.GROUND,
        "altitude_m": 3.0,
        "ground_speed_mps": 0.0,
    }
    return [
        *[a_fix(s, 0.0, **(ground | members)) for s in range(5)],
        *[a_fix(s, (s - 5) * 10.0, **members) for s in range(5, 60)],
        *[a_fix(s, 550.0, **(ground | members)) for s in range(60, 70)],
    ]


def test_take_off_and_landing_are_told_once_each() -> None:
    events = told(a_hop(), around())

    assert kinds(events) == ["takeoff", "landing"]
    assert [event.place.time - START for event in events] == [
        timedelta(seconds=5),
        timedelta(seconds=60),
    ]


def test_an_aircraft_first_seen_in_the_air_did_not_take_off() -> None:
    assert told(eastward(range(30)), around()) == []


def test_without_a_status_heights_above_take_off_tell_the_phase() -> None:
    heights = [0.0] * 5 + [30.0] * 40 + [0.5] * 10
    fixes = [
        a_fix(s, 0.0, altitude_m=height, altitude_datum=Datum.TAKEOFF, status=None,
              ground_speed_mps=0.0)
        for s, height in enumerate(heights)
    ]  # fmt: skip
    assert kinds(told(fixes, around())) == ["takeoff", "landing"]


def test_silence_in_the_air_is_a_lost_link_by_the_clock_and_by_the_data_alike() -> None:
    before, after = eastward(range(10)), eastward(range(40, 45))
    by_clock = Watch()
    observe(by_clock, before, around())
    lost = listen(by_clock, Limits(), START + timedelta(seconds=26))
    again = listen(by_clock, Limits(), START + timedelta(seconds=27))
    back = observe(by_clock, after, around())
    by_data = told([*before, *after], around())

    assert kinds(lost + again + back) == kinds(by_data) == ["link_lost", "link_recovered"]
    assert lost + back == by_data
    assert lost[0].place.time == before[-1].sample.time
    assert by_data[1].evidence.silent_s == 31.0


def test_stored_observations_that_come_after_an_outage_end_it_when_they_came() -> None:
    """Ten minutes behind a mountain; the bridge then sends all of it, oldest first."""
    back_at = START + timedelta(seconds=600)
    late = [a_fix(s, s * 20.0, received_at=back_at) for s in range(10, 600)]
    events = told([*eastward(range(10)), *late], around())

    assert kinds(events) == ["link_lost", "link_recovered"]
    assert events[1].place.time == START + timedelta(seconds=599.8)


def test_an_aircraft_on_the_ground_may_fall_silent() -> None:
    watch = Watch()
    observe(watch, a_hop(), around())

    assert listen(watch, Limits(), START + timedelta(hours=1)) == []


def test_the_word_that_it_is_off_line_is_waited_for_shortly() -> None:
    watch = Watch()
    observe(watch, eastward(range(10)), around())
    heard = START + timedelta(seconds=10)
    early = listen(watch, Limits(), heard + timedelta(seconds=4), offline_since=heard)
    due = listen(watch, Limits(), heard + timedelta(seconds=5), offline_since=heard)

    assert (early, kinds(due), due[0].evidence.cause) == ([], ["link_lost"], "offline")


def test_the_battery_is_told_of_at_each_level_once() -> None:
    levels = [21.0, 19.0, 21.0, 19.0, 19.0, 19.0, 19.0, 20.5, 18.0, 18.0, 18.0, 9.0, 9.0, 9.0]
    events = told([a_fix(s, 0.0, battery_pct=pct) for s, pct in enumerate(levels)], around())

    assert [(event.evidence.limit_pct, event.severity) for event in events] == [
        (20.0, "caution"),
        (10.0, "warning"),
    ]


def test_an_emergency_is_told_at_once_and_once() -> None:
    shouting = [a_fix(s, 0.0, status=OperationalStatus.EMERGENCY) for s in range(5, 20)]
    events = told([*eastward(range(5)), *shouting], around())

    assert (kinds(events), events[0].place.time) == (["emergency"], START + timedelta(seconds=5))


# ---- corridors ------------------------------------------------------------------------------


def a_corridor(datum: Datum = Datum.AMSL, **members: Any) -> AssignedCorridor:
    plan = Corridor(
        name="plan",
        waypoints=(HERE, offset(HERE, east_m=5_000.0, north_m=0.0)),
        heights=(Altitude(100.0, datum), Altitude(100.0, datum)),
        half_width_m=50.0,
        below_m=20.0,
        above_m=20.0,
        ground_speed_mps=20.0,
    )
    ref = CorridorRef(id="C1", name=Name(ja="計画経路", en="the plan"))
    return AssignedCorridor(ref, plan, **members)


def test_keeping_to_the_corridor_says_nothing() -> None:
    assert told(eastward(range(240)), around(), [a_corridor()]) == []


def test_leaving_it_sideways_says_by_how_much() -> None:
    aside = [a_fix(s, s * 20.0, max(0.0, s - 20) * 5.0) for s in range(60)]
    [event] = told(aside, around(), [a_corridor()])

    assert (event.kind, event.severity) == ("corridor_deviation", "warning")
    # 5 m/s aside from 20 s on: the edge at 50 m is met after 30 s, told 2 s later.
    assert abs((event.place.time - START).total_seconds() - 30.0) < 0.2
    assert event.evidence.by_m is not None
    assert abs(event.evidence.by_m - 10.0) < 0.5
    assert event.evidence.side == "across"


def test_above_it_is_outside_too_in_metres_and_with_the_datum() -> None:
    climbing = [a_fix(s, s * 20.0, altitude_m=100.0 + max(0, s - 10) * 4.0) for s in range(40)]
    [event] = told(climbing, around(), [a_corridor()])

    assert (event.evidence.side, event.evidence.datum) == ("above", Datum.AMSL)
    assert "上" in describe(event.kind, event.evidence).ja


def test_a_flight_that_never_enters_is_not_silent() -> None:
    beside = [a_fix(s, s * 20.0, 400.0) for s in range(240)]
    [event] = told(beside, around(), [a_corridor()])

    assert event.kind == "corridor_never_entered"
    assert event.place.time == START + timedelta(seconds=180)
    assert event.evidence.by_m is not None
    assert abs(event.evidence.by_m - 350.0) < 1.0


def test_a_short_flight_that_never_entered_is_told_of_when_it_lands() -> None:
    beside = [a_fix(s, s * 20.0, 400.0) for s in range(30)]
    landed = [a_fix(s, 600.0, 400.0, status=OperationalStatus.GROUND) for s in range(30, 40)]
    events = told([*beside, *landed], around(), [a_corridor()])

    assert sorted(kinds(events)) == ["corridor_never_entered", "landing"]


def test_heights_of_a_corridor_that_cannot_be_compared_are_unknown() -> None:
    [event] = told(eastward(range(60)), around(), [a_corridor(Datum.AGL)])

    assert (event.kind, event.severity) == ("corridor_deviation", "caution")
    assert event.evidence.unknown is not None


def test_another_times_corridor_is_not_this_flights() -> None:
    tomorrow = START + timedelta(days=1)
    other = a_corridor(departs_at=tomorrow, arrives_at=tomorrow + timedelta(hours=1))
    beside = [a_fix(s, s * 20.0, 400.0) for s in range(240)]

    assert told(beside, around(), [other]) == []


# ---- properties -----------------------------------------------------------------------------

ZONES = around(
    a_zone(a_volume(a_box(200.0, -150.0, 600.0, 150.0), 0.0, 120.0)),
    a_zone(a_volume(a_box(500.0, -50.0, 700.0, 300.0), 50.0, 300.0, Datum.AGL), identifier="Z2"),
)
walks = st.lists(
    st.tuples(
        st.sampled_from([0.2, 1.0, 1.0, 1.0, 5.0, 30.0, 400.0]),
        st.floats(-60.0, 90.0),
        st.floats(-60.0, 60.0),
        st.floats(20.0, 200.0),
        st.sampled_from([*[AIRBORNE] * 6, OperationalStatus.GROUND, None]),
        st.sampled_from([3.0, 3.0, 30.0, None]),
        st.floats(5.0, 30.0),
    ),
    min_size=2,
    max_size=40,
)


def walked(steps: list[Any]) -> list[Fix]:
    at = east = north = 0.0
    fixes = []
    for second, dx, dy, height, status, accuracy, battery in steps:
        at, east, north = at + second, east + dx, north + dy
        flight = f"F{int(at // 1_000)}"
        fixes.append(
            a_fix(at, east, north, altitude_m=height, status=status, accuracy_h_m=accuracy,
                  battery_pct=battery, flight_id=flight)
        )  # fmt: skip
    return fixes


@given(walks, st.data())
def test_events_do_not_depend_on_how_observations_are_cut_into_batches(
    steps: list[Any], data: st.DataObject
) -> None:
    """And the state may be written down and read back in between."""
    fixes = walked(steps)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(fixes) - 1), max_size=6)))
    corridor = [a_corridor()]
    whole = told(fixes, ZONES, corridor)
    watch, parts = Watch(), []
    for start, stop in zip([0, *cuts], [*cuts, len(fixes)], strict=True):
        parts += observe(watch, fixes[start:stop], ZONES, corridor)
        watch = msgspec.json.decode(msgspec.json.encode(watch), type=Watch)

    def order(event: Event) -> tuple[Any, ...]:
        return (event.place.time, event.kind, event.subject)

    assert sorted(map(msgspec.json.encode, parts)) == sorted(map(msgspec.json.encode, whole))
    assert len({order(event) for event in whole}) == len(whole)


@given(walks)
def test_entries_and_exits_of_a_zone_take_turns(steps: list[Any]) -> None:
    events = [event for event in told(walked(steps), ZONES) if event.evidence.zone is not None]
    for identifier in ("Z1", "Z2"):
        for flight in {event.place.flight_id for event in events}:
            own = [e for e in events if e.evidence.zone and e.evidence.zone.identifier == identifier
                   and e.place.flight_id == flight and e.evidence.unknown is None]  # fmt: skip
            assert all(a.kind != b.kind or a.kind == "geozone_entered" for a, b in pairwise(own))
