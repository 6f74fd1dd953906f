import json
from datetime import date
from pathlib import Path

import pytest
import shapely

from routes_planner.check import check
from routes_planner.demonstration import (
    demonstration_routes,
    demonstration_sea,
    demonstration_zones,
)
from routes_planner.rules.apply import zones_for
from routes_planner.rules.ruleset import load
from routes_planner.rules.verdicts import with_rules
from routes_planner.surroundings import survey
from routes_planner.verdict import Answer, Verdict
from soramichi.domain import geoid
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.geozone import ZoneKind
from soramichi.domain.position import Position
from soramichi.domain.terrain import surface_amsl_m
from tools import mie_demonstration

BASE_MAP = Path(__file__).parents[2] / "maps" / "static" / "basemap" / "mie.geojson"
OFFICIAL = Path(__file__).parents[3] / "shared" / "data" / "geozones" / "did_mie_2020_estat.geojson"


def judged(name: str, aircraft_class: AircraftClass) -> Verdict:
    rules = load()
    (route,) = (route for route in demonstration_routes().corridors if route.name == name)
    zones = zones_for(demonstration_zones().zones, rules, aircraft_class, date(2026, 11, 23))
    surroundings = survey(zones, geoid=geoid, terrain=demonstration_sea())
    return with_rules(check(route, surroundings), route, rules, zones)


def test_the_shipped_files_are_what_their_maker_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = mie_demonstration.DATA
    monkeypatch.setattr(mie_demonstration, "DATA", tmp_path)

    mie_demonstration.main()

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["mie-routes.geojson", "mie-sea.geojson", "mie-zones.json"]
    for name in names:
        assert json.loads((tmp_path / name).read_text()) == json.loads((shipped / name).read_text())


def test_the_zones_are_read_without_a_remark_and_say_that_they_are_illustrative() -> None:
    result = demonstration_zones()

    assert result.zone_format == "ed318"
    assert result.report == ()
    kinds = {zone.kind for zone in result.zones}
    assert kinds == {ZoneKind.DID, ZoneKind.OTHER, ZoneKind.AIRPORT_SURFACE}
    assert all(zone.message is not None and zone.name.ja for zone in result.zones)


def test_route_a_over_the_bay_passes_and_route_b_along_the_coast_does_not() -> None:
    over_bay = judged("route-a", AircraftClass.HELICOPTER)
    along_coast = judged("route-b", AircraftClass.HELICOPTER)

    assert over_bay.answer is Answer.PASS
    assert {f.zone.identifier.split("-")[0] for f in over_bay.findings if f.zone} == {"CHUBU"}
    assert along_coast.answer is Answer.FAIL
    assert "MIE-S01" in {f.zone.identifier for f in along_coast.findings if f.zone}
    assert 60_000.0 < over_bay.metrics.length_m < 70_000.0 < along_coast.metrics.length_m


def test_a_flying_car_does_not_pass_above_the_surfaces_of_chubu_unasked() -> None:
    assert judged("route-a", AircraftClass.EVTOL).answer is Answer.FAIL


@pytest.mark.skipif(not BASE_MAP.exists(), reason="the base map is not at hand")
def test_the_sea_lies_off_the_coast_of_the_base_map() -> None:
    plane = LocalPlane(Position(latitude_deg=34.6, longitude_deg=136.8))
    window = shapely.box(136.4, 34.2, 137.2, 35.1)
    features = json.loads(BASE_MAP.read_text())["features"]
    land = [
        shapely.intersection(
            shapely.make_valid(shapely.from_geojson(json.dumps(f["geometry"]))), window
        )
        for f in features
        if f["properties"]["kind"] == "land"
    ]
    sea = plane.metres(shapely.Polygon(mie_demonstration.SEA))

    # The base map's coast is good to about 200 m.
    assert sea.is_valid
    assert sea.distance(plane.metres(shapely.union_all(land))) > 300.0
    at_sea = Position(latitude_deg=34.7, longitude_deg=136.7)
    assert surface_amsl_m(demonstration_sea(), at_sea) == 0.0


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official districts are not at hand")
def test_the_outlines_lie_where_the_official_districts_do() -> None:
    features = json.loads(OFFICIAL.read_text())["features"]
    official = shapely.union_all(
        [shapely.make_valid(shapely.from_geojson(json.dumps(f["geometry"]))) for f in features]
    )
    for identifier, (_, ring) in mie_demonstration.TOWNS.items():
        outline = shapely.Polygon(ring)
        if identifier in ("MIE-D06", "MIE-D07"):
            continue  # Toba and Shima have no district in that census
        assert outline.intersection(official).area > 0.35 * outline.area, identifier
