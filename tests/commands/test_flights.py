"""`soramichi flights`: whole flights out, and back in through our own readers of others' files."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas
import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from simulators.recorded.reading import read_recording
from soramichi.commands.flight_formats import FORMATS
from soramichi.commands.flights import flights as command
from soramichi.domain.altitude import Datum
from soramichi.domain.flight import Flight
from soramichi.domain.telemetry import OperationalStatus, TelemetrySample
from soramichi.errors import DatumMismatch, NotFound
from soramichi.settings import DatabaseSettings, environment
from soramichi.store import flights, registry, telemetry
from soramichi.store.pool import Connection
from soramichi.store.records import Record
from soramichi.store.rows import Row
from tests.builders import a_sample, append, progress

START = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
# The geoid stands 36 to 40 m above the ellipsoid over Ise Bay.
GEOID_M = pytest.approx(38.0, abs=2.0)


def samples(datum: Datum = Datum.AMSL, **members: Any) -> list[TelemetrySample]:
    return [
        a_sample(
            time=START + timedelta(seconds=second, microseconds=250_000),
            latitude_deg=34.3521 + second * 1e-4,
            altitude_m=300.0 + second,
            altitude_datum=datum,
            **members,
        )
        for second in range(4)
    ]


def record(*given: TelemetrySample) -> Record:
    flight = Flight(
        flight_id="F1",
        aircraft_id="JA01",
        first_observed_at=given[0].time,
        last_observed_at=given[-1].time,
        sample_count=len(given),
    )
    return Record(flight, list(given))


def read_back(kind: str, of: Record, folder: Path) -> list[list[TelemetrySample]]:
    file = folder / f"flight.{kind}"
    file.write_bytes(FORMATS[kind](of))
    recording = read_recording(file)
    assert recording.faults == []
    return [track.samples for track in recording.tracks]


def store(connection: Connection, given: list[TelemetrySample]) -> None:
    rows = [Row("JA01", "F1", None, START, one) for one in given]
    times = [one.time for one in given]
    with connection.transaction():
        telemetry.ensure_partitions(connection, times)
        registry.claim(connection, {"JA01": "mie-demo"})
        flights.named(connection, {("JA01", "F1"): times[0]})
        append(connection, rows)
        flights.advance(connection, {"F1": progress(times, times, [])})


def run(database: DatabaseSettings, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, env=environment(database))


def test_csv_brings_every_member_back(tmp_path: Path) -> None:
    sent = samples(
        Datum.TAKEOFF, ground_speed_mps=52.1, track_deg=359.9, vertical_speed_mps=-0.4,
        heading_deg=18.0, battery_pct=71.5, status=OperationalStatus.AIRBORNE, accuracy_h_m=3.0,
    )  # fmt: skip

    assert read_back("csv", record(*sent), tmp_path) == [sent]


@pytest.mark.parametrize("datum", list(Datum))
def test_geojson_keeps_every_height_on_its_datum(datum: Datum, tmp_path: Path) -> None:
    assert read_back("geojson", record(*samples(datum)), tmp_path) == [samples(datum)]


def test_geojson_draws_heights_of_two_datums_as_two_lines(tmp_path: Path) -> None:
    low, high = samples(Datum.AGL)[:2], samples(Datum.AMSL)[2:]

    assert read_back("geojson", record(*low, *high), tmp_path) == [low, high]


def test_gpx_brings_place_time_height_speed_and_course_back(tmp_path: Path) -> None:
    sent = samples(ground_speed_mps=52.1, track_deg=17.5)

    assert read_back("gpx", record(*sent), tmp_path) == [sent]


def test_a_course_of_360_degrees_is_0_in_gpx(tmp_path: Path) -> None:
    [back] = read_back("gpx", record(*samples(track_deg=360.0)), tmp_path)

    assert {one.track_deg for one in back} == {0.0}


@pytest.mark.parametrize("datum", [Datum.AMSL, Datum.AGL])
def test_kml_brings_heights_back_on_their_datum(datum: Datum, tmp_path: Path) -> None:
    assert read_back("kml", record(*samples(datum)), tmp_path) == [samples(datum)]


@pytest.mark.parametrize("kind", ["kml", "gpx"])
def test_heights_above_the_ellipsoid_leave_as_sea_level_heights(kind: str, tmp_path: Path) -> None:
    [back] = read_back(kind, record(*samples(Datum.ELLIPSOID)), tmp_path)

    assert {one.altitude_datum for one in back} == {Datum.AMSL}
    assert 300.0 - back[0].altitude_m == GEOID_M


def test_czml_stands_on_the_ellipsoid() -> None:
    _, aircraft = json.loads(FORMATS["czml"](record(*samples())))

    places = aircraft["position"]["cartographicDegrees"]
    assert aircraft["position"]["epoch"] == "2026-11-20T23:00:00.250000Z"
    assert places[:3] == [0.0, 136.8712, 34.3521]
    assert places[4] == 1.0
    assert places[3] - 300.0 == GEOID_M


def test_mfjson_gives_each_member_only_where_it_is_known() -> None:
    first, *others = samples()
    given = record(first, *(a_sample(time=one.time, battery_pct=50.0) for one in others))

    document = json.loads(FORMATS["mfjson"](given))

    assert document["crs"]["properties"]["name"].endswith("CRS84h")
    assert document["temporalGeometry"]["coordinates"][0][2] - 300.0 == GEOID_M
    [battery] = [one for one in document["temporalProperties"] if "battery_pct" in one]
    assert len(battery["datetimes"]) == len(battery["battery_pct"]["values"]) == 3


def test_mfjson_is_flat_where_the_height_above_the_ellipsoid_is_not_known() -> None:
    document = json.loads(FORMATS["mfjson"](record(*samples(Datum.BARO))))

    assert document["crs"]["properties"]["name"].endswith("CRS84")
    assert len(document["temporalGeometry"]["coordinates"][0]) == 2
    named = {key: one[key] for one in document["temporalProperties"] for key in one}
    assert named["altitude_m"]["values"][0] == 300.0
    assert named["altitude_datum"]["values"][0] == "BARO"


def test_parquet_opens_as_a_data_frame_with_every_member_and_points_on_the_ellipsoid() -> None:
    sent = samples(Datum.ELLIPSOID, ground_speed_mps=52.1, seq=7, status=OperationalStatus.AIRBORNE)

    frame = geopandas.read_parquet(io.BytesIO(FORMATS["parquet"](record(*sent))))

    assert frame.crs == "OGC:CRS84h"
    assert frame.geometry.has_z.all()
    assert [(p.x, p.y, p.z) for p in frame.geometry] == [
        (one.longitude_deg, one.latitude_deg, one.altitude_m) for one in sent
    ]
    assert [one.to_pydatetime() for one in frame["time"]] == [one.time for one in sent]
    assert frame["altitude_datum"].tolist() == ["ELLIPSOID"] * 4
    assert (frame["ground_speed_mps"].tolist(), frame["seq"].tolist()) == ([52.1] * 4, [7] * 4)
    assert frame["battery_pct"].isna().all()


def test_parquet_is_flat_where_the_height_above_the_ellipsoid_is_not_known() -> None:
    low, high = samples(Datum.BARO)[:2], samples(Datum.AMSL)[2:]
    content = FORMATS["parquet"](record(*low, *high))

    frame = geopandas.read_parquet(io.BytesIO(content))
    said = json.loads(parquet.read_metadata(io.BytesIO(content)).metadata[b"soramichi"])

    assert frame.crs == "OGC:CRS84"
    assert not frame.geometry.has_z.any()
    assert frame["altitude_datum"].tolist() == ["BARO", "BARO", "AMSL", "AMSL"]
    assert frame["altitude_m"].tolist() == [300.0, 301.0, 302.0, 303.0]
    assert (said["flight"], said["geometry_height_datum"]) == ("F1", None)


def test_parquet_of_sea_level_heights_is_lifted_onto_the_ellipsoid_beside_what_was_sent() -> None:
    frame = geopandas.read_parquet(io.BytesIO(FORMATS["parquet"](record(*samples()))))

    assert frame.geometry[0].z - 300.0 == GEOID_M
    assert frame["altitude_m"][0] == 300.0


def test_pyarrow_is_imported_only_when_parquet_is_asked_for() -> None:
    code = "import sys, soramichi.commands.flights; sys.exit('pyarrow' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("kind", "datum"),
    [("kml", Datum.TAKEOFF), ("gpx", Datum.AGL), ("gpx", Datum.BARO), ("czml", Datum.AGL)],
)
def test_a_datum_that_a_format_cannot_say_is_refused_with_a_way_out(
    kind: str, datum: Datum
) -> None:
    with pytest.raises(DatumMismatch, match=f"{kind.upper()}.*{datum}.*csv or geojson"):
        FORMATS[kind](record(*samples(datum)))


def test_czml_is_refused_where_the_geoid_is_not_known_well_enough() -> None:
    abroad = a_sample(latitude_deg=48.85, longitude_deg=2.35)

    with pytest.raises(DatumMismatch, match="Japan"):
        FORMATS["czml"](record(abroad))


def test_a_stored_flight_is_listed_and_comes_out_whole_though_nothing_is_published(
    database: DatabaseSettings, connection: Connection, tmp_path: Path
) -> None:
    store(connection, samples(battery_pct=71.5))
    file = tmp_path / "out.csv"

    [listed] = json.loads(run(database, "list", "--json").stdout)
    done = run(database, "export", "F1", "--format", "csv", "--output", str(file))

    assert (listed["flight"], listed["aircraft"], listed["samples"]) == ("F1", "JA01", 4)
    assert (done.exit_code, done.stdout) == (0, "")
    assert read_recording(file).tracks[0].samples == samples(battery_pct=71.5)


def test_without_a_file_the_flight_goes_to_stdout(
    database: DatabaseSettings, connection: Connection
) -> None:
    store(connection, samples())

    done = run(database, "export", "F1", "--format", "geojson")

    assert json.loads(done.stdout)["features"][0]["properties"]["altitude_datum"] == "AMSL"


def test_flights_of_one_aircraft_can_be_asked_for(
    database: DatabaseSettings, connection: Connection
) -> None:
    store(connection, samples())

    assert len(json.loads(run(database, "list", "--aircraft", "JA01", "--json").stdout)) == 1
    assert json.loads(run(database, "list", "--aircraft", "JA02", "--json").stdout) == []


def test_an_unknown_flight_is_a_no_that_names_the_list(database: DatabaseSettings) -> None:
    done = run(database, "export", "nowhere", "--format", "csv")

    assert isinstance(done.exception, NotFound)
    assert done.exception.exit_code == 1
    assert "flights list" in str(done.exception)
