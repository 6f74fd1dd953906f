"""`soramichi bench`: how fast each part is, beside the plainest program for it and its peers."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import Any

import click

from soramichi.bench import report
from soramichi.commands.options import AS_JSON
from soramichi.errors import Unavailable

# name -> module:attribute; `all` runs them in this order.
BENCHES = {
    "store": "soramichi.commands.bench:store",
    "ingest": "soramichi.commands.bench:ingest",
    "live": "soramichi.commands.bench:live",
    "map": "soramichi.commands.bench:map_",
    "planner": "soramichi.commands.bench:planner",
}

_quick = click.option("--quick", is_flag=True, help="Less of everything (短時間で測ります).")


class _Benches(click.Group):
    """Imports a benchmark, and what it measures, when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return [*BENCHES, "all"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name == "all":
            return all_
        if cmd_name not in BENCHES:
            return None
        module, attribute = BENCHES[cmd_name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101
        return command


@click.group(cls=_Benches)
def bench() -> None:
    """Measure it beside its limits and peers (性能の計測)."""


@click.command()
@_quick
@AS_JSON
def ingest(*, quick: bool, as_json: bool) -> None:
    """From publication to commit, on each broker (取り込みの速さ)."""
    from soramichi.bench import ingest as measured  # noqa: PLC0415  # heavy: only when measured

    plan = measured.QUICK if quick else measured.Plan()
    report.show(measured.run(plan, _say), runs=plan.runs, as_json=as_json)


@click.command()
@_quick
@AS_JSON
def store(*, quick: bool, as_json: bool) -> None:
    """Rows into the database (保存の速さ)."""
    from soramichi.bench import store as measured  # noqa: PLC0415

    runs = 3
    rows = measured.run(samples=50_000 if quick else 500_000, runs=runs)
    report.show(rows, runs=runs, as_json=as_json)


@click.command()
@_quick
@AS_JSON
def live(*, quick: bool, as_json: bool) -> None:
    """From a tick to every viewer's last byte (配信の速さ)."""
    from soramichi.bench import live as measured  # noqa: PLC0415

    plan = measured.QUICK if quick else measured.Plan()
    report.show(measured.run(plan, _say), runs=1, as_json=as_json)


@click.command()
@_quick
@click.option(
    "--postgis",
    metavar="URL",
    envvar="SORAMICHI_BENCH_POSTGIS",
    help="A PostgreSQL with PostGIS, as another peer. 比較に使う PostGIS",
)
@AS_JSON
def planner(*, quick: bool, postgis: str | None, as_json: bool) -> None:
    """Checks and searches of corridors (経路の判定と探索の速さ)."""
    from soramichi.bench import planner as measured  # noqa: PLC0415

    plan = measured.QUICK if quick else measured.Plan()
    report.show(measured.run(plan, _say, postgis=postgis), runs=plan.runs, as_json=as_json)


@click.command(name="map")
@_quick
@AS_JSON
def map_(*, quick: bool, as_json: bool) -> None:
    """Frames, weight and first aircraft in a real browser (地図の速さ)."""
    from soramichi.bench import map as measured  # noqa: PLC0415

    plan = measured.QUICK if quick else measured.Plan()
    report.show(measured.run(plan, _say), runs=plan.runs, as_json=as_json)


@click.command(name="all")
@_quick
@AS_JSON
def all_(*, quick: bool, as_json: bool) -> None:
    """Every benchmark, one after the other, and one report (すべて測ります)."""
    documents = [_measured(name, quick=quick) for name in BENCHES]
    results = [row for document in documents for row in document["results"]]
    report.show(results, runs=min(one["runs"] for one in documents), as_json=as_json)


def _measured(name: str, *, quick: bool) -> dict[str, Any]:
    """The report of one benchmark, measured in a process of its own so that none warms another."""
    line = [sys.executable, "-m", "soramichi", "bench", name, "--json"]
    done = subprocess.run(
        [*line, *(["--quick"] if quick else [])], stdout=subprocess.PIPE, check=False
    )
    if done.returncode != 0:
        raise Unavailable(f"`soramichi bench {name}` failed; what it says stands above")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _say(text: str) -> None:
    click.echo(text, err=True)
