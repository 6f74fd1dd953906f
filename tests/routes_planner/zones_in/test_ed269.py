import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely

from routes_planner.zones_in.reading import read_zones
from routes_planner.zones_in.report import Action, Imported
from soramichi.domain.activation import active_intervals
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.geozone import ZoneType
from soramichi.errors import BadFile

RING = [[136.0, 34.0], [137.0, 34.0], [137.0, 35.0], [136.0, 35.0], [136.0, 34.0]]
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def a_volume(**changes: Any) -> dict[str, Any]:
    volume = {
        "uomDimensions": "M",
        "lowerLimit": 30,
        "lowerVerticalReference": "AGL",
        "upperLimit": 300,
        "upperVerticalReference": "AMSL",
        "horizontalProjection": {"type": "Polygon", "coordinates": [RING]},
    }
    return volume | changes


def a_feature(*volumes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    feature = {
        "identifier": "Z1",
        "country": "JPN",
        "name": "試験",
        "type": "COMMON",
        "restriction": "PROHIBITED",
        "applicability": [{"permanent": "YES"}],
        "zoneAuthority": [{"name": "JCAB"}],
        "geometry": list(volumes or (a_volume(),)),
    }
    return feature | changes


def read(*features: Any, member: str = "features") -> Imported:
    document = {"title": "t", member: list(features)}
    return read_zones("zones.json", json.dumps(document).encode())


@pytest.mark.parametrize("member", ["features", "UASZoneList"])
def test_both_dialects_are_recognised(member: str) -> None:
    result = read(a_feature(), member=member)

    assert result.zone_format == "ed269"
    assert result.report == ()
    (zone,) = result.zones
    assert (zone.identifier, zone.source, zone.country) == ("Z1", "zones.json", "JPN")
    assert zone.authorities[0].name.en == "JCAB"
    assert zone.properties["type"] == "COMMON"


def test_one_volume_may_have_an_agl_floor_and_an_amsl_ceiling() -> None:
    (volume,) = read(a_feature()).zones[0].volumes

    assert volume.floor == Altitude(30.0, Datum.AGL)
    assert volume.ceiling == Altitude(300.0, Datum.AMSL)


@pytest.mark.parametrize(
    ("restriction", "expected"),
    [
        ("PROHIBITED", ZoneType.PROHIBITED),
        ("REQ_AUTHORISATION", ZoneType.REQ_AUTHORIZATION),
        ("CONDITIONAL", ZoneType.CONDITIONAL),
        ("NO_RESTRICTION", ZoneType.NO_RESTRICTION),
    ],
)
def test_each_restriction_code_is_read(restriction: str, expected: ZoneType) -> None:
    result = read(a_feature(restriction=restriction))

    assert result.zones[0].zone_type is expected
    assert result.zones[0].unknowns == ()


def test_an_unheard_of_restriction_is_unknown_and_taken_as_the_strictest() -> None:
    zone = read(a_feature(restriction="PERHAPS")).zones[0]

    assert zone.zone_type is ZoneType.PROHIBITED
    assert [unknown.field for unknown in zone.unknowns] == ["restriction"]


def test_feet_apply_to_limits_and_to_the_radius() -> None:
    circle = {"type": "Circle", "center": [136.5, 34.5], "radius": 1000}
    (volume,) = (
        read(a_feature(a_volume(uomDimensions="FT", horizontalProjection=circle))).zones[0].volumes
    )

    assert volume.ceiling is not None
    assert volume.ceiling.metres == pytest.approx(91.44)
    west, _, east, _ = volume.footprint.bounds
    assert (east - west) * 91_780 == pytest.approx(2 * 304.8, rel=0.01)


@pytest.mark.parametrize("limit", [None, "", "UNL", "unlimited", 99999, "99999", 99999.0])
def test_no_upper_limit_is_written_in_many_ways(limit: object) -> None:
    (volume,) = read(a_feature(a_volume(upperLimit=limit))).zones[0].volumes

    assert volume.ceiling is None
    assert volume.unknowns == ()


@pytest.mark.parametrize("limit", [0, "0", None, "GND", "SFC"])
def test_a_floor_on_the_surface_needs_no_terrain(limit: object) -> None:
    (volume,) = read(a_feature(a_volume(lowerLimit=limit))).zones[0].volumes

    assert volume.floor is None
    assert volume.unknowns == ()


def test_limits_may_be_strings_and_missing_limits_are_none() -> None:
    volume = a_volume(lowerLimit="30", upperLimit="300.5")
    (read_in,) = read(a_feature(volume)).zones[0].volumes
    assert read_in.floor == Altitude(30.0, Datum.AGL)
    assert read_in.ceiling == Altitude(300.5, Datum.AMSL)

    for key in ("lowerLimit", "lowerVerticalReference", "upperLimit", "upperVerticalReference"):
        del volume[key]
    (read_in,) = read(a_feature(volume)).zones[0].volumes
    assert (read_in.floor, read_in.ceiling, read_in.unknowns) == (None, None, ())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"upperLimit": "high"}, "upper"),
        ({"upperLimit": {"m": 3}}, "upper"),
        ({"upperLimit": True}, "upper"),
        ({"upperVerticalReference": "FL"}, "upperReference"),
        ({"upperVerticalReference": None}, "upperReference"),
        ({"lowerVerticalReference": None}, "lowerReference"),
        ({"uomDimensions": "furlong"}, "uom"),
        ({"upperLimit": 20, "upperVerticalReference": "AGL"}, "upper"),
        ({"lowerLimit": 0, "upperLimit": 0, "upperVerticalReference": "AGL"}, "upper"),
        ({"lowerLimit": 99999}, "lower"),
    ],
)
def test_a_limit_that_cannot_be_read_is_unknown_and_wide_open(
    changes: dict[str, Any], field: str
) -> None:
    result = read(a_feature(a_volume(**changes)))

    (volume,) = result.zones[0].volumes
    assert [unknown.field for unknown in volume.unknowns] == [field]
    assert volume.ceiling is None or field.startswith("lower")
    assert result.report[0].action is Action.UNKNOWN


