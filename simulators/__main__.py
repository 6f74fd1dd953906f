"""`python -m simulators` is `soramichi simulate`."""

from __future__ import annotations

import sys

import click

from soramichi.commands.simulate import command
from soramichi.errors import SoramichiError

if __name__ == "__main__":
    try:
        command(standalone_mode=True)
    except SoramichiError as error:
        click.echo(f"soramichi: {error}", err=True)
        sys.exit(error.exit_code)
