"""`soramichi doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import psycopg
from paho.mqtt.client import Client
from paho.mqtt.reasoncodes import ReasonCode

from soramichi import mqtt
from soramichi.commands.options import AS_JSON
from soramichi.errors import BadSettings, NewerSchema, SoramichiError
from soramichi.settings import BrokerSettings, DatabaseSettings, load
from soramichi.store import migrate, pool

# Below this much free disk a busy day of demonstrations may not fit.
_LEAST_FREE_BYTES = 2_000_000_000
_MOST_CLOCK_DIFFERENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `advice` says what to do when it is not `ok`."""

    check: str
    ok: bool
    found: str
    advice: str = ""


def broker() -> Finding:
    """Whether the broker lets us in."""
    settings = load(BrokerSettings)
    where = f"{settings.host}:{settings.port}"
    answers: list[str] = []
    answered = threading.Event()

    def on_connect(_c: Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        answers.append("" if not reason.is_failure else str(reason))
        answered.set()

    client = mqtt.client(settings, f"doctor-{time.time_ns()}", durable=False)
    client.on_connect = on_connect
    try:
        client.connect(settings.host, settings.port)
    except (OSError, socket.gaierror) as error:
        return Finding(
            "broker", False, f"{where}: {error}",
            "start it (`soramichi demo` brings one), or set SORAMICHI_BROKER_HOST and _PORT",
        )  # fmt: skip
    client.loop_start()
    answered.wait(5)
    client.disconnect()
    client.loop_stop()
    if not answers:
        return Finding("broker", False, f"{where}: no MQTT answer in 5 s", "is this an MQTT port?")
    if answers[0]:
        return Finding(
            "broker", False, f"{where}: {answers[0]}",
            "check SORAMICHI_BROKER_USERNAME and SORAMICHI_BROKER_PASSWORD_FILE",
        )  # fmt: skip
    return Finding("broker", True, f"{where} lets us in")


def database() -> Finding:
    """Whether the database answers and its schema is ours."""
    with pool.connect(load(DatabaseSettings), application="soramichi-doctor") as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), to_regclass('schema_migrations')::text"
        ).fetchone()
        assert row is not None  # noqa: S101
        version, schema = row
        if schema is None:
            return Finding("database", False, f"PostgreSQL {version}, no schema yet",
                           "run `soramichi migrate`")  # fmt: skip
        [(applied,)] = connection.execute("SELECT max(version) FROM schema_migrations").fetchall()
        newest = migrate.migrations()[-1].version
        migrate.refuse_newer(applied, newest=newest)
        if applied < newest:
            return Finding("database", False, f"schema {applied} of {newest}",
                           "run `soramichi migrate`")  # fmt: skip
        return Finding("database", True, f"PostgreSQL {version}, schema {applied}")


def extension() -> Finding:
    """Which storage is used; both are right, and TimescaleDB is smaller and faster."""
    with pool.connect(load(DatabaseSettings), application="soramichi-doctor") as connection:
        kind = migrate.storage_kind(connection)
        return Finding(
            "extension",
            True,
            "TimescaleDB: hypertable"
            if kind == "timescale"
            else "plain PostgreSQL: native partitions",
        )


def clock() -> Finding:
    """Whether this machine and the database agree on the time."""
    with pool.connect(load(DatabaseSettings), application="soramichi-doctor") as connection:
        [(theirs,)] = connection.execute("SELECT clock_timestamp()").fetchall()
    difference_s = (datetime.now(UTC) - theirs).total_seconds()
    return Finding(
        "clock",
        abs(difference_s) <= _MOST_CLOCK_DIFFERENCE_S,
        f"{difference_s:+.3f} s from the database",
        "synchronise both machines by NTP: late or early samples are flagged by these clocks",
    )


def disk() -> Finding:
    """Whether there is room where we run."""
    free = shutil.disk_usage(Path.cwd()).free
    return Finding(
        "disk",
        free >= _LEAST_FREE_BYTES,
        f"{free / 1e9:.1f} GB free in {Path.cwd()}",
        f"free at least {_LEAST_FREE_BYTES / 1e9:.0f} GB, or move the data folder",
    )


CHECKS: tuple[Callable[[], Finding], ...] = (broker, database, extension, clock, disk)


@click.command()
@AS_JSON
def doctor(*, as_json: bool) -> None:
    """Find what is wrong and say what to do (動作環境の点検).

    Broker, database, extension, clock and disk; exit 1 when something is wrong.

    ブローカー・データベース・拡張・時計・ディスクを点検します。異常があれば終了コード 1 です。
    """
    findings = []
    for check in CHECKS:
        try:
            findings.append(check())
        except BadSettings as error:
            findings.append(Finding(check.__name__, False, str(error), "correct that setting"))
        except NewerSchema as error:
            findings.append(Finding(check.__name__, False, str(error), "install the newer release"))
        except (SoramichiError, psycopg.Error) as error:
            advice = "start it, or set SORAMICHI_DATABASE_URL"
            findings.append(Finding(check.__name__, False, str(error).strip(), advice))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{'ok ' if finding.ok else 'NO '} {finding.check:10} {finding.found}")
            if not finding.ok:
                click.echo(f"    → {finding.advice}")
    sys.exit(0 if all(finding.ok for finding in findings) else 1)
