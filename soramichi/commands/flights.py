"""`soramichi flights`: stored flights, listed and taken out whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from soramichi.commands.flight_formats import FORMATS, stamp
from soramichi.commands.options import AS_JSON
from soramichi.domain.flight import Flight
from soramichi.errors import BadInput
from soramichi.settings import DatabaseSettings, load
from soramichi.store import pool, records


@click.group()
def flights() -> None:
    """Take stored flights out, published or not (飛行の書き出し)."""


@flights.command(name="list")
@click.option("--aircraft", "aircraft_id", metavar="ID", help="Of one aircraft. 機体を指定")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="At most so many. 最大件数",
)
@AS_JSON
def list_flights(*, aircraft_id: str | None, limit: int, as_json: bool) -> None:
    """The flights last observed, newest first (一覧・新しい順)."""
    with pool.connect(load(DatabaseSettings), application="soramichi-flights") as connection:
        found = records.listing(connection, limit=limit, aircraft_id=aircraft_id)
    if as_json:
        click.echo(json.dumps([_document(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        minutes = (one.last_observed_at - one.first_observed_at).total_seconds() / 60
        click.echo(
            f"{one.flight_id}  {one.aircraft_id}  {stamp(one.first_observed_at)}"
            f"  {minutes:.1f} min  {one.sample_count}"
        )
    if not found:
        click.echo("no flight is stored 保存された飛行はありません", err=True)


@flights.command()
@click.argument("flight_id")
@click.option(
    "--format", "kind", required=True, type=click.Choice(list(FORMATS)), help="What to write. 形式"
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; left out: stdout. 保存先",
)
def export(*, flight_id: str, kind: str, output: Path | None) -> None:
    """Write one flight whole, heights on the right datum (飛行の書き出し)."""
    with pool.connect(load(DatabaseSettings), application="soramichi-flights") as connection:
        content = FORMATS[kind](records.record(connection, flight_id))
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{output}: {len(content) / 1e6:.2f} MB", err=True)


def _document(flight: Flight) -> dict[str, object]:
    return {
        "flight": flight.flight_id,
        "aircraft": flight.aircraft_id,
        "first_observed_at": stamp(flight.first_observed_at),
        "last_observed_at": stamp(flight.last_observed_at),
        "samples": flight.sample_count,
    }
