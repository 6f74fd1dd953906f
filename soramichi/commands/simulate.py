"""`soramichi simulate`: fly the built-in demonstrations over MQTT."""

from __future__ import annotations

import json
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from simulators.faults import parse_faults
from simulators.fleet import fleet
from simulators.flights import Plan, Tally, simulate
from simulators.scenarios import SCENARIOS, Scenario
from soramichi.commands.options import AS_JSON
from soramichi.errors import BadFile
from soramichi.settings import BrokerSettings, load

FLEET_SIZE = 50


@click.command("simulate")
@click.argument("scenario", required=False, type=click.Choice([*SCENARIOS, "fleet"]))
@click.option(
    "--fleet", "fleet_size", type=click.IntRange(0, 10_000), help="Add N aircraft. N機を追加"
)
@click.option(
    "--rate", "rate_hz", type=click.FloatRange(0.1, 50.0), help="Samples a second. 毎秒の送信数"
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000.0),
    default=1.0,
    show_default=True,
    help="So many times as fast. 倍速",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Same seed, same flight. 乱数の種"
)
@click.option(
    "--duration",
    "duration_s",
    type=click.FloatRange(min=0.0, min_open=True),
    help="Stop after S seconds. S秒後に終了",
)
@click.option(
    "--head-start",
    "head_start_s",
    type=click.FloatRange(min=0.0),
    default=0.0,
    help="Begin S seconds into the flights. 飛行の途中から開始",
)
@click.option(
    "--not-before",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"]),
    help="Observe nothing before this time. この時刻より後から開始",
)
@click.option(
    "--faults",
    default="",
    metavar="SPEC",
    help="A bad link: drop=0.01,duplicate=0.01,outage=30s@120s. 通信障害を再現",
)
@click.option(
    "--credentials-file",
    type=click.Path(path_type=Path),
    envvar="SORAMICHI_SIMULATE_CREDENTIALS_FILE",
    help='JSON file: {"operator": "password"}. 運航者のパスワード',
)
@click.option("--list", "list_only", is_flag=True, help="Name the scenarios. シナリオ一覧")
@AS_JSON
def command(  # noqa: PLR0913  # click passes one argument an option
    *,
    scenario: str | None,
    fleet_size: int | None,
    rate_hz: float | None,
    speed: float,
    seed: int,
    duration_s: float | None,
    head_start_s: float,
    not_before: datetime | None,
    faults: str,
    credentials_file: Path | None,
    list_only: bool,
    as_json: bool,
) -> None:
    """Fly demonstrations over MQTT (デモ飛行の配信).

    SCENARIO, or all three without one, until stopped.

    シナリオを省略すると三つとも、停止するまで配信します。
    """
    if list_only:
        _list(as_json=as_json)
        return
    plan = Plan(
        scenarios=_chosen(scenario, fleet_size, seed),
        seed=seed,
        rate_hz=rate_hz,
        speed=speed,
        duration_s=duration_s,
        head_start_s=head_start_s,
        not_before=not_before,
        faults=parse_faults(faults),
    )
    tally = simulate(
        plan,
        broker=load(BrokerSettings),
        passwords=read_credentials(credentials_file),
        stop=stop_on_signals(),
        notice=lambda text: click.echo(f"simulate: {text}", err=True),
    )
    report(tally, as_json=as_json, scenarios=[one.scenario_id for one in plan.scenarios])


def _chosen(scenario: str | None, fleet_size: int | None, seed: int) -> tuple[Scenario, ...]:
    if scenario == "fleet":
        return (fleet(FLEET_SIZE if fleet_size is None else fleet_size, seed=seed),)
    own = (SCENARIOS[scenario],) if scenario else tuple(SCENARIOS.values())
    return (*own, fleet(fleet_size, seed=seed)) if fleet_size else own


def _list(*, as_json: bool) -> None:
    rows = [(one.scenario_id, one.name.ja, one.name.en) for one in SCENARIOS.values()]
    rows.append(("fleet", "県内に任意の機数", "any number of aircraft over the prefecture"))
    if as_json:
        click.echo(json.dumps([{"scenario": i, "ja": ja, "en": en} for i, ja, en in rows]))
        return
    for scenario_id, ja, en in rows:
        click.echo(f"{scenario_id:24}{en} / {ja}")


def read_credentials(path: Path | None) -> dict[str, str]:
    """Passwords by operator; empty without a file. Raises `BadFile`."""
    if path is None:
        return {}
    try:
        passwords = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFile(str(path), f"cannot be read as JSON: {error}") from error
    if not isinstance(passwords, dict) or not all(isinstance(p, str) for p in passwords.values()):
        raise BadFile(str(path), 'must be one JSON object {"operator": "password"}')
    return passwords


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set, so that the command ends by itself and reports."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def report(tally: Tally, *, as_json: bool, **about: Any) -> None:
    """One line, or one document; exits 3 when samples have no receipt."""
    total = sum(tally.published.values())
    if as_json:
        facts = {
            "published": total,
            "unreceipted": tally.unreceipted,
            "dropped": tally.dropped,
            "duplicated": tally.duplicated,
            "operators": dict(tally.published),
        }
        click.echo(json.dumps(about | facts, ensure_ascii=False))
    else:
        click.echo(
            f"published {total} 件, unreceipted / 未受領 {tally.unreceipted}, "
            f"dropped {tally.dropped}, duplicated {tally.duplicated}"
        )
    if tally.unreceipted:
        sys.exit(3)
