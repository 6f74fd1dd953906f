"""What the `routes` commands do: read, judge, tell, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from routes_planner.candidates_in.candidate import TYPICAL
from routes_planner.compare import height_profile, table
from routes_planner.distribute import check_on
from routes_planner.planner import Planner
from routes_planner.search import Found, Request
from routes_planner.separation import with_conflicts
from routes_planner.vehicle import VEHICLES
from routes_planner.verdict import Answer, Severity, Verdict
from soramichi.commands.route_inputs import (
    Asked,
    candidates,
    note_lines,
    place,
    read,
    separation,
)
from soramichi.domain import geoid
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass
from soramichi.errors import BadInput

_WORDS = {
    Answer.PASS: "適合 pass",
    Answer.FAIL: "不適合 fail",
    Answer.UNKNOWN: "判定不能 unknown",
}
_MARKS = {Severity.FAIL: "x", Severity.UNKNOWN: "?", Severity.CAUTION: "!"}
# Cruise heights where nobody says: under a drone's ceiling, over the others' least height.
_CRUISE_AGL_M = {
    AircraftClass.DRONE: 120.0,
    AircraftClass.EVTOL: 450.0,
    AircraftClass.HELICOPTER: 450.0,
}


def check(files: tuple[Path, ...], booked: tuple[Path, ...], options: dict[str, Any]) -> int:
    """Judge every candidate: 0 when all pass, else 1."""
    asked = read(options)
    corridors, notes = candidates(files, asked.stated)
    others, more = candidates(booked, asked.stated)
    if options["scheduler"]:
        verdicts = check_on(options["scheduler"], corridors, asked.task)
    else:
        verdicts = asked.task.planner().check(corridors)
    if others:
        apart = separation(options["apart"])
        verdicts = with_conflicts(verdicts, corridors, others, apart, geoid=geoid)
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
    found = asked.task.planner().search(_request(asked, start, goal, options))
    _warn(note_lines(asked.notes))
    if options["as_json"]:
        _print(_found(found))
    else:
        for proposal in found.proposals:
            _tell(proposal.verdict)
        if found.none is not None:
            click.echo(f"{found.none.reason.ja}\n{found.none.reason.en}")
    return 0 if any(p.verdict.answer is Answer.PASS for p in found.proposals) else 1


def compare(files: tuple[Path, ...], options: dict[str, Any]) -> int:
    """Show candidates side by side: 0."""
    asked = read(options)
    corridors, notes = candidates(files, asked.stated)
    planner = asked.task.planner()
    verdicts = planner.check(corridors)
    _warn(note_lines([*asked.notes, *notes]))
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
    for finding in verdict.findings:
        click.echo(f"  {_MARKS[finding.severity]} {finding.message.ja}")
        click.echo(f"    {finding.message.en}")
    if verdict.assumed:
        click.echo(f"    assumed 仮定: {', '.join(verdict.assumed)}")


def _found(found: Found) -> dict[str, Any]:
    none = found.none
    return {
        "proposals": [
            {
                "objective": proposal.objective,
                "cost_m": round(proposal.cost_m, 1),
                "corridor": corridor_feature(proposal.corridor),
                "verdict": proposal.verdict.as_json(),
            }
            for proposal in found.proposals
        ],
        "none": none
        and {
            "reason": {"ja": none.reason.ja, "en": none.reason.en},
            "closed_by": [f.zone.identifier for f in none.closed_by if f.zone is not None],
        },
    }


def corridor_feature(corridor: Corridor) -> dict[str, Any]:
    """A corridor as a GeoJSON feature that `routes check` reads back."""
    heights = corridor.heights or ()
    coordinates = [
        [round(v, 7) for v in where.lonlat] + ([round(heights[k].metres, 2)] if heights else [])
        for k, where in enumerate(corridor.waypoints)
    ]
    properties = {
        "name": corridor.name,
        "aircraft_class": str(corridor.aircraft_class),
        "width_m": 2.0 * corridor.half_width_m,
        "below_m": corridor.below_m,
        "above_m": corridor.above_m,
        "speed_mps": corridor.ground_speed_mps,
        "vertical_speed_mps": corridor.vertical_speed_mps,
        "departs_at": corridor.departs_at and corridor.departs_at.isoformat(),
        "height_datum": heights[0].datum if heights else None,
    }
    return {
        "type": "Feature",
        "properties": {key: value for key, value in properties.items() if value is not None},
        "geometry": {"type": "LineString", "coordinates": coordinates},
    }


def _request(asked: Asked, start: str, goal: str, options: dict[str, Any]) -> Request:
    aircraft_class = asked.stated.aircraft_class
    if aircraft_class is None:
        raise BadInput("say what is to fly: --aircraft-class drone, evtol or helicopter")
    typical, height = TYPICAL[aircraft_class], options["height"]
    cruise = Altitude(
        _CRUISE_AGL_M[aircraft_class] if height is None else height,
        asked.stated.height_datum or Datum.AGL,
    )
    if cruise.datum is Datum.TAKEOFF:
        raise BadInput("a search needs --height-datum AMSL, AGL or ELLIPSOID")
    return Request(
        start=place(start),
        goal=place(goal),
        cruise=cruise,
        aircraft_class=aircraft_class,
        vehicle=VEHICLES[aircraft_class],
        half_width_m=0.5 * (asked.stated.width_m or typical.width_m),
        below_m=typical.half_band_m,
        above_m=typical.half_band_m,
        from_m=options["start_height"],
        to_m=options["goal_height"],
        departs_at=asked.stated.departs_at,
        ground_speed_mps=asked.stated.ground_speed_mps,
    )


def _print(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False))
