"""What `routes book`, `bookings` and `cancel` do: reserve airspace, and tell what is in the way.

A booking is no verdict. Airspace goes to whoever confirms first, and whether the
zones in force let the flight happen is a question of its own, which changes with
them; so every confirmation says that it is still to be asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from routes_planner.candidates_in.candidate import Stated
from routes_planner.candidates_in.reading import read_candidate_file
from routes_planner.demonstration import demonstration_sea
from routes_planner.desk import corridor_feature
from routes_planner.slices import BOOKED, Slices, slices
from soramichi.commands.booking_refusals import document_message, lines, reason, utc
from soramichi.commands.candidate_files import note_lines
from soramichi.commands.route_inputs import moment
from soramichi.domain import geoid
from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.dem import folder
from soramichi.domain.flight import Name
from soramichi.domain.terrain import FirstOf, Terrain
from soramichi.domain.wire import IDENTIFIER
from soramichi.errors import BadInput
from soramichi.settings import DatabaseSettings, load
from soramichi.store import corridors, pool
from soramichi.store.corridors import Slice, Taken, Wanted
from soramichi.store.pool import Connection

_NO_VERDICT = Name(
    ja="予約は判定ではありません。`soramichi routes check` で区域の判定を受けてください",
    en="a booking is no verdict: ask for one with `soramichi routes check`",
)


def book(file: Path, options: dict[str, Any]) -> int:
    """Reserve one corridor: 0 when it is booked, 1 when a booked one is too close."""
    plan = _chosen(file, options)
    cut = slices(plan, BOOKED, geoid=geoid, terrain=_terrain(options["terrain"]))
    wanted = wanted_of(plan, cut, options["operator"], options["aircraft"])
    with _database() as connection:
        answer = corridors.book(connection, wanted)
    if isinstance(answer, Taken):
        reasons = [reason(plan, cut, rival) for rival in answer.rivals]
        if options["as_json"]:
            _print({"booked": None, "refused": reasons, "message": document_message(reasons)})
        else:
            click.echo("\n".join(lines(plan.name, reasons)))
        return 1
    confirmed = _confirmed(answer, plan, wanted)
    if options["as_json"]:
        message = {"ja": _NO_VERDICT.ja, "en": _NO_VERDICT.en}
        _print({"booked": confirmed, "refused": [], "message": message})
        return 0
    when = f"{confirmed['departs_at']} – {confirmed['arrives_at']}"
    click.echo(f"{answer}: {plan.name}  {when}  booked 予約済")
    if plan.assumed:
        click.echo(f"  assumed 仮定: {', '.join(plan.assumed)}")
    click.echo(f"  {_NO_VERDICT.ja}\n  {_NO_VERDICT.en}")
    return 0


def _confirmed(corridor_id: str, plan: Corridor, wanted: Wanted) -> dict[str, Any]:
    return {
        "corridor": corridor_id,
        "candidate": plan.name,
        "operator": wanted.operator_id,
        "aircraft": wanted.aircraft_id,
        "departs_at": utc(wanted.departs_at),
        "arrives_at": utc(wanted.arrives_at),
        "assumed": list(plan.assumed),
    }


def listing(*, as_json: bool) -> None:
    """Tell every booking, by departure."""
    with _database() as connection:
        found = corridors.bookings(connection)
    if as_json:
        _print(
            {
                "bookings": [
                    {
                        "corridor": one.corridor_id,
                        "name": {"ja": one.name.ja, "en": one.name.en},
                        "operator": one.operator_id,
                        "departs_at": utc(one.departs_at),
                        "arrives_at": utc(one.arrives_at),
                        "booked_at": utc(one.booked_at),
                    }
                    for one in found
                ]
            }
        )
        return
    for one in found:
        click.echo(
            f"{one.corridor_id:<14}{utc(one.departs_at)} – {utc(one.arrives_at)}  "
            f"{one.operator_id or '-':<16}{one.name.ja}"
        )


def cancel(corridor_id: str) -> None:
    """Give the airspace free. Raises `NotFound`."""
    with _database() as connection:
        corridors.cancel(connection, corridor_id)
    click.echo(f"{corridor_id}: cancelled 取り消しました")


@contextmanager
def _database() -> Iterator[Connection]:
    with pool.connect(load(DatabaseSettings), application="soramichi-bookings") as connection:
        yield connection


def _chosen(file: Path, options: dict[str, Any]) -> Corridor:
    """The one line of the file that is meant."""
    datum = options["height_datum"]
    stated = Stated(
        departs_at=moment(options["depart"]), height_datum=None if datum is None else Datum(datum)
    )
    read = read_candidate_file(file, stated=stated)
    for line in note_lines([(read.source, note) for note in read.report]):
        click.echo(line, err=True)
    wanted, names = options["candidate"], [one.name for one in read.corridors]
    if wanted is None and len(names) == 1:
        return read.corridors[0]
    if wanted not in names:
        raise BadInput(f"{file}: choose one corridor with --candidate: {', '.join(names)}")
    return read.corridors[names.index(wanted)]


def _terrain(path: Path | None) -> Terrain:
    return FirstOf([*([] if path is None else [folder(path)]), demonstration_sea()])


def wanted_of(
    plan: Corridor, cut: Slices, operator: str | None, aircraft: str | None = None
) -> Wanted:
    """What is booked of a corridor: its line to draw and its slices, for whom and what.

    Raises `BadInput` for an aircraft id that no topic could carry.
    """
    if aircraft is not None and not IDENTIFIER.fullmatch(aircraft):
        raise BadInput(f"{aircraft!r} cannot be an aircraft: use {IDENTIFIER.pattern}")
    # Stored for whoever may see the corridor, who is not told what its file calls it besides.
    feature = corridor_feature(replace(plan, title=None))
    if plan.takeoff_amsl_m is not None:
        feature["properties"]["takeoff_amsl_m"] = plan.takeoff_amsl_m
    return Wanted(
        name=Name(ja=plan.name, en=plan.name),
        feature=feature,
        operator_id=operator,
        departs_at=_moment(cut.flown_s[0, 0]),
        arrives_at=_moment(cut.flown_s[-1, 1]),
        slices=[
            Slice(since, until, ring, bottom, top)
            for (since, until), ring, (bottom, top) in zip(
                cut.occupied_s.tolist(),
                cut.footprint_deg.tolist(),
                cut.height_amsl_m.tolist(),
                strict=True,
            )
        ],
        aircraft_id=aircraft,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _print(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False))
