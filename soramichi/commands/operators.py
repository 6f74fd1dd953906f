"""`soramichi operators`: who may connect to a production broker."""

from __future__ import annotations

import json
from pathlib import Path

import click

from soramichi.commands.broker_accounts import Accounts

_RELOAD = "docker compose kill --signal HUP nats"

_project = click.option(
    "--project",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path(),
    show_default="here",
    help="The folder of compose.yaml.",
)


@click.group()
def operators() -> None:
    """Accounts at a production broker, NATS or mosquitto.

    本番ブローカーに接続できる運航者のアカウントを管理します。
    """


@operators.command()
@_project
@click.option("--demo", is_flag=True, help="Accounts for the simulated operators too.")
def init(project: Path, *, demo: bool) -> None:
    """Make the platform's account and the other secrets of compose.yaml.

    compose.yaml が使う秘密情報とプラットフォームのアカウントを作ります。
    """
    accounts = Accounts(project)
    accounts.prepare()
    if demo:
        from simulators.scenarios import SCENARIOS  # noqa: PLC0415  # only the demo needs it

        simulated = {one.operator_id for flown in SCENARIOS.values() for one in flown.operators}
        accounts.share_with_simulators(sorted(simulated))


@operators.command()
@click.argument("name")
@_project
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def add(name: str, project: Path, *, as_json: bool) -> None:
    """Give NAME an account and a password, right for its own topics only.

    運航者 NAME のアカウントを作ります。自分のトピックだけを使えます。
    """
    password_file = Accounts(project).add(name)
    if as_json:
        click.echo(json.dumps({"operator": name, "password_file": str(password_file)}))
        return
    click.echo(f"password / パスワード: {password_file}")
    click.echo(f"now / 次に: {_RELOAD}")


@operators.command()
@click.argument("name")
@_project
def remove(name: str, project: Path) -> None:
    """Take NAME's account away; its flights stay.

    運航者 NAME のアカウントを削除します。記録は残ります。
    """
    Accounts(project).remove(name)
    click.echo(f"now / 次に: {_RELOAD}")


@operators.command("list")
@_project
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_operators(project: Path, *, as_json: bool) -> None:
    """Name every operator with an account.

    アカウントを持つ運航者を一覧します。
    """
    names = Accounts(project).operators
    click.echo(json.dumps({"operators": names}) if as_json else "\n".join(names))
