"""`soramichi migrate`: bring the schema up to date."""

from __future__ import annotations

import json

import click

from soramichi.settings import DatabaseSettings, load
from soramichi.store import migrate as migrations
from soramichi.store import pool


@click.command()
@click.option(
    "--storage",
    type=click.Choice([migrations.NATIVE, migrations.TIMESCALE]),
    help="Which storage a new database gets, for good; else TimescaleDB where the server has it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def migrate(*, storage: str | None, as_json: bool) -> None:
    """Bring the database schema up to date (スキーマを最新にします)."""
    with pool.connect(load(DatabaseSettings), application="soramichi-migrate") as connection:
        applied = migrations.migrate(connection, storage=storage)
    if as_json:
        click.echo(json.dumps({"applied": applied}))
    else:
        click.echo("\n".join(applied) if applied else "already up to date / 最新です")
