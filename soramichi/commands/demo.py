"""`soramichi demo`: the whole platform with three flights in the air, in one command."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from pathlib import Path

import click

from soramichi.commands.options import AS_JSON
from soramichi.embedded.folder import DataFolder
from soramichi.embedded.platform import Wish, running
from soramichi.embedded.processes import Child, Command


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".soramichi"),
    show_default=True,
    help="Keeps database and broker. データの保存先",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen here. 待ち受け")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Web pages; 0 picks a free one. ポート",
)
@click.option(
    "--mqtt-port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="a free one",
    help="MQTT broker. ブローカーのポート",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000),
    default=1.0,
    show_default=True,
    help="So many times as fast. 倍速",
)
@click.option(
    "--duration",
    "duration_s",
    type=click.FloatRange(min=0, min_open=True),
    help="End after S seconds with a summary. 秒数を指定して終了",
)
@click.option(
    "--fleet",
    "fleet_size",
    type=click.IntRange(0, 10_000),
    default=0,
    help="Add N aircraft over the prefecture. N機を追加",
)
@AS_JSON
def demo(  # noqa: PLR0913  # click passes one argument an option
    *,
    data_dir: Path,
    host: str,
    port: int,
    mqtt_port: int,
    speed: float,
    duration_s: float | None,
    fleet_size: int,
    as_json: bool,
) -> None:
    """Run the whole platform with flights (基盤一式とデモ飛行).

    Database, broker, ingest, pages and three flights over Mie in one folder, until Ctrl-C.

    データベースから地図までを、三重県の三つのデモ飛行とともに起動します。Ctrl-C で終了します。
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def say(text: str) -> None:
        click.echo(text, err=True)

    began = time.monotonic()
    wish = Wish(
        host=host,
        port=port,
        mqtt_port=mqtt_port,
        speed=speed,
        duration_s=duration_s,
        fleet_size=fleet_size,
    )
    with DataFolder(data_dir) as folder, running(folder, wish, say) as platform:
        say(f"ready in {time.monotonic() - began:.1f} s / 準備ができました")
        click.echo(f"\n  {platform.url}live\n", err=as_json)
        say("Ctrl-C ends it / Ctrl-C で終了")
        # So that the first question on /routes does not wait for the compiler.
        compiler = Child(
            Command(
                name="compiler",
                arguments=["nice", "-n", "19", sys.executable, "-m", "routes_planner.compiled"],
                log=folder.log("compiler"),
            )
        )
        while not stop.wait(0.2):
            platform.watch()
            if duration_s is not None and platform.simulator_ended():
                break
        say("landing / 終了しています")
        compiler.stop()
        resident = platform.resident_bytes()
        published = platform.land()
        books = platform.books()
    summary = {"published": published, **books._asdict(), "resident_mb": round(resident / 1e6)}
    # A broker or link that fails makes publishers send again what it may already have, so more
    # can arrive than was published; never less, and every arrival ends somewhere.
    balanced = published <= books.received == books.stored + books.duplicate + books.quarantined
    if as_json:
        click.echo(json.dumps({"url": platform.url, "balanced": balanced, **summary}))
    else:
        click.echo(" ".join(f"{name}={value}" for name, value in summary.items()))
    sys.exit(0 if balanced or duration_s is None else 1)
