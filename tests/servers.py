"""Real servers for tests: PostgreSQL and NATS from the wheels, mosquitto from the system.

A missing server skips the test with a reason; with REQUIRE_SERVERS=1 it fails.
TEST_DATABASE_URL (with rights to create databases) replaces the embedded PostgreSQL.
"""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from soramichi.domain.flight import Name
from soramichi.domain.publication import Subject
from soramichi.embedded.folder import DataFolder, free_port
from soramichi.embedded.nats import PLATFORM, Nats
from soramichi.embedded.postgres import Postgres
from soramichi.settings import BrokerSettings, DatabaseSettings
from soramichi.store import migrate, pool, symposiums
from soramichi.store.symposiums import Symposium

OPERATORS = ("mie-demo", "toba-tourism", "rival")


def missing(what: str) -> None:
    """Skip, or fail where servers are required."""
    if os.environ.get("REQUIRE_SERVERS") == "1":
        pytest.fail(f"{what} is missing and REQUIRE_SERVERS=1")
    pytest.skip(f"{what} is not installed")


class Broker(Protocol):
    """A broker that a test may stop and start again; its queues are on disk or not, as it is."""

    port: int

    def settings(self, user: str = PLATFORM) -> BrokerSettings: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...
    def stop(self) -> None: ...


class NatsBroker:
    """The embedded default; `workers` share its telemetry, from its next start on."""

    def __init__(self, folder: DataFolder, *, workers: int = 1) -> None:
        self.nats = Nats(folder, operators=OPERATORS, workers=workers)
        self.port = self.nats.port
        self.restart()

    def settings(self, user: str = PLATFORM) -> BrokerSettings:
        return self.nats.settings(user)

    def kill(self) -> None:
        assert self.nats.child is not None
        os.kill(self.nats.child.pid, 9)
        while self.nats.child.exit_code is None:
            time.sleep(0.01)

    def restart(self) -> None:
        self.nats.start()

    def stop(self) -> None:
        assert self.nats.child is not None
        self.nats.child.stop()


class Mosquitto:
    """mosquitto with persistence on and its limits lifted, without passwords."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if program is None:
            missing("mosquitto")
        assert program is not None
        self.port = free_port()
        self._log = folder / "mosquitto.log"
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nmax_queued_messages 0\nmax_inflight_messages 2000\n"
            + ("user root\n" if os.geteuid() == 0 else "")
        )
        self._arguments = [program, "-c", str(config)]
        self.restart()

    def settings(self, user: str = PLATFORM) -> BrokerSettings:
        return BrokerSettings(port=self.port, username=user)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._arguments, stdout=log, stderr=log)
        wait_for_port(self.port)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def publish_operator(
    database: DatabaseSettings,
    operator: str,
    *,
    starts_at: datetime = datetime(2000, 1, 1, tzinfo=UTC),
    ends_at: datetime | None = None,
) -> None:
    """Let a symposium show all that this operator flies from then until then."""
    with pool.connect(database, application="test") as connection:
        symposiums.put(
            connection,
            Symposium(
                symposium_id=f"of-{operator}",
                name=Name(ja="試験", en="Test"),
                place=Name(ja="津", en="Tsu"),
                starts_at=starts_at,
                ends_at=ends_at,
            ),
        )
        symposiums.publish(connection, f"of-{operator}", [(Subject.OPERATOR, operator)])


def wait_for_port(port: int, *, timeout_s: float = 10.0) -> None:
    """Return once somebody listens."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def a_broker(kind: str, folder: Path) -> Iterator[Broker]:
    """A fresh broker of the kind `nats` or `mosquitto` on a free port."""
    if kind == "mosquitto":
        folder.mkdir(parents=True, exist_ok=True)
        mosquitto = Mosquitto(folder)
        try:
            yield mosquitto
        finally:
            mosquitto.stop()
        return
    with DataFolder(folder) as data:
        nats = NatsBroker(data)
        try:
            yield nats
        finally:
            nats.stop()


@dataclass
class DatabaseServer:
    """One server on which each test gets a database of its own, copied from a migrated one."""

    settings: DatabaseSettings
    # Without fsync, files are copied in a sixth of the time that pages take through the log.
    how_to_copy: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._prefix = f"soramichi_test_{os.getpid()}"
        self._made: list[str] = []
        self.version = str(self._execute("SELECT version()")).split(" on ")[0]
        self.template = self.create(template=None)
        with pool.connect(self.template, application="template") as connection:
            migrate.migrate(connection)
        # TimescaleDB's scheduler connects to any database that lets it, and only one to which
        # nobody is connected can be copied.
        name = conninfo_to_dict(self.template.url)["dbname"]
        self._execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        self._execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )

    def create(self, *, template: DatabaseSettings | None) -> DatabaseSettings:
        """A new database, empty or a copy."""
        name = f"{self._prefix}_{next(self._numbers)}"
        of = f"TEMPLATE {conninfo_to_dict(template.url)['dbname']}" if template else ""
        self._execute(f"CREATE DATABASE {name} {of} {self.how_to_copy}")
        self._made.append(name)
        return self.settings.model_copy(
            update={"url": make_conninfo(self.settings.url, dbname=name)}
        )

    def drop(self, database: DatabaseSettings) -> None:
        """Drop a database that this server made."""
        name = str(conninfo_to_dict(database.url)["dbname"])
        self._made.remove(name)
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Drop what is left."""
        for name in self._made:
            self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _execute(self, statement: str) -> object:
        with psycopg.connect(
            self.settings.url, password=self.settings.secret(), autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


@contextmanager
def a_database_server(folder: Path) -> Iterator[DatabaseServer]:
    """The server named by TEST_DATABASE_URL, else an embedded one without fsync."""
    url = os.environ.get("TEST_DATABASE_URL")
    if url:
        server = DatabaseServer(DatabaseSettings(url=url))
        try:
            yield server
        finally:
            server.close()
        return
    with DataFolder(folder) as data:
        postgres = Postgres(data)
        child = postgres.start(fsync="off", max_connections="60")
        try:
            yield DatabaseServer(postgres.settings, how_to_copy="STRATEGY FILE_COPY")
        finally:
            child.stop()
