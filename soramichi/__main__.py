"""The one program, `soramichi`: each command is imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from soramichi.errors import Unavailable, carry_out
from soramichi.version import VERSION

# name on the command line -> (module, attribute), in the order `--help` shows.
COMMANDS = {
    "demo": "soramichi.commands.demo:demo",
    "ingest": "soramichi.commands.processes:ingest",
    "watch": "soramichi.commands.processes:watch",
    "api": "soramichi.commands.processes:api",
    "migrate": "soramichi.commands.migrate:migrate",
    "doctor": "soramichi.commands.doctor:doctor",
    "bridge": "soramichi.commands.bridge:bridge",
    "quarantine": "soramichi.commands.quarantine:quarantine",
    "simulate": "soramichi.commands.simulate:command",
    "replay": "soramichi.commands.replay:command",
    "symposium": "soramichi.commands.symposium:symposium",
    "operators": "soramichi.commands.operators:operators",
    "bench": "soramichi.commands.bench:bench",
    "routes": "soramichi.commands.routes:routes",
    "geozones": "soramichi.commands.geozones:command",
    "spatial-ids": "soramichi.commands.spatial_ids:command",
    "map": "soramichi.commands.map:command",
    "flights": "soramichi.commands.flights:flights",
}


class Lazy(click.Group):
    """A group whose commands are imported when asked for, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command, or None when there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, help="Show the version and exit. 版を表示")
def cli() -> None:
    """Soramichi (空みち): demonstration flights, streamed, judged and shown.

    デモ飛行を配信し、判定し、見せるための基盤です。
    """


# A demo that runs in the current folder says here how to reach it.
RUNNING_DEMO = Path(".soramichi/running.env")


def adopt_running_demo() -> None:
    """Let commands started beside a running demo find it; what the environment says goes first."""
    try:
        lines = RUNNING_DEMO.read_text().splitlines()
    except OSError:
        return
    variables = dict(line.split("=", 1) for line in lines if line.startswith("SORAMICHI_"))
    if any(name in os.environ for name in variables) or not _alive(variables):
        return
    os.environ.update(variables)


def _alive(variables: dict[str, str]) -> bool:
    try:
        os.kill(int(variables["SORAMICHI_DEMO_PID"]), 0)
    except (KeyError, ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Run the command line; an error becomes its exit code, and one clear line if deliberate."""
    adopt_running_demo()
    carry_out(_run)


def _run() -> Any:
    try:
        return cli(standalone_mode=True)
    except Exception as error:
        # Loaded by the commands that ask the database, and by no other.
        psycopg = sys.modules.get("psycopg")
        if psycopg is not None:
            errors = psycopg.errors
            if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn):
                raise Unavailable(
                    "the database has no schema yet, or an older one; run `soramichi migrate`"
                ) from error
            if isinstance(error, psycopg.OperationalError):
                told = str(error).strip().partition("\n")[0]
                raise Unavailable(f"the database: {told}; see `soramichi doctor`") from error
        raise


if __name__ == "__main__":
    main()
