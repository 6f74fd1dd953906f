import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from routes_planner.zones_in.reading import read_zone_file, read_zones
from routes_planner.zones_in.report import Action, Imported
from soramichi.domain.activation import active_intervals
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.flight import Name
from soramichi.domain.geozone import ZoneType
from soramichi.errors import BadFile

RING = [[136.0, 34.0], [137.0, 34.0], [137.0, 35.0], [136.0, 35.0], [136.0, 34.0]]
LAYER = {"lower": 100, "lowerReference": "AGL", "upper": 500, "upperReference": "WGS84", "uom": "m"}
JST = timezone(timedelta(hours=9))
SHARED = Path(__file__).parents[4] / "shared" / "data" / "geozones"


def a_feature(geometry: Any = None, **properties: Any) -> dict[str, Any]:
    own = {
        "identifier": "ABC1234",
        "country": "JPN",
        "name": [{"text": "Castle", "lang": "en-GB"}, {"text": "城", "lang": "ja-JP"}],
        "type": "REQ_AUTHORIZATION",
        "variant": "COMMON",
        "zoneAuthority": [{"purpose": "AUTHORIZATION", "email": "a@example.org"}],
    }
    if geometry is None:
        geometry = {"type": "Polygon", "coordinates": [RING], "layer": LAYER}
    return {"type": "Feature", "geometry": geometry, "properties": own | properties}


def read(*features: Any, **members: Any) -> Imported:
    document = {"type": "FeatureCollection", "features": list(features), **members}
    return read_zones("zones.json", json.dumps(document).encode())


def test_the_layer_that_geojson_readers_lose_is_read() -> None:
    result = read(a_feature())

    assert result.zone_format == "ed318"
    assert result.report == ()
    (volume,) = result.zones[0].volumes
    assert volume.floor == Altitude(100.0, Datum.AGL)
    assert volume.ceiling == Altitude(500.0, Datum.ELLIPSOID)


def test_names_are_read_by_language_in_any_order() -> None:
    assert read(a_feature()).zones[0].name == Name(ja="城", en="Castle")


def test_a_point_with_an_extent_is_a_circle_and_not_a_point() -> None:
    geometry = {
        "type": "Point",
        "coordinates": [136.5, 34.5],
        "extent": {"subType": "Circle", "radius": 500},
        "layer": LAYER,
    }
    (volume,) = read(a_feature(geometry)).zones[0].volumes

    assert volume.footprint.area == pytest.approx(3.14159 * 500**2 / (91_780 * 110_930), rel=0.01)


def test_a_point_without_its_extent_could_be_anywhere() -> None:
    (zone,) = read(a_feature({"type": "Point", "coordinates": [136.5, 34.5]})).zones

    assert zone.volumes == ()
    assert zone.unknowns


def test_each_geometry_of_a_collection_is_a_volume_with_its_own_layer() -> None:
    low = {"type": "Polygon", "coordinates": [RING], "layer": LAYER | {"uom": "ft"}}
    bare = {"type": "Polygon", "coordinates": [RING]}
    collection = {"type": "GeometryCollection", "geometries": [low, bare], "layer": LAYER}

    feet, shared = read(a_feature(collection)).zones[0].volumes

    assert feet.floor == Altitude(30.48, Datum.AGL)
    assert shared.floor == Altitude(100.0, Datum.AGL)


def test_the_unlimited_sentinel_is_no_limit() -> None:
    layer = LAYER | {"upper": 99999, "upperReference": "AMSL", "uom": "ft"}
    geometry = {"type": "Polygon", "coordinates": [RING], "layer": layer}

    (volume,) = read(a_feature(geometry)).zones[0].volumes

    assert volume.ceiling is None
    assert volume.unknowns == ()


