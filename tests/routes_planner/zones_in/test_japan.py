"""DIPS, DID and airport files, in the shapes that Japanese sources publish."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely

from routes_planner.zones_in.prefectures import extent
from routes_planner.zones_in.reading import read_zone_file, read_zones
from routes_planner.zones_in.report import Action, Imported
from soramichi.domain.geozone import Activation, ZoneKind, ZoneType

RING = [[136.0, 34.0], [137.0, 34.0], [137.0, 35.0], [136.0, 35.0]]
SHARED = Path(__file__).parents[4] / "shared" / "data" / "geozones"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the official files are not at hand")


def read(document: Any) -> Imported:
    return read_zones("file.json", json.dumps(document).encode())


def an_area(**changes: Any) -> dict[str, Any]:
    area = {
        "flightProhibitedAreaId": "20221105_1",
        "name": "試験空港の区域",
        "range": {"type": "Polygon", "coordinates": RING},
        "flightProhibitedAreaTypeId": 5,
        "startTime": "20241218 1200",
        "finishTime": "20241218 2359",
    }
    return area | changes


def dips(*areas: Any, **members: Any) -> Imported:
    return read({"totalCount": len(areas), "flightProhibitedAreaInfo": list(areas), **members})


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def a_feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


POLYGON = {"type": "Polygon", "coordinates": [RING]}


def test_dips_rings_are_flat_and_open() -> None:
    result = dips(an_area())

    assert result.zone_format == "dips"
    assert result.report == ()
    assert result.zones[0].volumes[0].footprint.equals(shapely.box(136, 34, 137, 35))


def test_dips_times_are_jst_and_the_last_minute_counts() -> None:
    assert dips(an_area()).zones[0].activations == (
        Activation(
            starts_at=datetime(2024, 12, 18, 3, 0, tzinfo=UTC),
            ends_at=datetime(2024, 12, 18, 15, 0, tzinfo=UTC),
        ),
    )


def test_dips_nines_mean_no_end() -> None:
    (zone,) = dips(an_area(finishTime="99991231 2359")).zones

    assert zone.activations[0].ends_at is None


@pytest.mark.parametrize("centre", [[136.5, 34.5], [[136.5, 34.5]]])
def test_dips_circles_have_a_centre_in_either_nesting(centre: list[Any]) -> None:
    area = {"type": "Circle", "center": centre, "radius": 500}

    (volume,) = dips(an_area(range=area)).zones[0].volumes

    assert volume.footprint.covers(shapely.Point(136.5, 34.5))


@pytest.mark.parametrize(
    ("type_id", "kind", "zone_type"),
    [
        (1, ZoneKind.AIRPORT, ZoneType.REQ_AUTHORIZATION),
        (2, ZoneKind.DID, ZoneType.REQ_AUTHORIZATION),
        (5, ZoneKind.RED, ZoneType.PROHIBITED),
        (6, ZoneKind.YELLOW, ZoneType.PROHIBITED),
        (9, ZoneKind.EMERGENCY, ZoneType.PROHIBITED),
    ],
)
def test_dips_types_say_what_a_zone_is(type_id: int, kind: ZoneKind, zone_type: ZoneType) -> None:
    (zone,) = dips(an_area(flightProhibitedAreaTypeId=type_id)).zones

    assert (zone.kind, zone.zone_type) == (kind, zone_type)


def test_a_dips_answer_that_lists_fewer_areas_than_it_counts_is_unknown_everywhere() -> None:
    result = dips(an_area(), totalCount=240)

    assert result.zones[1].volumes == ()
    assert result.zones[1].unknowns


@pytest.mark.parametrize(
    "changes",
    [
        {"startTime": "2024-12-18"},
        {"startTime": "20241318 1200"},
        {"startTime": "20241219 1200"},
        {"flightProhibitedAreaTypeId": 77},
        {"range": {"type": "Circle", "center": [136, 34], "radius": "far"}},
        {"range": None},
    ],
)
def test_what_dips_says_illegibly_is_unknown(changes: dict[str, Any]) -> None:
    (zone,) = dips(an_area(**changes)).zones

    assert zone.unknowns


def test_districts_of_ksj_and_estat_are_the_same_kind_of_zone() -> None:
    ksj = read(collection(a_feature(POLYGON, A16_001="2420101", A16_003="津市", A16_004=1)))
    estat = read(collection(a_feature(POLYGON, KEN="24", CITY="201", CITYNAME="津市", CLASS=1)))

    assert (ksj.zone_format, estat.zone_format) == ("did-ksj", "did-estat")
    assert (ksj.zones[0].identifier, estat.zones[0].identifier) == ("2420101", "DID24-201-1")
    for zone in (ksj.zones[0], estat.zones[0]):
        assert zone.kind is ZoneKind.DID
        assert zone.name.ja == "人口集中地区 津市 1"
        assert (zone.volumes[0].floor, zone.volumes[0].ceiling) == (None, None)


def test_an_airport_without_a_shape_lies_somewhere_in_its_prefecture() -> None:
    result = read(collection(a_feature(None, C28_000="#1", C28_001="24201", C28_005="津空港")))

    (volume,) = result.zones[0].volumes
    assert volume.unknowns
    assert volume.footprint.covers(shapely.Point(136.5, 34.7))
    assert not volume.footprint.covers(shapely.Point(139.7, 35.6))


def test_a_shapeless_double_of_an_airport_is_dropped_with_a_reason() -> None:
    result = read(
        collection(
            a_feature(POLYGON, C28_000="#1", C28_001="24201", C28_005="津空港"),
            a_feature(None, C28_000="#2", C28_001="24201", C28_005="津空港"),
        )
    )

    assert len(result.zones) == 1
    assert result.zones[0].kind is ZoneKind.AIRPORT
    assert [(note.identifier, note.action) for note in result.report] == [("#2", Action.DROPPED)]


def test_each_of_the_47_prefectures_has_an_extent() -> None:
    for code in range(1, 48):
        area = extent(f"{code:02d}")
        assert area is not None
        assert area.is_valid
    assert extent("48") is None


@pytest.mark.parametrize(
    ("code", "lat", "lon"),
    # Places at the edges of prefectures with far islands, and Tsu.
    [
        ("01", 45.4, 148.8),
        ("13", 34.07, 139.56),
        ("13", 27.09, 142.19),
        ("13", 24.28, 153.98),
        ("13", 20.42, 136.08),
        ("24", 34.73, 136.51),
        ("42", 34.65, 129.48),
        ("46", 27.04, 128.4),
        ("47", 24.34, 124.16),
        ("47", 25.83, 131.24),
    ],
)
def test_an_extent_reaches_the_islands(code: str, lat: float, lon: float) -> None:
    area = extent(code)

    assert area is not None
    assert area.covers(shapely.Point(lon, lat))


def test_an_airport_on_tokyos_islands_is_not_in_doubt_over_ise_bay() -> None:
    area = extent("13")

    assert area is not None
    assert not area.covers(shapely.Point(136.8, 34.5))


@needs_shared
def test_the_census_districts_of_mie_are_read_without_a_remark() -> None:
    result = read_zone_file(SHARED / "did_mie_2020_estat.geojson")

    assert (len(result.zones), result.report) == (26, ())
    assert len({zone.identifier for zone in result.zones}) == 26


@needs_shared
def test_the_shapeless_airports_are_reported_and_not_fatal() -> None:
    result = read_zone_file(SHARED / "airports_ksj_c28.geojson")

    assert len(result.report) == 23
    assert len(result.zones) + sum(n.action is Action.DROPPED for n in result.report) == 108
