"""`python -m tests.fuzz`: so many inputs against everything that reads what others send."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tests.fuzz import campaign
from tests.fuzz.targets import TARGETS


@click.command()
@click.option("--inputs", type=click.IntRange(min=1_000), default=10_000_000, show_default=True,
              help="Of all targets together.")  # fmt: skip
@click.option("--seed", type=click.IntRange(1, 1 << 31), help="Begin as the run of this seed did.")
@click.option("--target", "names", multiple=True, type=click.Choice(list(campaign.SHARES)),
              help="Only these; again for several.")  # fmt: skip
@click.option("--again", type=click.Path(exists=True, path_type=Path, dir_okay=False),
              help="One input only, for the one --target: what a failed run kept.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def main(
    *, inputs: int, seed: int | None, names: tuple[str, ...], again: Path | None, as_json: bool
) -> None:
    """Fuzz the decoder, the MQTT line and the whole path. Exit 1 if any input fails."""
    if again is not None:
        if len(names) != 1 or names[0] not in TARGETS:
            raise click.UsageError(f"--again needs one --target of {', '.join(TARGETS)}")
        click.echo(dict(TARGETS[names[0]](again.read_bytes())))
        return
    if find_spec("atheris") is None:
        click.echo("atheris is not installed; `make fuzz` does it (Linux, x86-64)", err=True)
        sys.exit(3)
    seed = 1 + secrets.randbelow(1 << 31) if seed is None else seed
    click.echo(f"seed {seed}", err=True)
    work = Path(tempfile.mkdtemp(prefix="soramichi-fuzz-"))
    found = [
        campaign.run(name, count, seed=seed, folder=work / name)
        for name, count in campaign.shared_out(inputs, names or tuple(campaign.SHARES)).items()
    ]
    fine = all(one["fault"] is None for one in found)
    click.echo(json.dumps({"seed": seed, "targets": found}) if as_json else table(found))
    if fine:
        shutil.rmtree(work)
    sys.exit(0 if fine else 1)


def table(found: list[dict[str, Any]]) -> str:
    """What each target saw, for people."""
    lines = [f"{'target':9}{'inputs':>12}{'per s':>9}{'slowest':>11}  where everything ended"]
    for one in found:
        counts = "  ".join(f"{name} {count:,}" for name, count in one["counts"].items())
        lines.append(
            f"{one['target']:9}{one['inputs']:>12,}{one['inputs'] / one['seconds']:>9,.0f}"
            f"{1_000 * one['slowest_s']:>8.1f} ms  {counts}"
        )
    lines.append(f"{'all':9}{sum(one['inputs'] for one in found):>12,}")
    lines += [f"NO: {one['target']}: {one['fault']}" for one in found if one["fault"]]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