def test_sun_events_are_hours_at_the_place_of_the_zone() -> None:
    schedule = [{"day": ["MON"], "startEvent": "SR", "endEvent": "SS"}]
    (zone,) = read(a_feature(limitedApplicability=[{"schedule": schedule}])).zones
    monday = datetime(2026, 11, 23, tzinfo=JST)

    ((opens, closes),) = active_intervals(zone, monday, monday + timedelta(days=1))

    assert opens.astimezone(JST).hour == 6
    assert closes.astimezone(JST).hour == 16


def test_a_clock_time_and_an_event_at_once_never_switch_a_zone_off() -> None:
    schedule = [{"day": ["ANY"], "startTime": "08:00Z", "startEvent": "SR", "endEvent": "SS"}]
    (zone,) = read(a_feature(limitedApplicability=[{"schedule": schedule}])).zones
    span = (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))

    assert zone.unknowns
    assert active_intervals(zone, *span) == (span,)


def test_the_british_spelling_is_repaired() -> None:
    result = read(a_feature(type="REQ_AUTHORISATION"))

    assert result.zones[0].zone_type is ZoneType.REQ_AUTHORIZATION
    assert [note.action for note in result.report] == [Action.REPAIRED]


@pytest.mark.parametrize(
    "slip",
    [
        {"identifier": "TOOLONG-8"},
        {"country": "JP"},
        {"variant": ["COMMON"]},
        {"zoneAuthority": []},
        {"name": [{"text": "no language"}]},
        {"name": "not a list"},
    ],
)
def test_a_slip_that_leaves_the_meaning_clear_is_noted_only(slip: dict[str, Any]) -> None:
    result = read(a_feature(**slip))

    assert [note.action for note in result.report] == [Action.NOTED]
    assert result.zones[0].unknowns == ()


@pytest.mark.parametrize("kind", [None, "FORBIDDEN", 5, ["PROHIBITED"]])
def test_an_unreadable_type_is_unknown_and_taken_as_the_strictest(kind: object) -> None:
    (zone,) = read(a_feature(type=kind)).zones

    assert zone.zone_type is ZoneType.PROHIBITED
    assert zone.unknowns


def test_the_stated_validity_of_the_file_is_kept() -> None:
    result = read(a_feature(), metadata={"validFrom": "2026-01-01T00:00:00Z"})

    assert result.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert result.valid_until is None


@pytest.mark.parametrize("metadata", [7, {"validTo": {"not": "a date"}}, {"validFrom": "soon"}])
def test_a_file_whose_own_validity_is_unreadable_is_refused(metadata: object) -> None:
    with pytest.raises(BadFile) as caught:
        read(a_feature(), metadata=metadata)

    assert (caught.value.field or "").startswith("metadata")


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "GeometryCollection"},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "LineString", "coordinates": RING},
        {"type": "Polygon", "coordinates": [RING[:2]]},
        {},
    ],
)
def test_a_geometry_that_encloses_nothing_leaves_a_zone_that_could_be_anywhere(
    geometry: dict[str, Any],
) -> None:
    _, zone = read(a_feature(), a_feature(geometry, identifier="Z2")).zones

    assert zone.volumes == ()
    assert zone.unknowns


def test_a_layer_that_is_no_object_is_unknown() -> None:
    geometry = {"type": "Polygon", "coordinates": [RING], "layer": [0, 100]}

    assert read(a_feature(geometry)).zones[0].volumes[0].unknowns


@pytest.mark.skipif(not SHARED.exists(), reason="the official examples are not at hand")
def test_the_official_examples_are_read_without_a_remark() -> None:
    for path in SHARED.glob("ed318_Example*.json"):
        result = read_zone_file(path)
        assert result.zone_format == "ed318"
        assert result.report == ()
        assert all(zone.volumes and not zone.unknowns for zone in result.zones)


@pytest.mark.skipif(not SHARED.exists(), reason="the official examples are not at hand")
def test_the_officially_invalid_example_is_refused_with_its_field() -> None:
    with pytest.raises(BadFile) as caught:
        read_zone_file(SHARED / "ed318_InvalidExample_GeoZone_2_Layers.json")

    assert caught.value.field == "metadata.validFrom"
