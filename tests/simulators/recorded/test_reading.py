"""Recorded flights: every usable point with its own time and datum, every other one named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyulog import ULog

from simulators.recorded.reading import read_recording
from simulators.recorded.ulog import MAGIC
from soramichi.domain.altitude import Datum
from soramichi.errors import BadFile

DATA = Path(__file__).parents[4] / "shared" / "data" / "flights"
PX4 = DATA / "px4_real_log_small.ulg"
NOON = datetime(2026, 11, 23, 3, tzinfo=UTC)

real_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")

CSV = """time,latitude_deg,longitude_deg,altitude_m,altitude_datum,ground_speed_mps,rotor
2026-11-23T12:00:00+09:00,34.3521,136.8712,312.4,AMSL,52.1,x
2026-11-23T03:00:01Z,34.3522,136.8712,312.5,AMSL,,
"""
GPX = """<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="34.3521" lon="136.8712"><ele>312.4</ele><time>2026-11-23T03:00:00Z</time></trkpt>
<trkpt lat="34.3522" lon="136.8712"><ele>312.5</ele><time>2026-11-23T03:00:01Z</time></trkpt>
</trkseg></trk></gpx>"""
KML = """<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Placemark><gx:Track><altitudeMode>absolute</altitudeMode>
<when>2026-11-23T03:00:00Z</when><when>2026-11-23T03:00:01Z</when>
<gx:coord>136.8712 34.3521 312.4</gx:coord><gx:coord>136.8712 34.3522 312.5</gx:coord>
</gx:Track></Placemark></kml>"""
GEOJSON = json.dumps(
    {
        "type": "Feature",
        "properties": {"coordTimes": ["2026-11-23T03:00:00Z", "2026-11-23T03:00:01Z"]},
        "geometry": {
            "type": "LineString",
            "coordinates": [[136.8712, 34.3521, 312.4], [136.8712, 34.3522, 312.5]],
        },
    }
)
BOMB = """<!DOCTYPE gpx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><gpx>&b;</gpx>"""


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "datum"),
    [
        ("a.csv", CSV, Datum.AMSL),
        ("a.gpx", GPX, Datum.AMSL),
        ("a.kml", KML, Datum.AMSL),
        ("a.kml", KML.replace("absolute", "relativeToGround"), Datum.AGL),
        ("a.geojson", GEOJSON, Datum.ELLIPSOID),
        ("a.json", GEOJSON.replace('{"coordT', '{"altitude_datum":"AMSL","coordT'), Datum.AMSL),
        ("wrong.ulg", GPX, Datum.AMSL),
        ("wrong", CSV, Datum.AMSL),
    ],
)
def test_a_track_is_read_by_its_content_with_its_times_and_datum(
    tmp_path: Path, name: str, content: str, datum: Datum
) -> None:
    recording = read_recording(written(tmp_path, name, content))

    assert recording.faults == []
    [track] = recording.tracks
    assert [s.time.timestamp() - NOON.timestamp() for s in track.samples] == [0.0, 1.0]
    assert track.samples[0].position.lonlat == (136.8712, 34.3521)
    assert (track.samples[0].altitude_m, track.samples[0].altitude_datum) == (312.4, datum)


@pytest.mark.parametrize(
    ("name", "content", "field", "reason"),
    [
        ("a.gpx", "", None, "is empty"),
        ("a.ulg", " \n", None, "is empty"),
        ("a.ulg", b"\x00\x01\x02garbage", None, "not a PX4 log"),
        ("a.bin", b"\x00\x01\x02garbage", None, "none of the known kinds"),
        ("a.ulg", MAGIC + b"\x01" + bytes(range(256)) * 9, "vehicle_gps", "no GPS data"),
        ("a.gpx", BOMB, None, "defines entities"),
        ("a.gpx", "<gpx><trk>", None, "not well-formed"),
        ("a.gpx", "<svg/>", "<svg>", "neither GPX nor KML"),
        ("a.gpx", GPX.replace("<ele>312.4</ele>", "").replace("312.5", "x"), "ele", "no height"),
        ("a.kml", KML.replace("absolute", "clampToGround"), "altitudeMode", "no height"),
        ("a.kml", "<kml><LineString/></kml>", "Track", "not a recording"),
        ("a.kml", KML.replace("<when>2026-11-23T03:00:01Z</when>", ""), "Track 1", "1 times for 2"),
        ("a.csv", "time,latitude_deg\n1,2\n", "line 1", "lacks longitude_deg"),
        ("a.csv", CSV.encode("utf-16"), None, "UTF-8"),
        ("a.json", "{", None, "not JSON"),
        ("a.json", "[1]", None, "neither F3411"),
        ("a.json", '{"flights":[]}', "flights", "at least one"),
        ("a.geojson", GEOJSON.replace("coordTimes", "x"), "coordTimes", "no times"),
        ("a.geojson", GEOJSON.replace(", 312.4", "").replace(", 312.5", ""), "point 0", "height"),
        ("a.geojson", GEOJSON.replace("[136.8712, 34.3521, 312.4], ", ""), "feature 0", "as many"),
    ],
)
def test_a_hopeless_file_ends_in_one_error_that_says_where_and_why(
    tmp_path: Path, name: str, content: str | bytes, field: str | None, reason: str
) -> None:
    with pytest.raises(BadFile, match=reason) as caught:
        read_recording(written(tmp_path, name, content))

    assert caught.value.file == name
    assert caught.value.field is field or (field and field in str(caught.value.field))


def test_a_file_that_is_not_there_is_a_bad_file(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        read_recording(tmp_path / "none.gpx")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("34.3521", "94.3521", "line 2 latitude_deg"),
        ("34.3521", "north", "line 2 latitude_deg"),
        ("312.4", "nan", "line 2 altitude_m"),
        ("AMSL,52.1", "MSL,52.1", "line 2 altitude_datum"),
        ("12:00:00+09:00", "12:00:00", "line 2 time"),
        (",x", "", "line 2"),
    ],
)
def test_a_bad_line_of_csv_is_named_and_the_rest_is_read(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    recording = read_recording(written(tmp_path, "a.csv", CSV.replace(old, new, 1)))

    [fault] = recording.faults
    assert fault.field == field
    assert len(recording.tracks[0].samples) == 1


@real_data
def test_every_gps_fix_of_a_px4_log_is_a_sample_with_utc_and_sea_level_height() -> None:
    [gps] = [d for d in ULog(str(PX4)).data_list if d.name == "vehicle_gps_position"]

    recording = read_recording(PX4)

    [track] = recording.tracks
    assert recording.faults == []
    assert [round(s.time.timestamp() * 1e6) for s in track.samples] == [
        int(us) for us in gps.data["time_utc_usec"]
    ]
    first = track.samples[0]
    assert (first.altitude_m, first.altitude_datum) == (66.814, Datum.AMSL)
    assert first.time == datetime(2021, 4, 21, 6, 30, 58, 600345, tzinfo=UTC)
    assert first.position.latlon == (63.4170622, 10.4082151)
    assert any("39.95 m" in note for note in recording.notes)


@real_data
def test_a_px4_log_cut_in_half_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    whole = PX4.read_bytes()

    recording = read_recording(written(tmp_path, "cut.ulg", whole[: len(whole) // 2]))

    assert 0 < len(recording.tracks[0].samples) < 32
    assert any("cut" in note for note in recording.notes[:1])
    assert not any("damaged" in note for note in read_recording(PX4).notes)


@real_data
@pytest.mark.parametrize("size", [8, 16, 20, 1_000, 50_000])
def test_a_px4_log_cut_before_its_first_fix_is_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(BadFile, match=r"PX4 log|no GPS data"):
        read_recording(written(tmp_path, "cut.ulg", PX4.read_bytes()[:size]))


@real_data
def test_remote_id_flights_are_two_tracks_above_the_ellipsoid() -> None:
    recording = read_recording(DATA / "rid_flights_zurich.json")

    assert [len(track.samples) for track in recording.tracks] == [17, 13]
    assert {s.altitude_datum for t in recording.tracks for s in t.samples} == {Datum.ELLIPSOID}


@real_data
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("no_accuracy_h", "position accuracy_h"),
        ("no_alt", "position alt"),
        ("no_speed", "speed"),
        ("no_timestamp", "timestamp"),
        ("wrong_operational_status", "operational_status"),
        ("wrong_speed", "speed"),
        ("wrong_timestamp", "timestamp"),
        ("wrong_track", "track"),
    ],
)
def test_one_invalid_remote_id_state_is_named_and_the_others_are_read(
    name: str, field: str
) -> None:
    recording = read_recording(DATA / "invalid_f3411" / f"{name}.json")

    [fault] = recording.faults
    assert (fault.file, fault.field) == (f"{name}.json", f"flight 0 state 0 {field}")
    assert [len(track.samples) for track in recording.tracks] == [16, 13]


@real_data
@pytest.mark.parametrize(
    ("member", "unknown", "wire"),
    [
        ("speed", 255, "ground_speed_mps"),
        ("track", 361, "track_deg"),
        ("vertical_speed", 63, "vertical_speed_mps"),
    ],
)
def test_the_standards_words_for_unknown_become_not_known(
    tmp_path: Path, member: str, unknown: float, wire: str
) -> None:
    document = json.loads((DATA / "rid_flights_zurich.json").read_text())
    document["flights"][0]["states"][0][member] = unknown

    recording = read_recording(written(tmp_path, "a.json", json.dumps(document)))

    assert recording.faults == []
    assert getattr(recording.tracks[0].samples[0], wire) is None


@real_data
def test_an_unknown_remote_id_altitude_costs_its_state(tmp_path: Path) -> None:
    document = json.loads((DATA / "rid_flights_zurich.json").read_text())
    document["flights"][0]["states"][3]["position"]["alt"] = -1000

    [fault] = read_recording(written(tmp_path, "a.json", json.dumps(document))).faults

    assert fault.field == "flight 0 state 3 position alt"


@given(
    content=st.sampled_from([CSV, GPX, KML, GEOJSON]),
    cut=st.integers(0, 600),
    noise=st.binary(max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_is_read_in_part_or_refused_but_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, content: str, cut: int, noise: bytes
) -> None:
    damaged = content.encode()[:cut] + noise + content.encode()[cut + len(noise) :]
    path = written(tmp_path_factory.getbasetemp(), "damaged", damaged)
    try:
        recording = read_recording(path)
    except BadFile:
        return
    assert all(track.samples for track in recording.tracks)
