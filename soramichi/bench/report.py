"""What every benchmark prints: the machine, the runs, and rows of value, limit and ratio."""

from __future__ import annotations

import json
import operator
import os
import platform
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

import click


class Result(TypedDict):
    """One row: `ratio` is value / limit; `target` what the ratio should reach, where one is set.

    Without a limit to compare with, or where it says "value", `target` is about the value
    itself. `met`: whether it was reached; None without a target.
    """

    name: str
    value: float
    unit: str
    limit: float | None
    ratio: float | None
    target: str | None
    met: bool | None


_TARGET = re.compile(r"(?P<value>value )?(?P<sign>[<>]=?|=) (?P<bound>[\d.]+)")
_SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


def result(
    name: str,
    value: float,
    unit: str,
    *,
    limit: float | None = None,
    target: str | None = None,
) -> Result:
    """A row; the ratio is None without a limit."""
    ratio = round(value / limit, 3) if limit else None
    shown = float(f"{value:.4g}")
    return Result(
        name=name,
        value=shown,
        unit=unit,
        limit=limit,
        ratio=ratio,
        target=target,
        met=_met(target, value, ratio),
    )


def _met(target: str | None, value: float, ratio: float | None) -> bool | None:
    if target is None:
        return None
    rule = _TARGET.match(target)
    assert rule is not None, target  # noqa: S101  # written in our own code
    judged = value if rule["value"] or ratio is None else ratio
    return bool(_SIGNS[rule["sign"]](judged, float(rule["bound"])))


def median(values: Iterable[float]) -> float:
    """The middle one: a neighbour on the machine spoils single runs, not the median."""
    return statistics.median(values)


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how busy it was with other things."""
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2),
    }


def show(results: Sequence[Mapping[str, Any]], *, runs: int, as_json: bool) -> None:
    """Print the report: one JSON document, or a table."""
    if as_json:
        click.echo(json.dumps({"machine": machine(), "runs": runs, "results": results}))
        return
    click.echo(f"{'':<44}{'value':>12} {'unit':<14}{'limit':>12}{'ratio':>8}  target")
    for row in results:
        limit = f"{_short(row['limit']):>12}{row['ratio']:>8.2f}" if row["limit"] else " " * 20
        click.echo(
            f"{row['name']:<44}{_short(row['value']):>12} {row['unit']:<14}{limit}  {_judged(row)}"
        )


def _judged(row: Mapping[str, Any]) -> str:
    """The target and whether it was reached; "" without one."""
    word = {True: "met", False: "MISSED", None: ""}[row.get("met")]
    return f"{row.get('target') or '':<18} {word}".rstrip()


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
