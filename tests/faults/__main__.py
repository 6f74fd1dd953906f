"""`make faults`: the fault plan against real processes, with a table at the end.

Everything is drawn from the seed, which is printed first; `--seed` repeats the
plan (what the machine does meanwhile is not in our hands).
"""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from soramichi.errors import SoramichiError
from tests.faults.plan import (
    LONG,
    LONG_NODES,
    LONG_S,
    SHORTEST_S,
    Plan,
    long_plan,
    nodes_plan,
    short_plan,
)
from tests.faults.run import Report, Wish, run

HEAD = (
    f"{'fault':26}{'times':>6}{'longest':>9}{'sent':>9}{'stored':>9}{'lost':>6}{'doubled':>9}"
    f"{'recovery median':>17}{'max':>8}"
)


@click.command()
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the plan of this seed.")
@click.option("--short", is_flag=True, help="The plan of CI, about a minute.")
@click.option("--duration", "duration_s", type=click.FloatRange(min=SHORTEST_S), default=LONG_S,
              show_default=True,
              help="Seconds of the long plan; a shorter one has fewer faults.")  # fmt: skip
@click.option("--broker", type=click.Choice(["nats", "mosquitto", "cluster"]), default="nats",
              help="A cluster is three nodes, with a read replica and the API on it.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 8), default=2, show_default=True)
@click.option("--keep", is_flag=True, help="Keep logs and ledgers also when all is well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def main(  # click passes one argument an option
    *,
    seed: int | None,
    short: bool,
    duration_s: float,
    broker: str,
    workers: int,
    keep: bool,
    as_json: bool,
) -> None:
    """Break everything that can break, and count what was lost. Exit 1 unless nothing was."""
    seed = secrets.randbelow(1 << 31) if seed is None else seed
    plan = _plan(seed, broker, duration_s, short=short)
    say(f"seed {seed}: {len(plan.faults)} faults in {plan.duration_s:.0f} s on {broker}")
    work = Path(tempfile.mkdtemp(prefix="soramichi-faults-"))
    say(f"logs and ledgers are in {work}")
    # Mounts and servers are undone on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    try:
        report = run(Wish(plan=plan, broker=broker, workers=workers), work, say)
    except SoramichiError as error:
        say(f"the run could not be finished: {error}")
        sys.exit(error.exit_code)
    if report.ok and not keep:
        shutil.rmtree(work)
        say("nothing to look at, so they are deleted")
    click.echo(json.dumps(report.document()) if as_json else table(report))
    sys.exit(0 if report.ok else 1)


def _plan(seed: int, broker: str, duration_s: float, *, short: bool) -> Plan:
    if short:
        return nodes_plan(seed) if broker == "cluster" else short_plan(seed)
    return long_plan(seed, duration_s, LONG_NODES if broker == "cluster" else LONG)


def say(text: str) -> None:
    """Progress goes to stderr."""
    click.echo(text, err=True)


def table(report: Report) -> str:
    """The table and what was found, for people."""
    document = report.document()
    lines = [HEAD]
    lines += [_line(row) for row in document["faults"]]
    verdict = document["verdict"]
    sent, stored = verdict["sent"], verdict["stored"] + verdict["quarantined"]
    lines.append(
        f"{'whole run':26}{sum(row['times'] for row in document['faults']):>6}{'':9}{sent:>9}"
        f"{stored:>9}{verdict['lost']:>6}{verdict['doubled']:>9}"
    )
    lines.append(
        f"altered {verdict['altered']}, foreign {verdict['foreign']}, "
        f"without receipt {verdict['unreceipted']}, rightly quarantined {verdict['quarantined']}; "
        f"books: {' '.join(f'{name}={count}' for name, count in document['books'].items())}"
    )
    if reading := document["reading"]:
        lines.append(
            f"API on the replica: asked {reading['asked']}, answered {reading['answered']}, "
            f"refused while its replica was there {reading['refused']}, "
            f"longest silence {reading['longest_silence_s']:.1f} s, behind {reading['behind']} rows"
        )
    lines += [f"NO: {trouble}" for trouble in (*document["troubles"], *verdict["faults"])]
    lines.append(
        f"seed {document['seed']}, {document['broker']}, {document['workers']} worker(s), "
        f"{document['took_s']:.0f} s: {'nothing lost, nothing doubled' if report.ok else 'FAILED'}"
    )
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    if row["skipped"]:
        return f"{row['fault']:26} skipped: {row['skipped']}"
    median, longest = row["recovery_median_s"], row["recovery_max_s"]
    return (
        f"{row['fault']:26}{row['times']:>6}{row['longest_s']:>7.0f} s{row['sent']:>9}"
        f"{row['stored']:>9}{row['lost']:>6}{row['doubled']:>9}"
        f"{'-' if median is None else f'{median:.1f} s':>17}"
        f"{'-' if longest is None else f'{longest:.1f} s':>8}"
    )


if __name__ == "__main__":
    main()