def test_every_volume_keeps_its_own_band() -> None:
    low, high = a_volume(lowerLimit=0, upperLimit=50), a_volume(lowerLimit=200)

    volumes = read(a_feature(low, high)).zones[0].volumes

    assert [volume.floor for volume in volumes] == [None, Altitude(200.0, Datum.AGL)]


def test_a_volume_that_cannot_be_placed_leaves_the_others_and_one_zone_anywhere() -> None:
    broken = a_volume(horizontalProjection={"type": "Hexagon"})

    placed, lost = read(a_feature(a_volume(), broken)).zones

    assert len(placed.volumes) == 1
    assert placed.unknowns == ()
    assert lost.identifier == "Z1#unplaced"
    assert lost.volumes == ()
    assert lost.unknowns


@pytest.mark.parametrize("geometry", [None, [], "x", [None], [{}], 5])
def test_a_zone_without_a_readable_geometry_could_be_anywhere(geometry: object) -> None:
    (zone,) = read(a_feature(), a_feature(identifier="Z2", geometry=geometry)).zones[1:]

    assert zone.volumes == ()
    assert zone.unknowns


def test_a_feature_that_is_no_object_could_be_a_zone_anywhere() -> None:
    zones = read(a_feature(), 17).zones

    assert zones[1].volumes == ()
    assert zones[1].unknowns


def test_permanent_means_that_dates_do_not_count() -> None:
    period = {"permanent": "YES", "startDateTime": "2018-01-01T00:00:00Z", "endDateTime": None}
    (zone,) = read(a_feature(applicability=[period])).zones

    assert zone.activations == ()


