"""The scripts of deploy/timescale on real PostgreSQL: a copy is made, follows, and takes over."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from soramichi.domain.flight import Name, Operator
from soramichi.embedded.folder import DataFolder
from soramichi.embedded.postgres import Postgres
from soramichi.embedded.processes import wait_until
from soramichi.errors import Unavailable
from soramichi.store import migrate, pool, registry
from tests.deploy.replica import Replica
from tests.deploy.talker import eventually
from tests.ingest.test_service import payloads, publish, publisher, running
from tests.servers import a_broker

pytestmark = [pytest.mark.postgres, pytest.mark.broker]


@contextmanager
def followed(folder: Path) -> Iterator[tuple[Postgres, Replica]]:
    """A primary with our schema, and its replica, which answers."""
    with DataFolder(folder / "primary") as data:
        primary = Postgres(data)
        copy = Replica(primary, data.path, folder)
        running = [primary.start()]
        try:
            copy.allow()
            running[0].stop()  # the image's own start ends with a restart too
            running = [primary.start()]
            with pool.connect(primary.settings, application="test") as connection:
                migrate.migrate(connection)
            replica = copy.start()
            running.append(replica)
            wait_until(lambda: operators(copy) is not None, replica, timeout_s=30)
            yield primary, copy
        finally:
            for child in reversed(running):
                child.stop()


def register(server: Postgres | Replica, operator_id: str) -> None:
    with pool.connect(server.settings, application="test") as connection:
        registry.register(
            connection, [Operator(operator_id=operator_id, name=Name(ja="試験", en="Test"))], []
        )


def operators(server: Postgres | Replica) -> list[str] | None:
    """Who is registered there; None when it does not answer."""
    with (
        suppress(Unavailable, psycopg.Error),
        pool.connect(server.settings, application="test") as connection,
    ):
        rows = connection.execute("SELECT operator_id FROM operators ORDER BY 1").fetchall()
        return [one for (one,) in rows]
    return None


def test_a_replica_copies_the_primary_and_follows_it(tmp_path: Path) -> None:
    with followed(tmp_path) as (primary, copy):
        register(primary, "alpha")
        assert eventually(lambda: operators(copy) == ["alpha"])
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            register(copy, "beta")


def test_a_replica_is_promoted_when_the_primary_is_lost_and_ingest_goes_on_there(
    tmp_path: Path,
) -> None:
    """The broker holds what is published meanwhile; workers start with the new address."""
    with followed(tmp_path) as (primary, copy), a_broker("nats", tmp_path / "broker") as broker:
        assert primary.child is not None
        with running(broker, primary.settings), publisher(broker) as client:
            publish(client, *payloads(0, 20))
            assert eventually(lambda: stored(primary) == 20)
            assert eventually(lambda: stored(copy) == 20)
            os.kill(primary.child.pid, signal.SIGKILL)
            publish(client, *payloads(20, 40))
        assert stored(copy) == 20
        copy.promote()
        with running(broker, copy.settings):
            assert eventually(lambda: stored(copy) == 40, 30)
    with pytest.raises(Unavailable):
        pool.connect(primary.settings, application="test")


def stored(server: Postgres | Replica) -> int:
    with pool.connect(server.settings, application="test") as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM telemetry").fetchall()
        return int(count)
