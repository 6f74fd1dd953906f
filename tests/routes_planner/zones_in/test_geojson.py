import json
from datetime import UTC, datetime
from typing import Any

import pytest

from routes_planner.zones_in.reading import read_zones
from routes_planner.zones_in.report import Action, Imported
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Activation, ZoneKind, ZoneType
from soramichi.errors import BadFile

RING = [[136.0, 34.0], [137.0, 34.0], [137.0, 35.0], [136.0, 35.0], [136.0, 34.0]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}


def a_feature(geometry: Any = POLYGON, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def read(document: Any) -> Imported:
    return read_zones("zones.geojson", json.dumps(document).encode())


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


@pytest.mark.parametrize("document", [POLYGON, a_feature(), collection(a_feature()), [a_feature()]])
def test_a_geometry_a_feature_and_a_collection_are_zones(document: object) -> None:
    result = read(document)

    assert result.zone_format == "geojson"
    (zone,) = result.zones
    assert zone.zone_type is ZoneType.PROHIBITED
    assert (zone.volumes[0].floor, zone.volumes[0].ceiling) == (None, None)


def test_the_documented_properties_are_read() -> None:
    (zone,) = read(
        a_feature(
            identifier="Z9",
            name_ja="城",
            name_en="castle",
            zone_type="CONDITIONAL",
            kind="red",
            floor_m=10,
            floor_datum="AGL",
            ceiling_m="300",
            ceiling_datum="AMSL",
            starts_at="2026-11-23T00:00:00Z",
        )
    ).zones

    assert (zone.identifier, zone.name) == ("Z9", Name(ja="城", en="castle"))
    assert (zone.zone_type, zone.kind) == (ZoneType.CONDITIONAL, ZoneKind.RED)
    assert zone.volumes[0].floor == Altitude(10.0, Datum.AGL)
    assert zone.volumes[0].ceiling == Altitude(300.0, Datum.AMSL)
    assert zone.activations == (Activation(starts_at=datetime(2026, 11, 23, tzinfo=UTC)),)


@pytest.mark.parametrize(
    "properties",
    [
        {"upper": 100, "upperReference": "AGL"},
        {"upperLimit": 100, "upperVerticalReference": "AGL"},
        {"ceiling_m": 100, "ceiling_datum": "AGL"},
    ],
)
def test_three_families_of_height_properties_mean_the_same(properties: dict[str, Any]) -> None:
    (volume,) = read(a_feature(**properties)).zones[0].volumes

    assert volume.ceiling == Altitude(100.0, Datum.AGL)


def test_a_height_without_its_datum_is_unknown() -> None:
    (volume,) = read(a_feature(ceiling_m=100)).zones[0].volumes

    assert volume.ceiling is None
    assert volume.unknowns


def test_a_point_with_a_radius_is_a_circle() -> None:
    point = {"type": "Point", "coordinates": [136.5, 34.5]}

    assert read(a_feature(point, radius_m=500)).zones[0].volumes


def test_points_and_lines_are_dropped_with_a_reason() -> None:
    line = {"type": "LineString", "coordinates": RING}

    result = read(collection(a_feature(), a_feature(line)))

    assert len(result.zones) == 1
    assert [note.action for note in result.report] == [Action.DROPPED]


def test_a_file_without_any_area_is_refused() -> None:
    with pytest.raises(BadFile):
        read(a_feature({"type": "LineString", "coordinates": RING}))


def test_a_multipolygon_with_one_bad_part_is_one_zone_and_one_anywhere() -> None:
    geometry = {"type": "MultiPolygon", "coordinates": [[RING], [[[0, 0]]]]}

    placed, lost = read(a_feature(geometry)).zones

    assert placed.volumes[0].footprint.area == pytest.approx(1.0)
    assert lost.volumes == ()
    assert lost.unknowns


def test_other_coordinates_than_degrees_are_refused() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}

    with pytest.raises(BadFile) as caught:
        read(collection(a_feature(), crs=crs))

    assert caught.value.field == "crs"


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::6668"])
def test_the_japanese_datum_is_degrees_too(name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}

    assert read(collection(a_feature(), crs=crs)).zones


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"[]",
        b"[1]",
        b"{}",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"type": "FeatureCollection"}',
        b'{"type": "FeatureCollection", "features": {}}',
        b'{"a":' * 100_000,
        b"[" * 200_000,
        b'{"type":"Polygon","coordinates":[[[NaN,0],[1,0],[1,1]]]}',
        b"PK\x03\x04",
        b"<html></html>",
        b"<kml",
    ],
)
def test_what_is_no_zone_file_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(BadFile) as caught:
        read_zones("some.file", data)

    assert "some.file" in str(caught.value)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert read_zones("z", b"\xef\xbb\xbf" + json.dumps(POLYGON).encode()).zones


def test_an_unheard_of_format_name_is_refused() -> None:
    with pytest.raises(BadFile):
        read_zones("z", json.dumps(POLYGON).encode(), zone_format="shapefile")
