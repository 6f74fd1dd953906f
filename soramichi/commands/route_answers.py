"""What the `routes` commands do: read, judge, tell, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from numba.core import event

from routes_planner.compare import height_profile, table
from routes_planner.desk import answer, found_document, request
from routes_planner.distribute import check_on
from routes_planner.planner import Planner
from routes_planner.separation import with_conflicts, with_conflicts_among
from routes_planner.verdict import Answer, Finding, Severity, Verdict
from routes_planner.zones_out.geojson import outline
from soramichi.commands.candidate_files import candidates, note_lines
from soramichi.commands.route_inputs import place, read, separation
from soramichi.domain import geoid
from soramichi.domain.corridor import Corridor
from soramichi.errors import BadInput

_WORDS = {
    Answer.PASS: "適合 pass",
    Answer.FAIL: "不適合 fail",
    Answer.UNKNOWN: "判定不能 unknown",
}
_MARKS = {Severity.FAIL: "x", Severity.UNKNOWN: "?", Severity.CAUTION: "!"}


class _FirstCompilation(event.Listener):
    """Says once why the first answer after an installation takes longer than all others."""

    _said = False

    def on_start(self, event: Any) -> None:  # noqa: ARG002  # numba's signature
        """A function is compiled: it was not in the cache on disk."""
        if not self._said:
            self._said = True
            click.echo(
                "初回のみ計算部分をコンパイルしています。数十秒お待ちください…\n"
                "compiling the planner once, for the first question only; this takes some "
                "ten seconds…",
                err=True,
            )

    def on_end(self, event: Any) -> None:
        """Nothing: the answer follows."""


event.register("numba:compile", _FirstCompilation())  # type: ignore[no-untyped-call]


def check(files: tuple[Path, ...], booked: tuple[Path, ...], options: dict[str, Any]) -> int:
    """Judge every candidate: 0 when all pass, else 1."""
    asked = read(options)
    corridors, notes = candidates(files, asked.stated)
    others, more = candidates(booked, asked.stated)
    if options["scheduler"]:
        verdicts = check_on(options["scheduler"], corridors, asked.task)
    else:
        verdicts = asked.task.planner().check(corridors)
    apart = separation(options["apart"])
    verdicts = with_conflicts(verdicts, corridors, others, apart, geoid=geoid)
    verdicts = with_conflicts_among(
        verdicts, corridors, apart, together=options["together"], geoid=geoid
    )
    _warn(note_lines([*asked.notes, *notes, *more]))
    if options["as_json"]:
        _print({"verdicts": [verdict.as_json() for verdict in verdicts]})
    else:
        for verdict in verdicts:
            _tell(verdict)
    return 0 if all(verdict.answer is Answer.PASS for verdict in verdicts) else 1


def search(start: str, goal: str, options: dict[str, Any]) -> int:
    """Propose corridors: 0 when one passes, else 1."""
    asked = read(options)
    found = asked.task.planner().search(
        request(
            asked.stated,
            place(start),
            place(goal),
            height_m=options["height"],
            from_m=options["start_height"],
            to_m=options["goal_height"],
        )
    )
    _warn(note_lines(asked.notes))
    if options["as_json"]:
        _print(found_document(found))
    else:
        for proposal in found.proposals:
            _tell(proposal.verdict)
        if found.none is not None:
            click.echo(f"{found.none.reason.ja}\n{found.none.reason.en}")
            _tell_findings(found.none.closed_by)
    return 0 if any(p.verdict.answer is Answer.PASS for p in found.proposals) else 1


def compare(files: tuple[Path, ...], options: dict[str, Any], page: Path | None) -> int:
    """Show candidates side by side, and write them as a page where one is named: 0."""
    asked = read(options)
    corridors, notes = candidates(files, asked.stated)
    planner = asked.task.planner()
    verdicts = planner.check(corridors)
    _warn(note_lines([*asked.notes, *notes]))
    if page is not None:
        from maps.export import routes_file  # noqa: PLC0415  # heavy: only when a page is made

        zones = [outline(zone) for zone in asked.task.zones]
        _write(page, routes_file(answer(planner, corridors, verdicts, notes), zones=zones))
    if options["as_json"]:
        _print(
            {
                "table": table(verdicts),
                "profiles": _profiles(planner, corridors, verdicts),
                "verdicts": [verdict.as_json() for verdict in verdicts],
            }
        )
        return 0
    click.echo(_HEADER)
    for row in table(verdicts):
        click.echo(_row(row))
    return 0


def _write(page: Path, html: str) -> None:
    try:
        page.write_text(html, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{page} cannot be written: {error.strerror}") from error
    click.echo(f"{page}: {page.stat().st_size / 1e6:.2f} MB", err=True)


def _warn(lines: list[str]) -> None:
    for line in lines:
        click.echo(line, err=True)


_COLUMNS = (
    ("length_m", "km 距離", 1_000.0),
    ("duration_s", "min 時間", 60.0),
    ("energy_reserve_pct", "% 残量", 1.0),
    ("over_did_m", "km DID", 1_000.0),
    ("people_below", "people 人", 1.0),
    ("min_clearance_m", "m 余裕", 1.0),
)
_HEADER = f"{'candidate 候補':<22}{'verdict 判定':<12}" + "".join(
    f"{title:>10}" for _, title, _ in _COLUMNS
)


def _row(row: dict[str, Any]) -> str:
    values = [row[key] for key, _, _ in _COLUMNS]
    units = [unit for _, _, unit in _COLUMNS]
    cells = [
        "-" if value is None else f"{value / unit:.1f}"
        for value, unit in zip(values, units, strict=True)
    ]
    return f"{row['candidate']:<24}{row['verdict']:<14}" + "".join(f"{cell:>11}" for cell in cells)


def _profiles(
    planner: Planner, corridors: list[Corridor], verdicts: list[Verdict]
) -> list[dict[str, Any]]:
    return [
        height_profile(corridor, planner.around_for(corridor), verdict)
        for corridor, verdict in zip(corridors, verdicts, strict=True)
    ]


def _tell(verdict: Verdict) -> None:
    """A verdict for people: what it is, what it costs, and every finding."""
    metrics = verdict.metrics
    clearance = metrics.min_clearance_m
    click.echo(
        f"{verdict.candidate}: {_WORDS[verdict.answer]}  {metrics.length_m / 1000:.1f} km, "
        f"{metrics.duration_s / 60:.0f} min"
        + ("" if clearance is None else f", {clearance:.0f} m clear 余裕")
    )
    _tell_findings(verdict.findings)
    if verdict.assumed:
        click.echo(f"    assumed 仮定: {', '.join(verdict.assumed)}")


def _tell_findings(findings: Iterable[Finding]) -> None:
    for finding in findings:
        click.echo(f"  {_MARKS[finding.severity]} {finding.message.ja}")
        click.echo(f"    {finding.message.en}")


def _print(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False))
