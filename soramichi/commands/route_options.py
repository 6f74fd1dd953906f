"""The options that the `routes` commands share. Light to import: `--help` reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from soramichi.commands.options import AS_JSON
from soramichi.domain.flight import AircraftClass

Command = TypeVar("Command", bound=Callable[..., Any])
CLASSES = [c for c in AircraftClass if c is not AircraftClass.UNKNOWN]
FILE = click.Path(path_type=Path)
DATUM = click.Choice(["AMSL", "AGL", "ELLIPSOID", "TAKEOFF"])
# The rule set that comes with the project; `routes_planner.rules` reads it.
DEFAULT_RULES = "japan-2026-11"


class Several(click.Option):
    """An option that takes every argument up to the next option, and may be repeated."""

    def __init__(self, *declarations: Any, **attributes: Any) -> None:
        super().__init__(*declarations, **{"multiple": True, **attributes})

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let click's parser take one value, and take the others from behind it."""
        super().add_to_parser(parser, ctx)
        for name in self.opts:
            option = parser._long_opt.get(name)  # noqa: SLF001  # click offers no other hook
            if option is not None:
                option.process = _taking_all(option.process)


def _taking_all(process: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def take(value: Any, state: Any) -> None:
        process(value, state)
        while state.rargs and not state.rargs[0].startswith("-"):
            process(state.rargs.pop(0), state)

    return take


def shared(command: Command) -> Command:
    """The options that every `routes` command has."""
    options: Sequence[Callable[[Command], Command]] = (
        click.option(
            "--geozones", cls=Several, type=FILE, metavar="FILE…", help="Zones in force. 飛行区域"
        ),
        click.option(
            "--aircraft-class",
            type=click.Choice([str(c) for c in CLASSES]),
            help="Class of the aircraft. 機種区分",
        ),
        click.option(
            "--depart", metavar="TIME", help="With its zone: 2026-11-23T10:00+09:00. 出発時刻"
        ),
        click.option("--speed", type=float, metavar="MPS", help="Ground speed in m/s. 対地速度"),
        click.option("--width", type=float, metavar="M", help="Whole width in metres. 幅"),
        click.option("--height-datum", type=DATUM, help="What heights count from. 高さの基準"),
        click.option(
            "--terrain", type=FILE, metavar="FOLDER", help="Elevation tiles or GeoTIFF. 標高"
        ),
        click.option(
            "--population", type=FILE, metavar="CSV", help="People by mesh code. メッシュ人口"
        ),
        click.option(
            "--rules",
            default=DEFAULT_RULES,
            show_default=True,
            metavar="NAME|FILE|none",
            help="The rules of the aircraft classes. ルール",
        ),
        AS_JSON,
    )
    for option in reversed(options):
        command = option(command)
    return command
