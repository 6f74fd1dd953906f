"""What InterUSS asks of a service for geo-awareness, one test for each of its requirements.

Zones come in as ED-269 documents, go through import (and where asked the store),
and are judged by the same check as any corridor.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely

from routes_planner.check import check
from routes_planner.desk import stored_zones
from routes_planner.surroundings import survey
from routes_planner.verdict import Answer
from routes_planner.zones_in.reading import read_zones
from soramichi.commands.geozones import records
from soramichi.domain.altitude import Altitude
from soramichi.domain.corridor import Corridor
from soramichi.domain.geozone import Geozone
from soramichi.errors import BadFile
from soramichi.store import geozones
from soramichi.store.pool import Connection
from tests.routes_planner.builders import NOON, Slope, a_corridor, a_square, agl, amsl, place

SQUARE = a_square(-500.0, -500.0, 1_000.0)


def ring(*at: tuple[float, float]) -> list[list[float]]:
    return [list(place(*one).lonlat) for one in (*at, at[0])]


def a_feature(
    projection: dict[str, Any] | shapely.Polygon = SQUARE, **members: Any
) -> dict[str, Any]:
    """A prohibited volume of ED-269 at all heights and times; members of the volume by name."""
    if isinstance(projection, shapely.Polygon):
        projection = json.loads(shapely.to_geojson(projection))
    volume = {
        "uomDimensions": "M",
        "lowerLimit": 0,
        "lowerVerticalReference": "AGL",
        "upperLimit": None,
        "upperVerticalReference": "AGL",
        "horizontalProjection": projection,
    }
    feature = {
        "identifier": "Z1",
        "country": "JPN",
        "name": "zone",
        "type": "COMMON",
        "restriction": "PROHIBITED",
        "applicability": [{"permanent": "YES"}],
        "zoneAuthority": [{"name": "authority"}],
    }
    feature |= {key: members.pop(key) for key in list(members) if key in feature}
    return feature | {"geometry": [volume | members]}


def document(*features: dict[str, Any]) -> bytes:
    return json.dumps({"title": "zones", "features": features}).encode()


def loaded(*features: dict[str, Any]) -> tuple[Geozone, ...]:
    return read_zones("interuss.json", document(*features)).zones


def answer(plan: Corridor, *features: dict[str, Any]) -> Answer:
    around = survey(loaded(*features), terrain=Slope(per_km_m=0.0))
    return check(plan, around).answer


def test_load_a_well_formed_source_is_in_force_at_once() -> None:
    assert answer(a_corridor(), a_feature()) is Answer.FAIL
    assert answer(a_corridor((-2_000, 2_000), (2_000, 2_000)), a_feature()) is Answer.PASS


@pytest.mark.parametrize("data", [b"", b"{", b'{"features": 3}', b'{"title": "no zones"}', b"[]"])
def test_reject_invalid_a_source_that_is_no_list_of_zones_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile, match=r"interuss\.json"):
        read_zones("interuss.json", data)


def test_reject_invalid_a_zone_that_cannot_be_read_never_lets_pass() -> None:
    without_place = a_feature({"type": "Polygon", "coordinates": [[[136.7, 34.6]]]})

    assert answer(a_corridor(), without_place) is Answer.UNKNOWN
    assert answer(a_corridor(), a_feature(upperLimit="high")) is Answer.UNKNOWN


@pytest.mark.postgres
def test_update_a_new_edition_replaces_the_old_and_doubles_nothing(connection: Connection) -> None:
    def stored(feature: dict[str, Any]) -> Answer:
        edition = read_zones("interuss.json", document(feature))
        geozones.put(connection, records([edition]), prune=False)
        zones = stored_zones(geozones.zones(connection))
        assert len(zones) == 1
        return check(a_corridor(), survey(zones)).answer

    assert stored(a_feature()) is Answer.FAIL
    assert stored(a_feature(a_square(-500, 3_000, 1_000))) is Answer.PASS
    assert stored(a_feature()) is Answer.FAIL


@pytest.mark.parametrize(
    ("code", "expected", "findings"),
    [
        ("PROHIBITED", Answer.FAIL, 1),
        ("REQ_AUTHORISATION", Answer.FAIL, 1),
        ("CONDITIONAL", Answer.PASS, 1),
        ("NO_RESTRICTION", Answer.PASS, 0),
    ],
)
def test_restriction_codes_decide_what_a_zone_asks(
    code: str, expected: Answer, findings: int
) -> None:
    verdict = check(a_corridor(), survey(loaded(a_feature(restriction=code))))

    assert (verdict.answer, len(verdict.findings)) == (expected, findings)


@pytest.mark.parametrize(
    ("reference", "height", "expected"),
    [
        # The ground is 60 m above the sea here: 200 m above it is 260 m above the sea.
        ("AMSL", amsl(199), Answer.FAIL),
        ("AMSL", amsl(201), Answer.PASS),
        ("AMSL", agl(139), Answer.FAIL),
        ("AMSL", agl(141), Answer.PASS),
        ("AGL", agl(199), Answer.FAIL),
        ("AGL", agl(201), Answer.PASS),
        ("AGL", amsl(259), Answer.FAIL),
        ("AGL", amsl(261), Answer.PASS),
    ],
)
def test_agl_and_amsl_limits_are_told_apart(
    reference: str, height: Altitude, expected: Answer
) -> None:
    class Plateau:
        def surfaces_amsl_m(self, longitude_deg: Any, latitude_deg: Any) -> Any:
            return 60.0 + 0.0 * longitude_deg + 0.0 * latitude_deg

    feature = a_feature(upperLimit=200, upperVerticalReference=reference)

    verdict = check(a_corridor(height=height), survey(loaded(feature), terrain=Plateau()))

    assert verdict.answer is expected


def test_holes_are_outside_of_their_zone() -> None:
    feature = a_feature(a_square(-2_000, -2_000, 4_000, hole=1_000))
    in_the_hole = a_corridor((-300, 0), (300, 0))

    assert answer(in_the_hole, feature) is Answer.PASS
    assert answer(a_corridor((-300, 0), (900, 0)), feature) is Answer.FAIL


def test_circles_reach_their_radius_all_round() -> None:
    centre = list(place(0, 0).lonlat)
    feature = a_feature({"type": "Circle", "center": centre, "radius": 1_000})

    for east, north in ((1, 0), (0, 1), (-1, 0), (0, -1), (0.8, 0.6)):
        at = 1_000.0 + 100.0  # the radius and the half width

        def across(far: float, e: float = east, n: float = north) -> Corridor:
            """A line square to the direction (east, north), `far` metres out."""
            return a_corridor(*((far * e - s * n, far * n + s * e) for s in (-500, 500)))

        assert answer(across(at - 1.0), feature) is Answer.FAIL
        assert answer(across(at + 2.0), feature) is Answer.PASS


def test_overlaps_of_two_zones_are_found_under_both_names() -> None:
    features = [
        a_feature(identifier="Z1"),
        a_feature(a_square(0, -500, 1_000), identifier="Z2", restriction="CONDITIONAL"),
    ]

    verdict = check(a_corridor(), survey(loaded(*features)))

    assert verdict.answer is Answer.FAIL
    assert [f.zone and f.zone.identifier for f in verdict.findings] == ["Z1", "Z2"]
    first, second = verdict.findings
    assert first.from_m < second.from_m < first.to_m < second.to_m


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        # The corridor is within reach from 70 to 130 s after NOON.
        (0, 60, Answer.PASS),
        (60, 80, Answer.FAIL),
        (140, 300, Answer.PASS),
        (None, 60, Answer.PASS),
        (60, None, Answer.FAIL),
    ],
)
def test_periods_bind_at_the_moment_of_passage_only(
    start_s: int | None, end_s: int | None, expected: Answer
) -> None:
    def at(seconds: int | None) -> str | None:
        if seconds is None:
            return None
        return (NOON + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.00Z")

    period = {"permanent": "NO", "startDateTime": at(start_s), "endDateTime": at(end_s)}

    assert answer(a_corridor(), a_feature(applicability=[period])) is expected


@pytest.mark.parametrize(
    ("departs", "expected"),
    [
        # 2026-11-23 is a Monday.
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), Answer.PASS),
        (datetime(2026, 11, 23, 9, 0, tzinfo=UTC), Answer.FAIL),
        (datetime(2026, 11, 24, 9, 0, tzinfo=UTC), Answer.PASS),
        (datetime(2026, 11, 24, 23, 0, tzinfo=UTC), Answer.FAIL),
        (datetime(2026, 11, 25, 1, 0, tzinfo=UTC), Answer.FAIL),  # Tuesday's night
        (datetime(2026, 11, 25, 23, 0, tzinfo=UTC), Answer.PASS),
    ],
)
def test_daily_schedules_bind_in_their_hours_midnight_included(
    departs: datetime, expected: Answer
) -> None:
    hours = [
        {"day": ["MON"], "startTime": "08:00:00.00Z", "endTime": "17:00:00.00Z"},
        {"day": ["TUE"], "startTime": "22:00:00.00Z", "endTime": "02:00:00.00Z"},
    ]
    period = {"permanent": "NO", "startDateTime": "2026-01-01T00:00:00Z", "schedule": hours}

    plan = a_corridor(departs_at=departs)

    assert answer(plan, a_feature(applicability=[period])) is expected


def test_a_zone_of_200_square_metres_is_not_flown_over_unseen() -> None:
    tiny = a_feature(a_square(0.0, 107.0, 200.0**0.5))

    assert answer(a_corridor(), tiny) is Answer.PASS
    assert answer(a_corridor(half_width_m=107.1), tiny) is Answer.FAIL


def test_a_zone_of_a_million_square_kilometres_is_whole() -> None:
    # 10 degrees of longitude by 10 of latitude around here: about 1.0 million km².
    west, south = 131.7, 29.6
    huge = a_feature(shapely.box(west, south, west + 10.0, south + 10.0))

    assert answer(a_corridor(), huge) is Answer.FAIL
    assert answer(a_corridor((-2e5, -2e5), (2e5, 2e5)), huge) is Answer.FAIL
    outside = a_corridor((-600_000, 0), (-595_000, 0))
    assert answer(outside, huge) is Answer.PASS


def test_concave_shapes_are_open_where_they_are_open() -> None:
    # A horseshoe, open to the north.
    outline = [(-600, -600), (600, -600), (600, 600), (400, 600), (400, -400), (-400, -400),
               (-400, 600), (-600, 600)]  # fmt: skip
    horseshoe = a_feature({"type": "Polygon", "coordinates": [ring(*outline)]})
    into_the_mouth = a_corridor((0, 2_000), (0, -250))

    assert answer(into_the_mouth, horseshoe) is Answer.PASS
    assert answer(a_corridor((0, 2_000), (0, -350)), horseshoe) is Answer.FAIL
    assert answer(a_corridor((-2_000, 300), (2_000, 300)), horseshoe) is Answer.FAIL
