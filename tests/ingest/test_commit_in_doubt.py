"""The database dies during a commit: whether it counted is asked, and answered rightly.

Each test kills a session with SIGKILL, which makes PostgreSQL end all others and recover,
so they have a server of their own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ingest.inbox import Received
from ingest.screening import Limits
from ingest.writer import Writer
from soramichi.domain import wire
from soramichi.embedded.folder import DataFolder
from soramichi.embedded.postgres import Postgres
from soramichi.errors import Unavailable
from soramichi.settings import DatabaseSettings
from soramichi.store import migrate, pool, quarantine
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account
from tests.builders import A_SAMPLE, a_sample

pytestmark = pytest.mark.postgres

NOW = datetime(2021, 1, 13, 2, 0, tzinfo=UTC)
LIMITS = Limits(
    oldest=datetime(2000, 1, 1, tzinfo=UTC),
    future_skew=timedelta(minutes=5),
    future_limit=timedelta(days=1),
)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseSettings]:
    with DataFolder(tmp_path_factory.mktemp("killed")) as folder:
        postgres = Postgres(folder)
        child = postgres.start()
        with pool.connect(postgres.settings, application="test") as connection:
            migrate.migrate(connection)
        try:
            yield postgres.settings
        finally:
            child.stop()


@pytest.fixture
def own(own_server: DatabaseSettings) -> DatabaseSettings:
    with reopened(own_server) as connection:
        connection.execute(
            "TRUNCATE telemetry, latest_state, flights, quarantine, ingest_accounts CASCADE"
        )
    return own_server


def a_writer(database: DatabaseSettings, worker: str = "one") -> Writer:
    return Writer(
        connect=lambda: pool.connect(database, application=worker),
        worker=worker,
        limits=LIMITS,
        flight_gap=timedelta(minutes=5),
    )


def a_batch(first: int, end: int, aircraft_id: str = "JA01") -> list[Received]:
    topic = wire.telemetry_topic("mie-demo", aircraft_id)
    return [
        Received(
            topic,
            wire.encode(
                a_sample(
                    time=A_SAMPLE.time + timedelta(seconds=n), seq=n, flight=f"{aircraft_id}-1"
                )
            ),
            n + 1,
            1,
            NOW,
        )
        for n in range(first, end)
    ]


def reopened(database: DatabaseSettings) -> Connection:
    """A session, as soon as the server has recovered."""
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = pool.connect(database, application="test")
        except Unavailable:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            connection.autocommit = True
            return connection


@contextmanager
def a_crash(database: DatabaseSettings) -> Iterator[None]:
    """What is done here crashes the server; afterwards it has noticed, and recovered."""
    with pool.connect(database, application="witness") as witness:
        yield
        witness.autocommit = True
        deadline = time.monotonic() + 30
        with contextlib.suppress(psycopg.OperationalError):
            while time.monotonic() < deadline:
                witness.execute("SELECT")
                time.sleep(0.02)
        assert witness.closed
    reopened(database).close()


def killed_before_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session of the next batch dies between its last statement and COMMIT."""
    real = quarantine.book

    def book_and_die(connection: Connection, worker: str, accounts: Mapping[str, Account]) -> Any:
        answer = real(connection, worker, accounts)

        def mark() -> Any:
            found = answer()
            monkeypatch.setattr(quarantine, "book", real)
            os.kill(connection.info.backend_pid, signal.SIGKILL)
            return found

        return mark

    monkeypatch.setattr(quarantine, "book", book_and_die)


def found(database: DatabaseSettings) -> tuple[Account, Any]:
    with reopened(database) as connection:
        books = sum(quarantine.accounts(connection).values(), start=Account())
        return books, connection.execute("SELECT count(*) FROM telemetry").fetchone()


def test_a_batch_that_was_not_committed_is_stored_by_the_retry(
    own: DatabaseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, batch = a_writer(own), a_batch(0, 10)
    killed_before_commit(monkeypatch)
    with a_crash(own), pytest.raises(psycopg.OperationalError):
        writer.settle(batch)
    writer.settle(batch)
    writer.close()

    assert found(own) == (Account(received=10, stored=10), (10,))


def test_a_batch_that_dies_with_its_commit_on_the_way_is_stored_by_the_retry(
    own: DatabaseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, batch = a_writer(own), a_batch(10, 20)
    writer.settle(a_batch(0, 10))  # from here on COMMIT is sent with the last statements
    real = quarantine.book

    def die_and_book(connection: Connection, *arguments: Any) -> Any:
        monkeypatch.setattr(quarantine, "book", real)
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        return real(connection, *arguments)

    monkeypatch.setattr(quarantine, "book", die_and_book)
    with a_crash(own), pytest.raises(psycopg.OperationalError):
        writer.settle(batch)
    writer.settle(batch)
    writer.close()

    assert found(own) == (Account(received=20, stored=20), (20,))


def test_another_transaction_that_takes_over_the_number_does_not_pass_for_ours(
    own: DatabaseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, batch = a_writer(own), a_batch(0, 10)
    killed_before_commit(monkeypatch)
    with a_crash(own), pytest.raises(psycopg.OperationalError):
        writer.settle(batch)
    for number in range(5):  # one of them gets the number that the lost one had
        other = a_writer(own, "two")
        other.settle(a_batch(number, number + 1, "JA02"))
        other.close()
    writer.settle(batch)
    writer.close()

    assert found(own) == (Account(received=15, stored=15), (15,))


@pytest.mark.parametrize("before", [0, 5])
def test_a_batch_whose_answer_was_lost_is_booked_once(own: DatabaseSettings, before: int) -> None:
    writer, batch = a_writer(own), a_batch(before, 10)
    writer.settle(a_batch(0, before))
    forgetful = Forgetful(writer.connection())
    writer._connection = forgetful  # type: ignore[assignment]
    with pytest.raises(psycopg.OperationalError, match="answer"):
        writer.settle(batch)
    settled = writer.settle(batch)
    writer.close()

    assert [key.label for key in settled.flights] == ["JA01-1"]
    assert found(own) == (Account(received=10, stored=10), (10,))


def test_a_doubt_about_one_batch_says_nothing_of_the_next(own: DatabaseSettings) -> None:
    writer = a_writer(own)
    writer._connection = Forgetful(writer.connection())  # type: ignore[assignment]
    with pytest.raises(psycopg.OperationalError, match="answer"):
        writer.settle(a_batch(0, 10))
    writer.settle(a_batch(10, 20))
    writer.close()

    assert found(own) == (Account(received=20, stored=20), (20,))


class Forgetful:
    """A session whose answer to the COMMIT of a batch never arrives."""

    def __init__(self, session: Connection) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def execute(self, statement: Any, *arguments: Any) -> Any:
        answer = self._session.execute(statement, *arguments)
        if statement == "COMMIT":
            raise psycopg.OperationalError("the answer was lost")
        return answer
