"""`soramichi routes`: check candidates, search for corridors that pass, compare and book them.

The planner is imported by the command that runs, not by this module: `--help`
must not wait for the compiler.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from soramichi.commands.options import AS_JSON
from soramichi.commands.route_options import DATUM, FILE, Several, shared

_FILES = click.argument("files", nargs=-1, required=True, type=FILE)


@click.group()
def routes() -> None:
    """Check, search and book corridors (飛行経路の判定・探索・比較・予約)."""


@routes.command()
@_FILES
@shared
@click.option(
    "--booked", cls=Several, type=FILE, metavar="FILE…", help="Corridors to avoid. 予約済みの経路"
)
@click.option(
    "--separation",
    "apart",
    default="50,20,60",
    show_default=True,
    metavar="M,M,S",
    help="Metres aside, metres in height, seconds. 間隔",
)
@click.option(
    "--together",
    is_flag=True,
    help="All candidates are to fly: too close to each other fails. Without it they are "
    "alternatives and that is a caution. すべて同時に飛ぶものとして判定",
)
@click.option(
    "--scheduler", metavar="ADDRESS", help="Check on this Dask cluster. 判定を分散する Dask"
)
def check(files: tuple[Path, ...], booked: tuple[Path, ...], **options: Any) -> None:
    """Judge every candidate; exit 1 unless all pass (候補経路を判定します)."""
    sys.exit(_answers().check(files, booked, options))


@routes.command()
@click.option("--from", "start", required=True, metavar="LON,LAT", help="From where. 出発地")
@click.option("--to", "goal", required=True, metavar="LON,LAT", help="To where. 目的地")
@click.option("--height", type=float, metavar="M", help="Cruise height; default by class. 巡航高度")
@click.option(
    "--start-height",
    type=float,
    default=0.0,
    show_default=True,
    metavar="M",
    help="Height of take-off, same datum. 離陸地点の高さ",
)
@click.option(
    "--goal-height",
    type=float,
    default=0.0,
    show_default=True,
    metavar="M",
    help="Height of landing, same datum. 着陸地点の高さ",
)
@shared
def search(start: str, goal: str, **options: Any) -> None:
    """Propose corridors that pass (適合する経路を探します).

    Exit 1 when there is none.
    """
    sys.exit(_answers().search(start, goal, options))


@routes.command()
@_FILES
@shared
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write map, profiles and table as one page that opens without a network. 保存先",
)
def compare(files: tuple[Path, ...], page: Path | None, **options: Any) -> None:
    """Show candidates side by side, the best first (候補経路を並べて比べます)."""
    sys.exit(_answers().compare(files, options, page))


@routes.command()
@click.argument("file", type=FILE)
@click.option("--candidate", metavar="NAME", help="Which line of the file. 経路名")
@click.option("--booked-by", "operator", metavar="OPERATOR", help="Who flies it. 運航者")
@click.option("--aircraft", metavar="ID", help="What flies it, and is then watched. 機体")
@click.option("--depart", metavar="TIME", help="With its zone: 2026-11-23T10:00+09:00. 出発時刻")
@click.option("--height-datum", type=DATUM, help="What heights count from. 高さの基準")
@click.option("--terrain", type=FILE, metavar="FOLDER", help="Elevation tiles or GeoTIFF. 標高")
@AS_JSON
def book(file: Path, **options: Any) -> None:
    """Reserve a corridor's airspace (経路の予約).

    Exit 1 when a booked one is too close: every two keep 50 m aside, 20 m in height
    or 60 s apart. A booking keeps others away and judges nothing: what the zones say
    is asked with `routes check`.

    経路の空域を予約します。予約は判定ではありません。区域の判定は check で行います。
    """
    sys.exit(_bookings().book(file, options))


@routes.command()
@AS_JSON
def bookings(*, as_json: bool) -> None:
    """Every booked corridor, by departure (予約の一覧)."""
    _bookings().listing(as_json=as_json)


@routes.command()
@click.argument("booking", metavar="ID")
def cancel(booking: str) -> None:
    """Give a booked corridor's airspace free (予約の取り消し).

    Exit 1 when there is none.
    """
    _bookings().cancel(booking)


def _answers() -> Any:
    return importlib.import_module("soramichi.commands.route_answers")


def _bookings() -> Any:
    return importlib.import_module("soramichi.commands.bookings")
