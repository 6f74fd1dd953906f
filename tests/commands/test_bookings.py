"""Booking as its user meets it: a file in, airspace kept, and a refusal that says why."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from routes_planner.desk import corridor_feature
from soramichi.commands.routes import routes
from soramichi.errors import BadInput, NotFound
from soramichi.settings import DatabaseSettings, environment
from soramichi.store.pool import Connection
from tests.routes_planner.builders import NOON, a_corridor, agl

ACROSS = ((0.0, -2_000.0), (0.0, 2_000.0))


@pytest.fixture(autouse=True)
def _at_the_database(database: DatabaseSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(database).items():
        monkeypatch.setenv(name, value)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(routes, [str(argument) for argument in arguments])


def a_file(folder: Path, *at: tuple[float, float], **changes: Any) -> Path:
    plan = a_corridor(*at, **changes)
    path = folder / f"{plan.name}.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [corridor_feature(plan)]}))
    return path


def test_a_booking_says_its_id_and_that_it_is_no_verdict(tmp_path: Path) -> None:
    result = run("book", a_file(tmp_path))

    assert result.exit_code == 0
    assert result.stdout.startswith("booking-1: route-a  2026-11-23T03:00:00Z – ")
    assert "a booking is no verdict" in result.stdout
    assert "予約は判定ではありません" in result.stdout


def test_a_refusal_names_the_corridor_where_when_and_by_how_much(tmp_path: Path) -> None:
    run("book", a_file(tmp_path))
    crossing = a_file(tmp_path, *ACROSS, name="route-x")

    result = run("book", crossing, "--json")
    words = run("book", crossing)

    assert result.exit_code == words.exit_code == 1
    document = json.loads(result.stdout)
    assert document["booked"] is None
    [reason] = document["refused"]
    assert (reason["corridor"], reason["name"]) == ("booking-1", "route-a")
    [stretch] = reason["stretches"]
    # Until 60 s apart: where one is 1,200 m off while the other passes, less what both are wide.
    assert stretch["from_m"] < 2_000 < stretch["to_m"]
    assert stretch["time"][0] < "2026-11-23T03:01:40Z" < stretch["time"][1]
    assert reason["clearance_m"] == 0.0
    assert reason["required"] == {"horizontal_m": 50.0, "vertical_m": 20.0, "time_s": 60.0}
    assert "too close to route-a (booking-1): 0 m between the edges" in words.stdout
    assert "「route-a (booking-1)」に近すぎます" in words.stdout


def test_what_only_slices_cannot_tell_apart_is_refused_with_the_slices_that_met(
    tmp_path: Path,
) -> None:
    run("book", a_file(tmp_path, half_width_m=10.0))
    late = {"half_width_m": 10.0, "departs_at": NOON + timedelta(seconds=66)}

    result = run("book", a_file(tmp_path, *ACROSS, **late), "--json")

    [reason] = json.loads(result.stdout)["refused"]
    assert reason["clearance_m"] is None
    [stretch] = reason["stretches"]
    assert stretch["from_m"] <= 2_000 <= stretch["to_m"]
    assert stretch["to_m"] - stretch["from_m"] <= 500


def test_bookings_are_listed_and_cancelled(tmp_path: Path) -> None:
    run("book", a_file(tmp_path))

    [one] = json.loads(run("bookings", "--json").stdout)["bookings"]
    words = run("bookings").stdout

    assert one["corridor"] == "booking-1"
    assert one["departs_at"] == "2026-11-23T03:00:00Z"
    assert "booking-1" in words
    assert "route-a" in words
    assert run("cancel", "booking-1").exit_code == 0
    assert json.loads(run("bookings", "--json").stdout) == {"bookings": []}
    again = run("cancel", "booking-1")
    assert isinstance(again.exception, NotFound)
    assert again.exception.exit_code == 1


def test_a_drone_above_the_sea_needs_no_terrain_and_above_land_it_does(tmp_path: Path) -> None:
    over_the_bay = a_file(tmp_path, height=agl(100.0))
    inland = a_file(tmp_path, (-40_000, 0), (-38_000, 0), height=agl(100.0), name="inland")

    assert run("book", over_the_bay).exit_code == 0
    result = run("book", inland)

    assert isinstance(result.exception, BadInput)
    assert "no terrain is loaded" in str(result.exception)


def test_of_a_file_with_several_lines_one_is_chosen(tmp_path: Path) -> None:
    features = [
        corridor_feature(a_corridor((-2_000, y), (2_000, y), name=name))
        for name, y in (("south", 0.0), ("north", 3_000.0))
    ]
    path = tmp_path / "both.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))

    unclear = run("book", path)
    chosen = run("book", path, "--candidate", "north", "--json")

    assert isinstance(unclear.exception, BadInput)
    assert "south, north" in str(unclear.exception)
    assert json.loads(chosen.stdout)["booked"]["candidate"] == "north"


def test_the_departure_can_be_said_and_must_be_known(tmp_path: Path) -> None:
    path = a_file(tmp_path, departs_at=None)

    unknown = run("book", path)
    said = run("book", path, "--depart", "2026-11-24T09:00+09:00", "--json")

    assert isinstance(unknown.exception, BadInput)
    assert json.loads(said.stdout)["booked"]["departs_at"] == "2026-11-24T00:00:00Z"


def test_a_booking_may_name_the_aircraft_that_is_then_watched(
    tmp_path: Path, connection: Connection
) -> None:
    booked = json.loads(run("book", a_file(tmp_path), "--aircraft", "JA01", "--json").output)

    assert booked["booked"]["aircraft"] == "JA01"
    rows = connection.execute("SELECT corridor_id, aircraft_id FROM corridors").fetchall()
    assert rows == [(booked["booked"]["corridor"], "JA01")]
    assert isinstance(run("book", a_file(tmp_path), "--aircraft", "a/b").exception, BadInput)
