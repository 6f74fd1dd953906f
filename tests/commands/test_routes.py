"""The `routes` commands as their user meets them: files in, words or JSON out, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import shapely
from distributed import LocalCluster

from routes_planner.zones_in.reading import read_zone_file
from soramichi.commands.geozones import records
from soramichi.settings import DatabaseSettings
from soramichi.settings import environment as variables
from soramichi.store import geozones, pool
from tests.routes_planner.builders import a_square, place


def run(
    *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "soramichi", "routes", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A drone through a wall and one beside it; the wall."""
    lines = [
        {
            "type": "Feature",
            "properties": {"name": name, "aircraft_class": "drone", "height_datum": "AGL"},
            "geometry": {
                "type": "LineString",
                "coordinates": [[*place(x, y).lonlat, 100.0] for x in (-2_000, 2_000)],
            },
        }
        for name, y in (("through", 0), ("beside", 2_000))
    ]
    wall = {
        "type": "Feature",
        "id": "wall",
        "properties": {"name": "wall", "type": "PROHIBITED"},
        "geometry": json.loads(shapely.to_geojson(a_square(-500, -500, 1_000))),
    }
    routes, zones = tmp_path / "routes.geojson", tmp_path / "zones.geojson"
    routes.write_text(collection(*lines))
    zones.write_text(collection(wall))
    return str(routes), str(zones)


def test_check_prints_the_verdicts_of_the_contract_and_says_no(files: tuple[str, str]) -> None:
    routes, zones = files

    result = run("check", routes, "--geozones", zones, "--json", "--depart", "2026-11-23T10:00Z")

    assert result.returncode == 1, result.stderr
    through, beside = json.loads(result.stdout)["verdicts"]
    assert (through["verdict"], beside["verdict"]) == ("fail", "pass")
    assert through["depart"] == "2026-11-23T10:00:00Z"
    [finding] = [f for f in through["findings"] if f["kind"] == "geozone"]
    assert finding["geometry"]["type"] == "LineString"
    assert finding["overlap_m"] == pytest.approx(1_100.0, abs=1.0)
    assert set(finding) >= {"severity", "zone", "height_overlap", "time_overlap", "message"}
    assert "half_width_m" in through["assumed"]
    assert beside["metrics"]["min_clearance_m"] == pytest.approx(1_450.0, abs=2.0)


def test_check_takes_several_zone_files_after_one_option(files: tuple[str, str]) -> None:
    routes, zones = files

    result = run("check", routes, "--geozones", zones, zones, "--aircraft-class", "drone")

    assert result.returncode == 1
    assert "不適合 fail" in result.stdout
    assert "適合 pass" in result.stdout


def test_a_booked_corridor_is_kept_apart_from(files: tuple[str, str]) -> None:
    routes, zones = files

    result = run(
        "check", routes, "--geozones", zones, "--booked", routes, "--json",
        "--depart", "2026-11-23T10:00Z",
    )  # fmt: skip

    verdicts = json.loads(result.stdout)["verdicts"]
    assert {f["other"] for v in verdicts for f in v["findings"] if f["kind"] == "corridor"} == {
        "through",
        "beside",
    }


def test_candidates_that_all_fly_are_kept_apart_from_each_other(files: tuple[str, str]) -> None:
    routes, zones = files
    asked = (
        "check",
        routes,
        routes,
        "--geozones",
        zones,
        "--json",
        "--depart",
        "2026-11-23T10:00Z",
    )

    alternatives, together = run(*asked), run(*asked, "--together")

    severities = [
        {f["severity"] for v in json.loads(each.stdout)["verdicts"] for f in v["findings"]
         if f["kind"] == "corridor"}
        for each in (alternatives, together)
    ]  # fmt: skip
    assert severities == [{"caution"}, {"fail"}]


def test_compare_puts_the_best_first_with_profiles(files: tuple[str, str]) -> None:
    routes, zones = files

    result = run("compare", routes, "--geozones", zones, "--json", "--speed", "10")
    words = run("compare", routes, "--geozones", zones)

    document = json.loads(result.stdout)
    assert [row["candidate"] for row in document["table"]] == ["beside", "through"]
    assert document["profiles"][0]["datum"] == "AGL"
    assert words.returncode == result.returncode == 0
    assert "beside" in words.stdout.splitlines()[1]


