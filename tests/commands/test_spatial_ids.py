"""`soramichi spatial-ids`, as somebody calls it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from soramichi.commands.spatial_ids import command
from soramichi.domain.altitude import Datum
from soramichi.domain.position import Position
from soramichi.domain.spatial_id import at, parse
from soramichi.errors import BadInput, DatumMismatch
from soramichi.settings import DatabaseSettings, environment
from soramichi.store import flights, registry, telemetry
from soramichi.store.pool import Connection
from soramichi.store.rows import Row
from tests.builders import A_SAMPLE, a_sample, append, progress

BAY = (136.70, 34.60)


def run(*arguments: str | Path, database: DatabaseSettings | None = None) -> Result:
    given = environment(database) if database else {}
    return CliRunner().invoke(command, [str(one) for one in arguments], env=given)


def a_line(folder: Path, **properties: object) -> Path:
    east = [BAY[0] + 0.02, BAY[1]]
    feature = {
        "type": "Feature",
        "properties": {"name": "over-the-bay", "height_m": 150, "width_m": 100} | properties,
        "geometry": {"type": "LineString", "coordinates": [list(BAY), east]},
    }
    file = folder / "line.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return file


def test_a_corridor_a_zone_and_their_boxes(tmp_path: Path) -> None:
    ring = [[136.7, 34.6], [136.71, 34.6], [136.71, 34.61], [136.7, 34.61], [136.7, 34.6]]
    zone = tmp_path / "zone.geojson"
    zone.write_text(
        json.dumps(
            {
                "type": "Feature",
                "id": "Z1",
                "properties": {"lower_m": 0, "upper_m": 60, "datum": "AMSL"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    )
    file = a_line(tmp_path, height_datum="AMSL")

    done = run(file, "--geozones", zone, "--zoom", "18", "--between", "0,100", "--json")

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["zoom"] == 18
    assert (found["sets"][0]["kind"], found["sets"][0]["name"]) == ("corridor", "over-the-bay")
    corridor, area = (set(one["ids"]) for one in found["sets"])
    middle = Position(longitude_deg=BAY[0] + 0.01, latitude_deg=BAY[1])
    assert str(at(middle, 150.0, 18)) in corridor
    assert str(at(Position(longitude_deg=136.705, latitude_deg=34.605), 50.0, 18)) in area
    assert {parse(one).f for one in area} == {0}  # 128 m a box; the zone is cut at 100 m


def test_lines_are_a_kind_a_name_and_an_id(tmp_path: Path) -> None:
    done = run(a_line(tmp_path, height_datum="AMSL"), "--zoom", "15")

    kind, name, box = done.stdout.splitlines()[0].split("\t")
    assert (kind, name) == ("corridor", "over-the-bay")
    assert parse(box).z == 15
    assert "over-the-bay" in done.stderr


def test_a_flown_track_passes_through_the_boxes_of_its_samples(
    connection: Connection, database: DatabaseSettings
) -> None:
    start = A_SAMPLE.time
    times = [start + timedelta(seconds=n) for n in range(3)]
    given = [a_sample(time=time, altitude_m=300.0 + n) for n, time in enumerate(times)]
    with connection.transaction():
        telemetry.ensure_partitions(connection, times)
        registry.claim(connection, {"JA01": "mie-demo"})
        flights.named(connection, {("JA01", "F1"): start})
        append(connection, [Row("JA01", "F1", None, start, one) for one in given])
        flights.advance(connection, {"F1": progress(times, times, [])})

    done = run("--flight", "F1", "--json", database=database)

    [track] = json.loads(done.stdout)["sets"]
    where = Position(longitude_deg=A_SAMPLE.longitude_deg, latitude_deg=A_SAMPLE.latitude_deg)
    assert (track["kind"], track["name"]) == ("flight", "F1")
    assert set(track["ids"]) == {str(at(where, height, 20)) for height in (300.0, 301.0, 302.0)}


@pytest.mark.parametrize(
    "arguments", [(), ("--between", "5,1", "x.geojson"), ("--width", "0", "x.geojson")]
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...]) -> None:
    assert isinstance(run(*arguments).exception, BadInput)


def test_heights_without_evidence_are_refused(tmp_path: Path) -> None:
    inland = a_line(tmp_path, height_datum=str(Datum.TAKEOFF))

    assert isinstance(run(inland).exception, DatumMismatch)


def test_what_a_file_has_beside_its_lines_is_said(tmp_path: Path) -> None:
    file = a_line(tmp_path, height_datum="AMSL")
    document = json.loads(file.read_text())
    point = {"type": "Point", "coordinates": list(BAY)}
    document["features"].append({"type": "Feature", "properties": {}, "geometry": point})
    file.write_text(json.dumps(document))

    done = run(file, "--zoom", "15")

    assert done.exit_code == 0
    assert "Point" in done.stderr
