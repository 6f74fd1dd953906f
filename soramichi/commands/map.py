"""`soramichi map`: the server's maps as one file each, which opens without any network."""

from __future__ import annotations

import importlib
import json
import os
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import click

from soramichi.errors import BadInput, NotFound, Unavailable

_POINTS = 2_000

_html = click.option(
    "--html",
    "output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write. 保存先",
)
_server = click.option(
    "--server",
    default=lambda: os.environ.get("SORAMICHI_DEMO_URL", "http://127.0.0.1:8000/"),
    metavar="URL",
    help="Whose public data is taken; default: the running demo, or port 8000. データの取得元",
)


@click.group("map")
def command() -> None:
    """Save a map as one file for offline use (地図の保存).

    The file opens without any network and holds only what is published.

    地図を、通信なしで開ける一つのファイルに保存します。公開中のデータだけが入ります。
    """


@command.command()
@_html
@_server
def live(*, output: Path, server: str) -> None:
    """What flies now, with what each flew so far (いま飛んでいるもの)."""
    export: Any = importlib.import_module("maps.export")
    aircraft = _get(server, "api/v1/aircraft")
    flights = sorted({str(one["properties"]["flight"]) for one in aircraft["features"]})
    tracks = {flight: _track(server, flight) for flight in flights}
    _write(output, export.live_file(aircraft, tracks=tracks, at=datetime.now(UTC)))


@command.command()
@click.argument("flight")
@_html
@_server
def replay(*, flight: str, output: Path, server: str) -> None:
    """One stored FLIGHT, to be played again (保存された飛行の再生)."""
    export: Any = importlib.import_module("maps.export")
    page = export.replay_file(
        _track(server, flight),
        aircraft=_get(server, "api/v1/aircraft"),
        events=_events(server, flight),
        corridors=_get(server, "api/v1/corridors"),
    )
    _write(output, page)


@command.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@_html
@_server
def routes(*, files: tuple[Path, ...], output: Path, server: str) -> None:
    """Candidate corridors with the server's verdicts (候補経路と判定)."""
    export: Any = importlib.import_module("maps.export")
    try:
        candidates = [{"name": file.name, "text": file.read_text()} for file in files]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"a candidate file cannot be read as text: {error}") from error
    answer = _get(server, "api/v1/routes/check", {"candidates": candidates})
    zones = _get(server, "api/v1/geozones")["features"]
    _write(output, export.routes_file(answer, zones=zones))


def _track(server: str, flight: str) -> Any:
    return _get(server, f"api/v1/flights/{quote(flight, safe='')}/track?points={_POINTS}")


def _events(server: str, flight: str) -> Any:
    """The first page of what happened in it; a server of before there were events has none."""
    try:
        return _get(server, f"api/v1/events?limit=500&flight={quote(flight, safe='')}")
    except NotFound:
        return {"events": [], "next": None}


def _get(server: str, path: str, question: Any = None) -> Any:
    """The server's answer. Raises `BadInput`, `NotFound` or `Unavailable` in its words."""
    if urlsplit(server).scheme not in {"http", "https"}:
        raise BadInput(f"--server is an address of http or https, not {server!r}")
    asked = urllib.request.Request(  # noqa: S310  # the scheme was just checked
        f"{server.rstrip('/')}/{path}",
        data=None if question is None else json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=120) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        detail = _detail(error)
        kinds = {404: NotFound, 422: BadInput}
        raise kinds.get(error.code, Unavailable)(f"{server}: {detail}") from error
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"{server} cannot be reached ({error}); start `soramichi demo`, or name --server"
        ) from error


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {error.code}"


def _write(output: Path, html: str) -> None:
    try:
        output.write_text(html, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{output}: {output.stat().st_size / 1e6:.2f} MB")
