"""`soramichi geozones`: zones in from any format, and out as ED-318 or GeoJSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import shapely

from routes_planner.zones_in.reading import FORMATS, read_zone_file
from routes_planner.zones_in.report import Action, Imported
from routes_planner.zones_out import ed318, geojson
from soramichi.commands.options import AS_JSON
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone
from soramichi.errors import BadInput
from soramichi.settings import DatabaseSettings, load
from soramichi.store import geozones as stored
from soramichi.store import pool
from soramichi.store.pool import Connection

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
    """Zones in and out, in nine formats (空域データの読み書き).

    Out as ED-318 or GeoJSON.

    空域データ（ED-269、ED-318、GeoJSON、KML、DIPS、DID、空港、QGC）の読み書き。
    """


@command.command()
@_files
@_format
@AS_JSON
def inspect(*, files: tuple[Path, ...], zone_format: str | None, as_json: bool) -> None:
    """Say what the files hold, storing nothing (空域の点検).

    All that is irregular in them is listed.

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
@click.option(
    "--to",
    "out_format",
    type=click.Choice(OUT_FORMATS),
    required=True,
    help="What to write. 出力形式",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="File; default: stdout. 出力ファイル"
)
def convert(
    *, files: tuple[Path, ...], zone_format: str | None, out_format: str, output: Path | None
) -> None:
    """Write zones as one document (空域の変換).

    The report of what was read goes to stderr.

    空域を一つの文書に変換します。読み取りの報告は標準エラーに出します。
    """
    found = read_files(files, zone_format)
    for each in found:
        click.echo("\n".join(lines(each)), err=True)
    text = document([zone for each in found for zone in each.zones], out_format)
    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror}") from error


@command.command(name="import")
@_files
@_format
@click.option("--prune", is_flag=True, help="Remove zones no longer in the files. 無い空域を削除")
@click.option("--only", is_flag=True, help="Remove all others too. これ以外の空域もすべて削除")
@AS_JSON
def import_zones(
    *, files: tuple[Path, ...], zone_format: str | None, prune: bool, only: bool, as_json: bool
) -> None:
    """Store the zones of all files (空域の登録).

    Importing a file again updates, and never doubles.

    空域を登録します。同じファイルを再び読み込むと更新になり、二重にはなりません。
    """
    found = read_files(files, zone_format)
    with _database() as connection:
        kept = stored.put(connection, records(found), prune=prune, only=only)
    if as_json:
        document = {"files": [summary(each) for each in found], **kept._asdict()}
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    for each in found:
        click.echo("\n".join(lines(each)), err=True)
    click.echo(
        f"{kept.added} added 追加, {kept.changed} changed 更新, {kept.unchanged} unchanged 変更なし"
    )
    if kept.absent:
        done = (
            "removed 削除" if prune or only else "kept though no longer in the files (--prune) 残存"
        )
        click.echo(f"{len(kept.absent)} {done}: {', '.join(kept.absent[:_LISTED])}")


@command.command(name="list")
@AS_JSON
def list_zones(*, as_json: bool) -> None:
    """Every stored zone (登録済みの空域の一覧)."""
    with _database() as connection:
        rows = stored.listing(connection)
    if as_json:
        names = ("source", "identifier", "name_ja", "zone_type", "imported_at")
        click.echo(json.dumps([dict(zip(names, map(str, row), strict=True)) for row in rows]))
        return
    for source, identifier, name, zone_type, imported_at in rows:
        click.echo(f"{source}  {identifier}  {zone_type}  {name}  {imported_at:%Y-%m-%d %H:%M}Z")


@command.command()
@click.option(
    "--format",
    "out_format",
    type=click.Choice(OUT_FORMATS),
    required=True,
    help="What to write. 出力形式",
)
def export(*, out_format: str) -> None:
    """Write every stored zone to stdout (登録済みの空域を出力します)."""
    with _database() as connection:
        rows = stored.zones(connection)
    # The desk brings the planner's compiler with it, for which `--help` must not wait.
    from routes_planner.desk import stored_zones  # noqa: PLC0415

    click.echo(document(stored_zones(rows) if rows else (), out_format))


@contextmanager
def _database() -> Iterator[Connection]:
    with pool.connect(load(DatabaseSettings), application="soramichi-geozones") as connection:
        yield connection


def records(imported: Iterable[Imported]) -> list[stored.ZoneRecord]:
    """What the store keeps of each zone; one that shares its identifier gets a number behind it."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for read in (zone for each in imported for zone in each.zones):
        seen[read.source, read.identifier] += 1
        count = seen[read.source, read.identifier]
        own = read.identifier if count == 1 else f"{read.identifier}#{count}"
        zone = replace(read, identifier=own)
        starts = [activation.starts_at for activation in zone.activations]
        ends = [activation.ends_at for activation in zone.activations]
        bounds = shapely.total_bounds([volume.footprint for volume in zone.volumes])
        west, south, east, north = (float(edge) for edge in bounds)
        found.append(
            stored.ZoneRecord(
                source=zone.source,
                identifier=zone.identifier,
                name=zone.name,
                zone_type=zone.zone_type.value,
                box=(west, south, east, north) if zone.volumes else None,
                valid_from=min(at for at in starts if at) if starts and all(starts) else None,
                valid_until=max(at for at in ends if at) if ends and all(ends) else None,
                features=geojson.collection([zone])["features"],
                outline=geojson.outline(zone),
            )
        )
    return found


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
