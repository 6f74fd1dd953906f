import itertools
import json
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import shapely
from pyproj import Geod

from routes_planner import desk
from routes_planner.candidates_in.candidate import Stated
from routes_planner.candidates_in.reading import read_candidates
from routes_planner.check import check
from routes_planner.demonstration import (
    demonstration_routes,
    demonstration_sea,
    demonstration_zones,
)
from routes_planner.distribute import Task
from routes_planner.rules.apply import zones_for
from routes_planner.rules.ruleset import load
from routes_planner.rules.verdicts import with_rules
from routes_planner.surroundings import survey
from routes_planner.verdict import Answer, Verdict
from routes_planner.zones_in.reading import read_zone_file
from soramichi.domain import geoid
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geodesy import LocalPlane, distance_m
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


def test_what_a_search_proposes_is_judged_the_same_when_it_is_read_back() -> None:
    """On this way an arc has next to no room, and its points are one when they are written."""
    planner = Task(
        zones=demonstration_zones().zones, today=date(2026, 11, 23), rules=load()
    ).planner()
    ise, kuwana = (
        Position(longitude_deg=lon, latitude_deg=lat)
        for lon, lat in ((136.709, 34.487), (136.684, 35.062))
    )
    asked = desk.request(Stated(aircraft_class=AircraftClass.EVTOL), ise, kuwana)

    [proposal] = planner.search(asked).proposals
    found = {"type": "FeatureCollection", "features": [desk.corridor_feature(proposal.corridor)]}
    [again] = read_candidates("found.geojson", json.dumps(found).encode()).corridors
    [verdict] = planner.check([again])

    assert (again.waypoints, again.heights) == (
        proposal.corridor.waypoints,
        proposal.corridor.heights,
    )
    assert verdict.answer is proposal.verdict.answer is not Answer.FAIL
    assert verdict.findings == proposal.verdict.findings
    legs = [distance_m(*pair) for pair in itertools.pairwise(again.waypoints)]
    assert min(legs) > 0.09


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


@cache
def official_verdicts(shared_data: Path) -> dict[str, Verdict]:
    folder = shared_data / "geozones"
    files = [folder / name for name in ("did_mie_2020_estat.geojson", "airports_ksj_c28.geojson")]
    zones = tuple(zone for path in files for zone in read_zone_file(path).zones)
    planner = Task(zones=zones, today=date(2026, 11, 23), rules=load()).planner()
    return {v.candidate: v for v in planner.check(demonstration_routes().corridors)}


def test_by_the_official_files_only_route_b_crosses_districts(shared_data: Path) -> None:
    verdicts = official_verdicts(shared_data)
    over_bay, along_coast = verdicts["route-a"], verdicts["route-b"]

    assert over_bay.answer is Answer.PASS
    assert {f.zone and f.zone.name.ja for f in over_bay.findings} == {"中部国際空港"}
    # How high it must be over a district depends on its ground: not known is not passed.
    assert along_coast.answer is Answer.UNKNOWN
    places = {f.zone.name.ja for f in along_coast.findings if f.zone and "DID" in f.zone.identifier}
    assert places
    for route, verdict in (("route-a", over_bay), ("route-b", along_coast)):
        metres = metres_over_districts(shared_data, route)
        assert verdict.metrics.over_did_m == pytest.approx(metres, rel=1e-3, abs=0.1)
    assert over_bay.metrics.nearest_did_m == pytest.approx(16_572.0, rel=1e-3)


def metres_over_districts(shared_data: Path, route: str) -> float:
    """The same with shapely and pyproj.Geod: the part of the finely cut line in the districts."""
    earth = Geod(ellps="WGS84")
    path = shared_data / "geozones" / "did_mie_2020_estat.geojson"
    districts = shapely.union_all(
        [
            shapely.make_valid(shapely.from_geojson(json.dumps(feature["geometry"])))
            for feature in json.loads(path.read_text())["features"]
        ]
    )
    [line] = [one for one in demonstration_routes().corridors if one.name == route]
    at: list[tuple[float, float]] = []
    for a, b in itertools.pairwise(line.waypoints):
        at += [a.lonlat, *earth.npts(*a.lonlat, *b.lonlat, 500), b.lonlat]
    return float(earth.geometry_length(shapely.LineString(at).intersection(districts)))


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_table_of_the_readme_tells_the_official_figures(shared_data: Path, readme: str) -> None:
    text = (Path(__file__).parents[2] / readme).read_text()

    for verdict in official_verdicts(shared_data).values():
        metrics = verdict.metrics
        assert metrics.over_did_m is not None
        assert metrics.over_did_s is not None
        assert metrics.nearest_did_m is not None
        figures = (
            metrics.length_m / 1_000.0,
            metrics.duration_s / 60.0,
            metrics.over_did_m / 1_000.0,
            metrics.over_did_s / 60.0,
            metrics.nearest_did_m / 1_000.0,
        )
        assert " | ".join(f"{one:.1f}" for one in figures) in text, verdict.candidate


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
