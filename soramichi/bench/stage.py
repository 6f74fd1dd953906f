"""The servers of a measurement: one PostgreSQL, and for each consumer a fresh database and broker.

A fresh broker matters: a durable session of an earlier consumer would be kept supplied.
"""

from __future__ import annotations

import itertools
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from ingest.screening import Limits
from ingest.writer import Writer
from soramichi.bench import stream
from soramichi.embedded.folder import DataFolder, free_port
from soramichi.embedded.nats import PLATFORM, Nats
from soramichi.embedded.postgres import Postgres
from soramichi.embedded.processes import Child, Command, wait_until
from soramichi.settings import BrokerSettings, DatabaseSettings, IngestSettings
from soramichi.store import migrate, pool, telemetry

BROKERS = ("nats", "mosquitto")
# The stock limits would measure mosquitto's patience: 20 messages in flight, 1,000 queued.
_MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 16384
"""


class Stage:
    """A context manager; everything lies in a folder of its own and is gone at the end."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        path = Path(tempfile.mkdtemp(prefix="soramichi-bench-"))
        self._stack.callback(shutil.rmtree, path, ignore_errors=True)
        self.folder = self._stack.enter_context(DataFolder(path))
        self.postgres = Postgres(self.folder)
        self.start_database()
        self._stack.callback(self.stop_database)
        with pool.connect(self.postgres.settings, application="bench") as connection:
            migrate.migrate(connection)
            telemetry.ensure_partitions(connection, [datetime(2026, 1, 10, tzinfo=UTC)])
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_database(self) -> None:
        """Start PostgreSQL as the platform runs it; it also remembers when each row committed."""
        self._database = self.postgres.start(track_commit_timestamp="on")

    def stop_database(self) -> None:
        """Stop it as an administrator would."""
        self._database.stop()

    def database(self) -> DatabaseSettings:
        """A new database with our schema and the partition that the stream needs."""
        name = f"bench_{next(self._numbers)}"
        with psycopg.connect(
            make_conninfo(self.postgres.settings.url, dbname="postgres"),
            password=self.postgres.settings.secret(),
            autocommit=True,
        ) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE soramichi".encode())
        url = make_conninfo(self.postgres.settings.url, dbname=name)
        return self.postgres.settings.model_copy(update={"url": url})

    @contextmanager
    def broker(self, kind: str, *, workers: int = 1) -> Iterator[dict[str, BrokerSettings]]:
        """A fresh broker; how the platform and the publishing operator connect to it."""
        path = self.folder.path / f"broker-{next(self._numbers)}"
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, path, ignore_errors=True)
            if kind == "nats":
                inner = stack.enter_context(DataFolder(path))
                nats = Nats(inner, operators=[stream.OPERATOR], workers=workers)
                child = nats.start()
                users = {user: nats.settings(user) for user in (PLATFORM, stream.OPERATOR)}
            else:
                child, settings = _mosquitto(path)
                users = dict.fromkeys((PLATFORM, stream.OPERATOR), settings)
            stack.callback(child.stop)
            yield users

    def run(self, name: str, arguments: Sequence[str], variables: dict[str, str]) -> Child:
        """Start a consumer; its output goes to a log of its own."""
        log = self.folder.path / "log" / f"{name}-{next(self._numbers)}.log"
        return Child(Command(name=name, arguments=arguments, log=log, environment=variables))


def writer(database: DatabaseSettings) -> Writer:
    """What ingest settles its batches with, as it is set up by default."""
    settings = IngestSettings()
    return Writer(
        connect=lambda: pool.connect(database, application="bench"),
        worker="bench",
        limits=Limits.of(settings),
        flight_gap=timedelta(seconds=settings.flight_gap_s),
    )


def has_mosquitto() -> str | None:
    """The program, or None."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def _mosquitto(path: Path) -> tuple[Child, BrokerSettings]:
    path.mkdir()
    settings = BrokerSettings(port=free_port())
    config = path / "mosquitto.conf"
    config.write_text(_MOSQUITTO.format(port=settings.port, folder=path))
    # As root it would become a user that cannot write here.
    with config.open("a") as file:
        file.write("user root\n")
    child = Child(
        Command(
            name="mosquitto",
            arguments=[has_mosquitto() or "mosquitto", "-c", str(config)],
            log=path / "mosquitto.log",
        )
    )
    wait_until(lambda: _listens(settings.port), child, timeout_s=10)
    return child, settings


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(database: DatabaseSettings, samples: int, *, timeout_s: float) -> None:
    """Return when every sample of the stream is stored.

    Asks for the last of each aircraft, and counts only once these are there: a broker may
    deliver one of the others later. Raises TimeoutError when that does not come.
    """
    keys = stream.last(samples)
    deadline = time.monotonic() + timeout_s
    with pool.connect(database, application="bench-wait") as connection:
        connection.autocommit = True
        while True:
            # First the one that was sent last, which costs those who are measured nearly nothing.
            found = _there(connection, keys[-1:]) and _there(connection, keys)
            if found == len(keys) and _stored(connection) >= samples:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{_there(connection, keys)} of {len(keys)} aircraft are stored to the end,"
                    f" {_stored(connection)} of {samples} samples"
                )
            time.sleep(0.01)


def _there(connection: pool.Connection, keys: Sequence[tuple[str, datetime]]) -> int:
    [(count,)] = connection.execute(
        "SELECT count(*) FROM unnest(%s::text[], %s::timestamptz[]) AS i (a, t)"
        " JOIN telemetry ON aircraft_id = a AND time = t",
        [list(column) for column in zip(*keys, strict=True)],
    ).fetchall()
    return int(count)


def _stored(connection: pool.Connection) -> int:
    [(count,)] = connection.execute("SELECT count(*) FROM telemetry").fetchall()
    return int(count)


def last_commit(database: DatabaseSettings) -> float:
    """When the last of the samples was committed, in seconds of `time.time`."""
    with pool.connect(database, application="bench-wait") as connection:
        [(at,)] = connection.execute(
            "SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::float8 FROM telemetry"
        ).fetchall()
    return float(at)


def answers(port: int, path: str) -> bool:
    """Whether a web server of this host says 200 at `path`."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    with suppress(OSError, HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    return False
