"""`soramichi operators`: who may connect to a production broker."""

from __future__ import annotations

import json
from pathlib import Path

import click

from soramichi.commands.broker_accounts import Accounts
from soramichi.commands.options import AS_JSON

_RELOAD = "docker compose kill --signal HUP nats"

_project = click.option(
    "--project",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path(),
    show_default="here",
    help="The folder of compose.yaml. compose.yaml のフォルダ",
)


@click.group()
def operators() -> None:
    """Accounts at a production broker (運航者アカウントの管理).

    NATS or mosquitto, as compose.yaml and docs/operations.md lay them out.

    本番ブローカー（NATS、mosquitto）に接続できる運航者を管理します。
    """


@operators.command()
@_project
@click.option(
    "--demo", is_flag=True, help="Accounts for the simulated operators too. デモの運航者も作成"
)
def init(project: Path, *, demo: bool) -> None:
    """Make the secrets of compose.yaml (秘密情報の作成).

    The platform's own account is among them; what is there already stays.

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
@AS_JSON
def add(name: str, project: Path, *, as_json: bool) -> None:
    """Give NAME an account and a password (運航者の追加).

    They are right for NAME's own topics only.

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
    """Take NAME's account away; its flights stay (運航者の削除)."""
    Accounts(project).remove(name)
    click.echo(f"now / 次に: {_RELOAD}")


@operators.command("list")
@_project
@AS_JSON
def list_operators(project: Path, *, as_json: bool) -> None:
    """Name every operator with an account (運航者の一覧)."""
    names = Accounts(project).operators
    if as_json:
        click.echo(json.dumps({"operators": names}))
        return
    for name in names:
        click.echo(name)
    if not names:
        click.echo("no operator has an account yet / 運航者のアカウントはまだありません", err=True)
