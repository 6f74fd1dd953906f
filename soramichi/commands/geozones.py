"""`soramichi geozones`: zones in from any format, and out as ED-318 or GeoJSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from routes_planner.zones_in.reading import FORMATS, read_zone_file
from routes_planner.zones_in.report import Action, Imported
from routes_planner.zones_out import ed318, geojson
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone

OUT_FORMATS = ("ed318", "geojson")
PROVIDER = Name(ja="そらみち", en="Soramichi")
# So many remarks are listed for a file; `--json` has all of them.
_LISTED = 20
_ACTIONS = {
    Action.DROPPED: "除外 dropped",
    Action.REPAIRED: "修正 repaired",
    Action.UNKNOWN: "不明 unknown",
    Action.NOTED: "参考 noted",
}

_files = click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False)
)
_format = click.option(
    "--format", "zone_format", type=click.Choice(FORMATS), help="Default: recognised. 形式"
)


@click.group("geozones")
def command() -> None:
    """Zones in from nine formats, out as ED-318 or GeoJSON.

    空域データ（ED-269、ED-318、GeoJSON、KML、DIPS、DID、空港、QGC）の読み書き。
    """


@command.command()
@_files
@_format
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def inspect(*, files: tuple[Path, ...], zone_format: str | None, as_json: bool) -> None:
    """Say what the files hold, and all that is irregular in them; nothing is stored.

    ファイルの内容と、読めなかった点・修正した点を表示します（保存しません）。
    """
    found = read_files(files, zone_format)
    if as_json:
        click.echo(json.dumps({"files": [summary(each) for each in found]}, ensure_ascii=False))
        return
    for each in found:
        click.echo("\n".join(lines(each)))


@command.command()
@_files
@_format
@click.option("--to", "out_format", type=click.Choice(OUT_FORMATS), required=True, help="出力形式")
@click.option(
    "--output", type=click.Path(path_type=Path), help="File; default: stdout. 出力ファイル"
)
def convert(
    *, files: tuple[Path, ...], zone_format: str | None, out_format: str, output: Path | None
) -> None:
    """Write the zones of all files as one document; the report goes to stderr.

    空域を一つの文書に変換します。読み取りの報告は標準エラーに出します。
    """
    found = read_files(files, zone_format)
    for each in found:
        click.echo("\n".join(lines(each)), err=True)
    text = document([zone for each in found for zone in each.zones], out_format)
    if output is None:
        click.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")


def read_files(files: Iterable[Path], zone_format: str | None = None) -> list[Imported]:
    """Every file's zones and report, in order. Raises `BadFile` for the first unusable one."""
    return [read_zone_file(file, zone_format=zone_format) for file in files]


def document(zones: Iterable[Geozone], out_format: str, *, issued: datetime | None = None) -> str:
    """The zones as one JSON text in `ed318` or `geojson`; `issued` is now unless given."""
    if out_format == "ed318":
        at = (issued or datetime.now(UTC)).replace(microsecond=0)
        collection = ed318.collection(zones, provider=PROVIDER, issued=at)
    else:
        collection = geojson.collection(zones)
    return json.dumps(collection, ensure_ascii=False)


def summary(imported: Imported) -> dict[str, Any]:
    """One file's format, counts and whole report, as plain values."""
    return {
        "file": imported.source,
        "format": imported.zone_format,
        "zones": len(imported.zones),
        "unknown": sum(1 for zone in imported.zones if _is_unknown(zone)),
        "valid_from": _stamp(imported.valid_from),
        "valid_until": _stamp(imported.valid_until),
        "report": [
            {
                "identifier": note.identifier,
                "field": note.field,
                "action": str(note.action),
                "reason": {"ja": note.reason.ja, "en": note.reason.en},
            }
            for note in imported.report
        ],
    }


def lines(imported: Imported) -> Iterator[str]:
    """The same for people: a headline, the counts by action, and the first remarks."""
    yield f"{imported.source}: {imported.zone_format}, {len(imported.zones)} zones / 空域"
    counts = Counter(note.action for note in imported.report)
    for action in Action:
        if counts[action]:
            yield f"  {_ACTIONS[action]}: {counts[action]}"
    for note in imported.report[:_LISTED]:
        where = f"{note.identifier} {note.field}"
        yield f"    [{note.action}] {where}: {note.reason.ja} / {note.reason.en}"
    if len(imported.report) > _LISTED:
        more = len(imported.report) - _LISTED
        yield f"    … {more} more; --json lists all / 残り{more}件は --json で表示"


def _is_unknown(zone: Geozone) -> bool:
    return bool(zone.unknowns) or any(volume.unknowns for volume in zone.volumes)


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
