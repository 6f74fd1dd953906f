import json
import os
import random
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from routes_planner.candidates_in.candidate import TYPICAL, Stated
from routes_planner.candidates_in.reading import FORMATS, Candidates, read_candidates
from routes_planner.desk import corridor_feature
from routes_planner.zones_in.report import Action
from soramichi.__main__ import main
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass
from soramichi.errors import BadFile

MUTATIONS = int(os.environ.get("MUTATIONS", "1500"))
LINE = [[136.5, 34.3, 100.0], [136.6, 34.4, 120.0]]
SHARED = Path(__file__).parents[4] / "shared" / "data" / "missions"


def read(data: Any, **stated: Any) -> Candidates:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return read_candidates("route.file", raw, stated=Stated(**stated))


def one(data: Any, **stated: Any) -> Corridor:
    (corridor,) = read(data, **stated).corridors
    return corridor


def a_feature(coordinates: Any = LINE, kind: str = "LineString", **properties: Any) -> Any:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def metres(corridor: Corridor) -> list[float] | None:
    return None if corridor.heights is None else [height.metres for height in corridor.heights]


def datum(corridor: Corridor) -> Datum | None:
    return None if corridor.heights is None else corridor.heights[0].datum


def test_a_geojson_line_with_everything_stated_assumes_nothing() -> None:
    corridor = one(
        a_feature(
            name="route-a",
            aircraft_class="evtol",
            width_m=400,
            speed_mps=50,
            vertical_speed_mps=5,
            below_m=20,
            above_m=30,
            departs_at="2026-11-23T10:00:00+09:00",
            height_datum="AMSL",
        )
    )

    assert corridor.name == "route-a"
    assert corridor.waypoints[0].lonlat == (136.5, 34.3)
    assert corridor.heights == (Altitude(100.0, Datum.AMSL), Altitude(120.0, Datum.AMSL))
    assert corridor.half_width_m == 200.0
    assert (corridor.below_m, corridor.above_m) == (20.0, 30.0)
    assert (corridor.ground_speed_mps, corridor.vertical_speed_mps) == (50.0, 5.0)
    assert corridor.departs_at == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert corridor.aircraft_class is AircraftClass.EVTOL
    assert corridor.assumed == ()
    assert corridor.source == "route.file"


def test_what_nobody_stated_is_typical_of_the_class_and_named() -> None:
    corridor = one(a_feature(aircraft_class="drone"))

    assert corridor.half_width_m == TYPICAL[AircraftClass.DRONE].width_m / 2
    assert set(corridor.assumed) == {
        "half_width_m", "ground_speed_mps", "vertical_speed_mps", "below_m", "above_m",
    }  # fmt: skip
    assert "aircraft_class" in one(a_feature()).assumed
    assert one(a_feature()).departs_at is None


def test_the_planners_word_goes_before_the_files() -> None:
    depart = datetime(2026, 11, 23, tzinfo=UTC)
    corridor = one(
        a_feature(width_m=400, speed_mps=50, aircraft_class="evtol"),
        width_m=60.0,
        ground_speed_mps=12.0,
        aircraft_class=AircraftClass.DRONE,
        departs_at=depart,
        height_datum=Datum.AGL,
    )

    assert (corridor.half_width_m, corridor.ground_speed_mps) == (30.0, 12.0)
    assert corridor.aircraft_class is AircraftClass.DRONE
    assert corridor.departs_at == depart
    assert datum(corridor) is Datum.AGL


def test_heights_without_a_datum_stay_unknown_and_are_reported() -> None:
    result = read(a_feature())

    assert result.corridors[0].heights is None
    assert [note.field for note in result.report] == ["height_datum"]


def test_a_height_missing_at_one_waypoint_is_not_invented() -> None:
    result = read(a_feature([LINE[0], [136.6, 34.4]], height_datum="AMSL"))

    assert result.corridors[0].heights is None
    assert result.report[0].action is Action.UNKNOWN


def test_one_height_for_the_whole_line() -> None:
    corridor = one(a_feature([p[:2] for p in LINE], height_m=300, height_datum="WGS84"))

    assert metres(corridor) == [300.0, 300.0]
    assert datum(corridor) is Datum.ELLIPSOID


def test_every_part_of_a_multilinestring_is_a_candidate_and_names_stay_apart() -> None:
    collection = {
        "type": "FeatureCollection",
        "features": [a_feature([LINE, LINE], "MultiLineString", name="r"), a_feature(name="r-1")],
    }

    assert [c.name for c in read(collection).corridors] == ["r-1", "r-2", "r-1#2"]


def test_points_beside_a_line_are_dropped_with_a_reason() -> None:
    point = a_feature([136.5, 34.3], "Point", name="port")

    result = read({"type": "FeatureCollection", "features": [point, a_feature()]})

    assert len(result.corridors) == 1
    assert (result.report[0].identifier, result.report[0].action) == ("port", Action.DROPPED)


