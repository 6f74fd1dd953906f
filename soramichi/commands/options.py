"""Options that commands share. Light to import: `--help` reads it."""

from __future__ import annotations

import click

AS_JSON = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON document on stdout. 標準出力に JSON で出力",
)
