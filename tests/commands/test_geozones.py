import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from soramichi.commands.geozones import command
from soramichi.errors import BadFile

RING = [[136.0, 34.0], [137.0, 34.0], [137.0, 35.0], [136.0, 35.0]]


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    """A good zone, one without a height datum, and a line that is no zone."""
    polygon = {"type": "Polygon", "coordinates": [RING]}
    line = {"type": "LineString", "coordinates": RING}
    features = [
        {"type": "Feature", "id": name, "properties": properties, "geometry": geometry}
        for name, properties, geometry in (
            ("good", {}, polygon),
            ("doubtful", {"ceiling_m": 100}, polygon),
            ("line", {}, line),
        )
    ]
    path = tmp_path / "zones.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_inspect_says_the_format_the_counts_and_each_remark(zones: Path) -> None:
    result = run("inspect", zones)

    assert result.exit_code == 0
    assert "zones.geojson: geojson, 2 zones" in result.stdout
    assert "doubtful upperReference" in result.stdout
    assert "line geometry" in result.stdout


def test_inspect_as_json_is_one_document_with_the_whole_report(zones: Path) -> None:
    (found,) = json.loads(run("inspect", zones, "--json").stdout)["files"]

    assert (found["format"], found["zones"], found["unknown"]) == ("geojson", 2, 1)
    assert {note["action"] for note in found["report"]} == {"dropped", "unknown"}
    assert all(note["reason"]["ja"] and note["reason"]["en"] for note in found["report"])


@pytest.mark.parametrize("out_format", ["ed318", "geojson"])
def test_convert_writes_one_document_and_reports_beside_it(zones: Path, out_format: str) -> None:
    result = run("convert", zones, zones, "--to", out_format)

    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["features"]) == 4
    assert "dropped" in result.stderr


def test_what_was_converted_is_read_again(zones: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"

    run("convert", zones, "--to", "ed318", "--output", out)

    (found,) = json.loads(run("inspect", out, "--json").stdout)["files"]
    assert (found["format"], found["zones"], found["unknown"]) == ("ed318", 2, 1)


def test_a_file_that_cannot_be_used_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text("{")

    result = run("inspect", path)

    assert isinstance(result.exception, BadFile)
    assert result.exception.exit_code == 2
    assert "broken.json" in str(result.exception)


def test_a_long_report_is_cut_for_people_only(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": RING}
    polygon = {"type": "Polygon", "coordinates": [RING]}
    features = [
        {"type": "Feature", "properties": {}, "geometry": geometry}
        for geometry in [polygon, *[line] * 30]
    ]
    path = tmp_path / "many.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))

    assert "10 more" in run("inspect", path).stdout
    (found,) = json.loads(run("inspect", path, "--json").stdout)["files"]
    assert len(found["report"]) == 30
