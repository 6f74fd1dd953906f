"""`soramichi bridge`: hands its arguments to the bridge, which does without click."""

from __future__ import annotations

import sys

import click

from soramichi.bridge.__main__ import main


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bridge(arguments: tuple[str, ...]) -> None:
    """Forward samples so that none is lost (欠測のない転送)."""
    sys.exit(main(arguments))
