"""`soramichi replay`: a recorded flight through the same MQTT path as a live one."""

from __future__ import annotations

from pathlib import Path

import click

from simulators.recorded.reading import read_recording
from simulators.recorded.track import LISTED
from simulators.replay import aircraft_id_for, replay
from soramichi.commands.options import AS_JSON
from soramichi.commands.simulate import read_credentials, report, stop_on_signals
from soramichi.domain.wire import IDENTIFIER
from soramichi.errors import BadSettings
from soramichi.settings import BrokerSettings, load

FASTEST = 100_000.0


def _speed(_ctx: click.Context, _param: click.Parameter, value: str) -> float:
    """A factor from 0 up; "max" is 0, as fast as the broker takes it."""
    try:
        speed = 0.0 if value == "max" else float(value)
    except ValueError:
        speed = -1.0
    if not 0.0 <= speed <= FASTEST:
        raise BadSettings(f"--speed: {value!r} must be a number from 0 to {FASTEST:.0f}, or max")
    return speed


def _identifier(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not IDENTIFIER.fullmatch(value):
        raise BadSettings(f"--{param.name}: {value!r} must match {IDENTIFIER.pattern}")
    return value


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--speed",
    callback=_speed,
    default="1",
    metavar="X|max",
    show_default=True,
    help="So many times as fast; 0 or max: at once. 倍速",
)
@click.option(
    "--aircraft", callback=_identifier, help="Aircraft id; default: the file's name. 機体ID"
)
@click.option(
    "--operator",
    callback=_identifier,
    default="replay",
    show_default=True,
    help="Operator id. 運航者ID",
)
@click.option(
    "--credentials-file",
    type=click.Path(path_type=Path),
    envvar="SORAMICHI_SIMULATE_CREDENTIALS_FILE",
    help='JSON file: {"operator": "password"}. 運航者のパスワード',
)
@AS_JSON
def command(  # noqa: PLR0913  # click passes one argument an option
    *,
    file: Path,
    speed: float,
    aircraft: str | None,
    operator: str,
    credentials_file: Path | None,
    as_json: bool,
) -> None:
    """Send a recorded flight over MQTT (記録した飛行の配信).

    FILE is PX4 .ulg, .gpx, .csv, .kml, F3411 JSON or GeoJSON; samples keep their own times.

    FILE は PX4 .ulg、.gpx、.csv、.kml、F3411 JSON、GeoJSON です。元の時刻のまま配信します。
    """
    recording = read_recording(file)
    for note in recording.notes:
        click.echo(f"replay: {note}", err=True)
    for fault in recording.faults[:LISTED]:
        click.echo(f"replay: left out: {fault}", err=True)
    if len(recording.faults) > LISTED:
        click.echo(f"replay: and {len(recording.faults) - LISTED} more left out", err=True)
    tally = replay(
        recording,
        operator_id=operator,
        aircraft_id=aircraft or aircraft_id_for(file),
        speed=speed,
        broker=load(BrokerSettings),
        passwords=read_credentials(credentials_file),
        stop=stop_on_signals(),
    )
    report(
        tally,
        as_json=as_json,
        file=file.name,
        tracks=len(recording.tracks),
        samples=sum(len(track.samples) for track in recording.tracks),
        left_out=len(recording.faults),
    )