def told_in_japanese(error: BadFile) -> None:
    """The same file and member, with a reason in Japanese."""
    assert error.ja is not None
    assert error.ja.startswith(str(error).removesuffix(error.reason))
    assert re.search("[ぁ-ん]", error.ja)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"width_m": "wide"}, "r.width_m"),
        ({"width_m": -5}, "r.width_m"),
        ({"speed_mps": 0}, "r.speed_mps"),
        ({"speed_mps": float("1e400")}, None),
        ({"above_m": 1e18}, "r"),
        ({"width_m": 1e6}, "r.width_m"),
        ({"height_m": 1e6, "height_datum": "AMSL"}, "r"),
        ({"departs_at": "10 o'clock"}, "r.departs_at"),
        ({"departs_at": "2026-11-23T10:00:00"}, "r.departs_at"),
        ({"height_datum": "moon"}, "r.height_datum"),
        ({"aircraft_class": "balloon"}, "r.aircraft_class"),
        ({"coordinates": [[136.5, 34.3]]}, "r"),
        ({"coordinates": [[136.5, 34.3], [136.5, 34.3]]}, "r"),
        ({"coordinates": [[34.3, 136.5], [34.4, 136.6]]}, "r[0]"),
        ({"coordinates": [[136.5, 34.3], [136.6, None]]}, "r[1]"),
        ({"coordinates": None}, "r"),
    ],
)
def test_what_makes_no_sense_is_refused_with_file_member_and_reason(
    changes: dict[str, Any], field: str | None
) -> None:
    coordinates = changes.pop("coordinates", LINE)
    with pytest.raises(BadFile) as caught:
        read(a_feature(coordinates, name="r", **changes))

    assert caught.value.file == "route.file"
    assert caught.value.field == field
    assert caught.value.exit_code == 2
    told_in_japanese(caught.value)


KML = """<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>道</name>
<ExtendedData><Data name="width_m"><value>80</value></Data></ExtendedData>
<LineString>{mode}<coordinates>136.5,34.3,100 136.6,34.4,120</coordinates></LineString>
</Placemark></kml>"""


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("absolute", Datum.AMSL),
        ("relativeToGround", Datum.AGL),
        ("clampToGround", None),
        ("", None),
    ],
)
def test_the_altitude_mode_of_kml_is_the_datum(mode: str, expected: Datum | None) -> None:
    element = f"<altitudeMode>{mode}</altitudeMode>" if mode else ""
    corridor = one(KML.format(mode=element).encode())

    assert datum(corridor) is expected
    assert (corridor.name, corridor.half_width_m) == ("道", 40.0)


GPX = b"""<gpx xmlns="http://www.topografix.com/GPX/1/1"><rte><name>r</name>
<rtept lat="34.3" lon="136.5"><ele>100</ele></rtept><rtept lat="34.4" lon="136.6"><ele>120</ele>
</rtept></rte><trk><trkseg><trkpt lat="34.3" lon="136.5"/></trkseg><trkseg>
<trkpt lat="34.4" lon="136.6"/></trkseg></trk></gpx>"""


def test_gpx_routes_and_tracks_are_candidates_whose_heights_have_no_datum() -> None:
    route, track = read(GPX).corridors

    assert (route.name, len(track.waypoints)) == ("r", 2)
    assert route.heights is None
    assert metres(read(GPX, height_datum=Datum.AMSL).corridors[0]) == [100.0, 120.0]


def test_csv_columns_name_the_datum_and_rows_group_by_name() -> None:
    data = (
        "\ufeffRoute,Latitude,Longitude,height_agl_m,width_m\n"
        "a,34.3,136.5,100,80\na,34.4,136.6,110,\nb,34.3,136.5,90,\nb,34.5,136.5,95,\n"
    )
    a, b = read(data.encode()).corridors

    assert (a.name, b.name) == ("a", "b")
    assert (metres(a), datum(a)) == ([100.0, 110.0], Datum.AGL)
    assert a.half_width_m == 40.0


def test_csv_from_a_japanese_spreadsheet_is_read() -> None:
    data = "名称,緯度,経度,標高\n伊勢湾,34.3,136.5,20\n伊勢湾,34.4,136.6,30\n".encode("cp932")

    bay = one(data)

    assert bay.name == "伊勢湾"
    assert bay.waypoints[0].lonlat == (136.5, 34.3)
    assert (metres(bay), datum(bay)) == ([20.0, 30.0], Datum.AMSL)


def test_degrees_the_wrong_way_round_are_told_as_such() -> None:
    with pytest.raises(BadFile, match="wrong way round") as caught:
        read(b"lon,lat\n34.3,136.5\n34.4,136.6\n")

    assert "入れ替わっていませんか" in str(caught.value.ja)


