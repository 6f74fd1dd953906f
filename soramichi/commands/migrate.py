"""`soramichi migrate`: bring the schema up to date."""

from __future__ import annotations

import json

import click

from soramichi.commands.options import AS_JSON
from soramichi.settings import DatabaseSettings, load
from soramichi.store import migrate as migrations
from soramichi.store import pool


@click.command()
@click.option(
    "--storage",
    type=click.Choice([migrations.NATIVE, migrations.TIMESCALE]),
    help="Which storage a new database gets, for good; else TimescaleDB where the server has it. "
    "新しいデータベースの保存方式（後から変更できません）",
)
@AS_JSON
def migrate(*, storage: str | None, as_json: bool) -> None:
    """Bring the database schema up to date (スキーマを最新にします)."""
    with pool.connect(load(DatabaseSettings), application="soramichi-migrate") as connection:
        applied = migrations.migrate(connection, storage=storage)
    if as_json:
        click.echo(json.dumps({"applied": applied}))
    else:
        click.echo("\n".join(applied) if applied else "already up to date / 最新です")
