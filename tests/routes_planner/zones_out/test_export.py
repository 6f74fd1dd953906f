import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import shapely
from referencing import Registry, Resource

from routes_planner.zones_in.reading import read_zones
from routes_planner.zones_out import ed318, geojson
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.flight import Name
from soramichi.domain.geozone import (
    Activation,
    Authority,
    Containment,
    DailyWindow,
    Geozone,
    SunEvent,
    Unknown,
    ZoneKind,
    ZoneType,
    ZoneVolume,
)

SCHEMA = Path(__file__).parents[4] / "shared" / "data" / "geozones" / "ed318_schema"
JST = timezone(timedelta(hours=9))
PROVIDER = Name(ja="そらみち", en="Soramichi")
ISSUED = datetime(2026, 11, 23, tzinfo=UTC)
HOLED = shapely.Polygon(
    shapely.box(136, 34, 137, 35).exterior, [shapely.box(136.4, 34.4, 136.6, 34.6).exterior]
)

ZONE = Geozone(
    identifier="DID24-201-1",
    name=Name(ja="試験区域", en="a zone for tests"),
    zone_type=ZoneType.REQ_AUTHORIZATION,
    kind=ZoneKind.DID,
    volumes=(
        ZoneVolume(
            footprint=HOLED,
            floor=Altitude(30.0, Datum.AGL),
            ceiling=Altitude(300.0, Datum.AMSL),
        ),
        ZoneVolume(
            footprint=shapely.MultiPolygon([shapely.box(1, 1, 2, 2), shapely.box(3, 3, 4, 4)])
        ),
    ),
    activations=(
        Activation(
            starts_at=datetime(2026, 11, 1, tzinfo=UTC),
            windows=(
                DailyWindow(
                    weekdays=frozenset({0, 6}),
                    starts=time(22, tzinfo=JST),
                    ends=time(5, tzinfo=JST),
                ),
                DailyWindow(weekdays=frozenset(range(7)), starts=SunEvent.SS, ends=SunEvent.BMCT),
            ),
        ),
    ),
    source="file.json",
    country="JPN",
    reasons=("POPULATION", "FOREIGN_TERRITORY"),
    authorities=(
        Authority(name=Name(ja="三重県", en="Mie"), email="a@example.org", phone="0", service="x"),
    ),
    message=Name(ja="注意", en="careful"),
)
NOWHERE = replace(
    ZONE,
    identifier="NOWHERE",
    volumes=(),
    unknowns=(Unknown(field="geometry", reason=Name(ja="形がない", en="no shape")),),
)
FENCE = replace(
    ZONE, identifier="F", containment=Containment.KEEP_IN, zone_type=ZoneType.PROHIBITED, country=""
)


def exported(*zones: Geozone) -> dict[str, Any]:
    return json.loads(json.dumps(ed318.collection(zones, provider=PROVIDER, issued=ISSUED)))  # type: ignore[no-any-return]


def back(document: dict[str, Any]) -> tuple[Geozone, ...]:
    return read_zones("file.json", json.dumps(document).encode()).zones


@pytest.mark.skipif(not SCHEMA.exists(), reason="the published schema is not at hand")
def test_the_export_validates_against_the_published_schema() -> None:
    registry: Registry[Any] = Registry().with_resources(
        (path.name, Resource.from_contents(json.loads(path.read_text())))
        for path in SCHEMA.glob("*.json")
    )
    schema = json.loads((SCHEMA / "Schema_GeoZones.json").read_text()) | {
        "$id": "Schema_GeoZones.json"
    }
    validator = jsonschema.Draft7Validator(
        schema, registry=registry, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
    )

    document = exported(ZONE, NOWHERE, FENCE)

    assert [error.message for error in validator.iter_errors(document)] == []
    document["features"][0]["properties"]["identifier"] = "far too long"
    assert list(validator.iter_errors(document)), "the validator must be able to fail"


def test_ed318_there_and_back_is_the_same_zone() -> None:
    (zone,) = back(exported(ZONE))

    def comparable(zone: Geozone) -> Geozone:
        volumes = (replace(v, footprint=shapely.normalize(v.footprint)) for v in zone.volumes)
        return replace(zone, volumes=tuple(volumes), properties={})

    assert comparable(replace(zone, reasons=ZONE.reasons)) == comparable(ZONE)


def test_shells_run_counterclockwise_as_rfc_7946_wants() -> None:
    for feature in exported(ZONE)["features"]:
        for part in feature["geometry"]["geometries"]:
            shape = shapely.from_geojson(json.dumps(part))
            assert shape.equals_exact(shapely.orient_polygons(shape))


@pytest.mark.parametrize("write", [exported, lambda *zones: geojson.collection(zones)])
def test_what_was_unknown_stays_unknown(write: Any) -> None:
    (again,) = back(write(NOWHERE))

    assert again.volumes == ()
    assert any(unknown.reason.en == "no shape" for unknown in again.unknowns)


@pytest.mark.parametrize("write", [exported, lambda *zones: geojson.collection(zones)])
def test_a_fence_to_stay_inside_of_never_turns_inside_out(write: Any) -> None:
    again = back(write(FENCE))[0]

    assert again.containment is Containment.KEEP_IN
    assert again.zone_type is ZoneType.PROHIBITED


def test_a_foreign_reader_of_ed318_is_not_told_to_keep_out_of_a_fence() -> None:
    assert exported(FENCE)["features"][0]["properties"]["type"] == "CONDITIONAL"


def test_geojson_there_and_back_keeps_every_volume_with_its_band_and_hours() -> None:
    zones = back(geojson.collection([ZONE]))

    assert [zone.volumes[0].floor for zone in zones] == [v.floor for v in ZONE.volumes]
    assert [zone.volumes[0].ceiling for zone in zones] == [v.ceiling for v in ZONE.volumes]
    assert all(zone.activations == ZONE.activations for zone in zones)
    assert all(zone.kind is ZoneKind.DID for zone in zones)