def an_item(command: int = 16, frame: int = 3, **changes: Any) -> dict[str, Any]:
    item = {
        "type": "SimpleItem",
        "command": command,
        "frame": frame,
        "doJumpId": 1,
        "params": [0, 0, 0, None, 34.4, 136.6, 50],
    }
    return item | changes


def a_plan(*items: Any, **mission: Any) -> dict[str, Any]:
    own = {
        "items": list(items),
        "plannedHomePosition": [34.3, 136.5, 12.0],
        "hoverSpeed": 5,
        "cruiseSpeed": 15,
        "vehicleType": 2,
    }
    return {"fileType": "Plan", "mission": own | mission}


def test_a_plan_starts_at_home_and_its_positions_are_latitude_first() -> None:
    corridor = one(a_plan(an_item()))

    assert [place.lonlat for place in corridor.waypoints] == [(136.5, 34.3), (136.6, 34.4)]
    assert (metres(corridor), datum(corridor)) == ([0.0, 50.0], Datum.TAKEOFF)
    assert corridor.takeoff_amsl_m == 12.0
    assert corridor.ground_speed_mps == 5.0
    assert one(a_plan(an_item(), vehicleType=1)).ground_speed_mps == 15.0


@pytest.mark.parametrize(("frame", "expected"), [(3, Datum.TAKEOFF), (10, Datum.AGL)])
def test_the_frame_is_the_datum(frame: int, expected: Datum) -> None:
    assert datum(one(a_plan(an_item(frame=frame)))) is expected


def test_relative_and_absolute_items_meet_by_the_height_of_home() -> None:
    corridor = one(a_plan(an_item(frame=3), an_item(frame=0)))

    assert (metres(corridor), datum(corridor)) == ([12.0, 62.0, 50.0], Datum.AMSL)


def test_terrain_and_absolute_items_do_not_meet() -> None:
    result = read(a_plan(an_item(frame=10), an_item(frame=0)))

    assert result.corridors[0].heights is None
    assert any(note.field == "frame" for note in result.report)


@pytest.mark.parametrize(
    "changes",
    [
        {"frame": 77},
        {"frame": None},
        {"AltitudeMode": 2},
        {"frame": 0, "AltitudeMode": 3, "AMSLAltAboveTerrain": 999},
    ],
)
def test_a_frame_that_the_plan_contradicts_has_no_datum(changes: dict[str, Any]) -> None:
    result = read(a_plan(an_item(**changes)))

    assert result.corridors[0].heights is None
    assert result.report


def test_a_takeoff_without_a_position_is_at_home_and_a_return_ends_there() -> None:
    takeoff = an_item(22, params=[0, 0, 0, None, None, None, 30])
    back = an_item(20, frame=2, params=[0, 0, 0, 0, 0, 0, 0])

    corridor = one(a_plan(takeoff, an_item(), back))

    assert [p.lonlat for p in corridor.waypoints] == [
        (136.5, 34.3), (136.5, 34.3), (136.6, 34.4), (136.5, 34.3),
    ]  # fmt: skip
    assert metres(corridor) == [0.0, 30.0, 50.0, 50.0]


def test_a_survey_keeps_its_waypoints_inside() -> None:
    survey = {"type": "ComplexItem", "TransectStyleComplexItem": {"Items": [an_item(), an_item()]}}

    assert len(one(a_plan(survey)).waypoints) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"params": [30, 0, 0, None, 34.4, 136.6, 50]},  # holds for half a minute
        {"command": 19, "params": ["long", 0, 0, None, 34.4, 136.6, 50]},
        {"command": 17},
        {"command": 93, "params": [60, -1, -1, -1, 0, 0, 0]},
        {"command": 178, "params": [1, 3, -1, 0, 0, 0, 0]},
    ],
)
def test_after_waiting_no_time_of_passage_is_known(changes: dict[str, Any]) -> None:
    departs = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    result = read(a_plan(an_item(), an_item(**changes), an_item()), departs_at=departs)

    assert result.corridors[0].departs_at is None
    assert [note.action for note in result.report] == [Action.UNKNOWN]
    assert one(a_plan(an_item()), departs_at=departs).departs_at == departs
    # Nor is it once the line is written down and read again.
    assert not result.corridors[0].timed
    again = {"type": "FeatureCollection", "features": [corridor_feature(result.corridors[0])]}
    assert one(again, departs_at=departs).departs_at is None