def test_search_proposes_what_check_then_passes(files: tuple[str, str], tmp_path: Path) -> None:
    _, zones = files
    ends = [",".join(map(str, place(x, 0).lonlat)) for x in (-2_000, 2_000)]

    result = run(
        "search", "--from", ends[0], "--to", ends[1], "--geozones", zones,
        "--aircraft-class", "drone", "--depart", "2026-11-23T10:00+09:00", "--json",
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    [proposal] = json.loads(result.stdout)["proposals"]
    assert proposal["verdict"]["verdict"] == "pass"
    again = tmp_path / "found.geojson"
    again.write_text(collection(proposal["corridor"]))
    assert run("check", str(again), "--geozones", zones).returncode == 0


def test_search_names_the_zone_that_closes_the_way(files: tuple[str, str]) -> None:
    _, zones = files
    inside, outside = (",".join(map(str, place(x, 0).lonlat)) for x in (0, 2_000))

    result = run(
        "search", "--from", inside, "--to", outside, "--geozones", zones,
        "--aircraft-class", "drone", "--json",
    )  # fmt: skip

    assert result.returncode == 1
    assert json.loads(result.stdout)["none"]["closed_by"] != []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--geozones", "nowhere.json"), "nowhere.json"),
        (("--geozones", "{zones}", "--depart", "10:00"), "--depart"),
        (("--geozones", "{zones}", "--speed", "-1"), "--speed"),
        (("--geozones", "{zones}", "--population", "{zones}"), "key_code"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(
    files: tuple[str, str], arguments: tuple[str, ...], words: str
) -> None:
    routes, zones = files

    result = run("check", routes, *(a.format(zones=zones) for a in arguments))

    assert result.returncode == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


def test_without_zones_and_without_a_database_it_says_what_to_name(
    files: tuple[str, str],
) -> None:
    result = run("check", files[0], environment={"SORAMICHI_DATABASE_URL": "host=127.0.0.1 port=1"})

    assert result.returncode == 3
    assert "--geozones FILE" in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("connection")
def test_the_zones_of_the_database_are_used_without_geozones(
    files: tuple[str, str], database: DatabaseSettings
) -> None:
    with pool.connect(database, application="test") as connection:
        geozones.put(connection, records([read_zone_file(Path(files[1]))]))

    named = run("check", files[0], "--geozones", files[1], "--json")
    stored = run("check", files[0], "--json", environment=variables(database))

    assert named.returncode == stored.returncode
    answers = [json.loads(one.stdout)["verdicts"] for one in (named, stored)]
    assert [[v["candidate"], v["verdict"], len(v["findings"])] for v in answers[0]] == [
        [v["candidate"], v["verdict"], len(v["findings"])] for v in answers[1]
    ]


def test_a_cluster_of_two_worker_processes_prints_the_same(files: tuple[str, str]) -> None:
    asked = ("check", files[0], "--geozones", files[1], "--json", "--depart", "2026-11-23T10:00Z")
    alone = run(*asked)

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        together = run(*asked, "--scheduler", cluster.scheduler_address)
        nobody = run(*asked, "--scheduler", "tcp://127.0.0.1:1")

    assert (together.returncode, alone.returncode) == (1, 1), together.stderr
    assert together.stdout == alone.stdout
    assert nobody.returncode not in (0, 1)
    assert "127.0.0.1:1" in nobody.stderr


@pytest.mark.parametrize("command", [(), ("routes", "check"), ("spatial-ids",)])
def test_help_does_not_wait_for_the_compiler(command: tuple[str, ...]) -> None:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "soramichi", *command, "--help"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert "geozones" in result.stdout
    assert "numba" not in result.stderr


def test_compare_writes_a_page_with_the_verdicts_and_the_zones_inside(
    files: tuple[str, str], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    done = run("compare", files[0], "--geozones", files[1], "--json", "--html", str(page))

    assert done.returncode == 0, done.stderr
    assert [row["candidate"] for row in json.loads(done.stdout)["table"]] == ["beside", "through"]
    html = page.read_text()
    answer = json.loads(html.split('id="data-answer">')[1].partition("</script>")[0])
    assert [one["candidate"] for one in answer["verdicts"]] == ["through", "beside"]
    zones = json.loads(html.split('id="data-geozones">')[1].partition("</script>")[0])
    assert [one["properties"]["identifier"] for one in zones["features"]] == ["wall"]


def test_a_page_that_cannot_be_written_is_said(files: tuple[str, str], tmp_path: Path) -> None:
    page = tmp_path / "no" / "page.html"
    done = run("compare", files[0], "--geozones", files[1], "--html", str(page))

    assert done.returncode == 2
    assert "cannot be written" in done.stderr