@pytest.mark.parametrize("member", ["schedule", "dailyPeriod"])
def test_hours_in_either_dialect_limit_the_period(member: str) -> None:
    period = {
        "permanent": "NO",
        "startDateTime": "2026-11-23T00:00:00Z",
        "endDateTime": "2026-11-30T00:00:00Z",
        member: [{"day": ["MON"], "startTime": "10:00:00.00Z", "endTime": "17:00:00.00Z"}],
    }
    (zone,) = read(a_feature(applicability=[period])).zones

    found = active_intervals(zone, MONDAY - timedelta(days=30), MONDAY + timedelta(days=30))

    assert found == ((MONDAY + timedelta(hours=10), MONDAY + timedelta(hours=17)),)


def test_an_empty_daily_period_is_no_limit() -> None:
    period = {"permanent": "YES", "dailyPeriod": [{"day": [], "startTime": None, "endTime": None}]}

    assert read(a_feature(applicability=[period])).zones[0].activations == ()


def test_the_last_minute_of_the_day_is_not_a_gap() -> None:
    daily = {"day": ["ANY"], "startTime": "00:00:00Z", "endTime": "23:59:59Z"}
    (zone,) = read(a_feature(applicability=[{"permanent": "NO", "schedule": [daily]}])).zones
    span = (MONDAY, MONDAY + timedelta(days=2))

    assert active_intervals(zone, *span) == (span,)


@pytest.mark.parametrize(
    "period",
    [
        17,
        {"startDateTime": "soon"},
        {"startDateTime": "2026-11-23T10:00:00"},
        {"startDateTime": "2026-11-23T10:00:00Z", "endDateTime": "2026-11-22T10:00:00Z"},
        {"schedule": [{"day": ["MON"], "startTime": "25:00Z", "endTime": "26:00Z"}]},
        {"schedule": [{"day": ["FUNDAY"], "startTime": "10:00Z", "endTime": "11:00Z"}]},
        {"schedule": [{"day": ["MON"], "startTime": "10:00", "endTime": "11:00"}]},
        {"schedule": [{"day": ["MON"], "startTime": "10:00Z"}]},
        {"schedule": [{"day": ["MON"]}]},
        {"schedule": {}},
        {"schedule": [None]},
    ],
)
def test_a_period_that_cannot_be_read_never_switches_a_zone_off(period: object) -> None:
    (zone,) = read(a_feature(applicability=[period])).zones
    span = (MONDAY, MONDAY + timedelta(days=14))

    assert zone.unknowns
    assert active_intervals(zone, *span) == (span,)


def test_equal_identifiers_in_one_file_are_told_apart() -> None:
    zones = read(a_feature(), a_feature(), a_feature(identifier="Z1#2")).zones

    assert len({zone.identifier for zone in zones}) == 3


def test_a_zone_without_an_identifier_gets_the_same_one_on_each_import() -> None:
    first, again = read(a_feature(identifier=None)), read(a_feature(identifier=None))

    assert first.zones[0].identifier == again.zones[0].identifier != ""


@pytest.mark.parametrize("side", [0.0001, 4.5])
def test_tiny_and_huge_zones_are_kept_as_they_are(side: float) -> None:
    # About 200 m2 and, at the equator, 1,000,000 km2.
    ring = [[0, 0], [side, 0], [side, 2 * side], [0, 2 * side], [0, 0]]
    volume = a_volume(horizontalProjection={"type": "Polygon", "coordinates": [ring]})

    (read_in,) = read(a_feature(volume)).zones[0].volumes

    assert read_in.footprint.equals(shapely.box(0, 0, side, 2 * side))


@pytest.mark.parametrize("features", [None, {}, "x", 5])
def test_a_document_without_a_list_of_zones_is_refused(features: object) -> None:
    with pytest.raises(BadFile) as caught:
        read_zones("zones.json", json.dumps({"UASZoneList": features}).encode())

    assert caught.value.file == "zones.json"
    assert caught.value.field == "UASZoneList"