@pytest.mark.parametrize(
    "plan",
    [
        {"fileType": "Plan"},
        a_plan(an_item(), an_item(94)),  # puts its load down, elsewhere
        a_plan(an_item(), an_item(177, params=[1, 5, 0, 0, 0, 0, 0])),
        a_plan(an_item(), an_item(command="16")),  # type: ignore[arg-type]
        a_plan(),
        a_plan({"type": "ComplexItem", "complexItemType": "StructureScan"}),
        a_plan(an_item(), plannedHomePosition=[34.3]),
        a_plan(an_item(), plannedHomePosition=[136.5, 34.3, 0]),
        a_plan(an_item(params=[1])),
        a_plan("item"),
    ],
)
def test_a_plan_whose_line_is_not_in_the_file_is_refused(plan: dict[str, Any]) -> None:
    with pytest.raises(BadFile) as caught:
        read(plan)

    told_in_japanese(caught.value)


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded survey is not at hand")
def test_the_recorded_survey_is_flown_as_planned() -> None:
    data = (SHARED / "qgc_mission_survey.plan").read_bytes()

    corridor = one(data)

    assert len(corridor.waypoints) == 9
    assert set(metres(corridor) or []) == {0.0, 50.0}
    assert corridor.waypoints[1].latlon == (47.397705960554916, 8.546339694155481)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"<svg/>", b"a,b\n1,2\n", b"\x00\xff", b"5"])
def test_what_holds_no_line_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile) as caught:
        read(data)

    told_in_japanese(caught.value)


JUNK: tuple[Any, ...] = (None, True, -1, 1e308, "", "x", "\x00", [], {}, [None], [[]], "34.3", 3.5)
CSV = b"name,lat,lon,height_m,height_datum\na,34.3,136.5,10,AGL\na,34.4,136.6,10,AGL\n"
WHOLE: dict[str, Any] = {
    "geojson": a_feature(name="r", height_datum="AMSL", departs_at="2026-11-23T00:00:00Z"),
    "qgc": a_plan(an_item(22), {"type": "ComplexItem", "Items": [an_item()]}, an_item(20)),
    "kml": KML.format(mode="<altitudeMode>absolute</altitudeMode>").encode(),
    "gpx": GPX,
    "csv": CSV,
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_broken_file_is_read_or_refused_and_never_a_traceback(name: str) -> None:
    rng = random.Random(f"{name} {MUTATIONS}")
    assert read(WHOLE[name]).candidate_format == name
    for _ in range(MUTATIONS // len(FORMATS)):
        try:
            corridors = read(_mutated(WHOLE[name], rng)).corridors
        except BadFile as error:
            told_in_japanese(error)
            continue
        assert corridors


@pytest.mark.parametrize("name", FORMATS)
def test_the_command_refuses_what_the_reader_does_and_passes_nothing_through_a_wall(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(f"{name} through the command")
    route, wall = tmp_path / "route.file", tmp_path / "wall.geojson"
    # All of the Earth up to 84 degrees is closed: whatever line the file still has is in it.
    east = (-179.9, -90.0, 0.0, 90.0, 179.9)
    ring = [[lon, -84.0] for lon in east] + [[lon, 84.0] for lon in east[::-1]]
    closed = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    wall.write_text(
        json.dumps({"type": "Feature", "properties": {"type": "PROHIBITED"}, "geometry": closed})
    )
    arguments = ["routes", "check", str(route), "--geozones", str(wall), "--rules", "none"]
    whole = WHOLE[name] if isinstance(WHOLE[name], bytes) else json.dumps(WHOLE[name]).encode()
    codes = []
    for data in [whole, *(_mutated(WHOLE[name], rng) for _ in range(max(MUTATIONS // 200, 10)))]:
        route.write_bytes(data)
        monkeypatch.setattr("sys.argv", ["soramichi", *arguments, "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        try:
            read(data)
        except BadFile:
            assert ended.value.code == 2, data
            assert said.out == ""
            assert re.search(r"soramichi: .* / route\.file: .*[ぁ-ん]", said.err, re.DOTALL)
            assert said.err.startswith("soramichi: ") or "\nsoramichi: " in said.err
        else:
            assert ended.value.code in (1, 2), data
        codes.append(ended.value.code)
    assert codes[0] == 1


def _mutated(whole: Any, rng: random.Random) -> bytes:
    """The file with a few bytes changed, or one member of its document."""
    text = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
    if not isinstance(whole, bytes) and rng.random() >= 0.3:
        return json.dumps(_with_junk(json.loads(text), rng)).encode()
    data = bytearray(text)
    at = rng.randrange(len(data))
    data[at : at + rng.randint(0, 5)] = rng.randbytes(rng.randint(0, 3))
    return bytes(data)


def _with_junk(document: Any, rng: random.Random) -> Any:
    """One member, anywhere, replaced by something else."""
    places = [(document, key) for key in document]
    for node, key in places:
        value = node[key]
        if isinstance(value, dict | list):
            places += [
                (value, k) for k in (value if isinstance(value, dict) else range(len(value)))
            ]
    node, key = rng.choice(places)
    node[key] = rng.choice(JUNK)
    return document
