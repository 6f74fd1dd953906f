"""Migrations: in order, once, by one process at a time, never over a newer schema."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from soramichi.errors import BadInput, NewerSchema, SoramichiError
from soramichi.settings import DatabaseSettings
from soramichi.store import migrate, pool
from soramichi.store.pool import Connection
from tests.servers import DatabaseServer


def test_a_second_run_applies_nothing(connection: Connection) -> None:
    assert migrate.migrate(connection) == []


def test_two_processes_at_once_apply_each_step_once(database_server: DatabaseServer) -> None:
    empty = database_server.create(template=None)

    def run(_: int) -> list[str]:
        with pool.connect(empty, application="test") as opened:
            return migrate.migrate(opened)

    with ThreadPoolExecutor(4) as threads:
        applied = [step for steps in threads.map(run, range(4)) for step in steps]

    assert sorted(applied) == sorted(set(applied))
    assert applied[0] == "0001_registry"
    database_server.drop(empty)


def test_a_newer_schema_is_refused_and_left_alone(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO schema_migrations (version, name, variant, checksum)"
        " VALUES (9999, 'later', '', 'x')"
    )

    with pytest.raises(NewerSchema, match="9999"):
        migrate.migrate(connection)


def test_a_changed_migration_is_refused(connection: Connection) -> None:
    connection.execute("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")

    with pytest.raises(SoramichiError, match="0001_registry was changed"):
        migrate.migrate(connection)


def test_every_table_of_the_contract_is_there(database: DatabaseSettings) -> None:
    with pool.connect(database, application="test") as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'soramichi'::regnamespace"
        )
        names = {name for (name,) in rows}

    assert names >= {
        "telemetry", "latest_state", "aircraft", "operators", "flights", "flight_events",
        "quarantine", "geozones", "corridors", "telemetry_1s", "telemetry_1min",
    }  # fmt: skip


def test_the_storage_of_a_database_is_for_good(connection: Connection) -> None:
    other = {migrate.NATIVE: migrate.TIMESCALE, migrate.TIMESCALE: migrate.NATIVE}

    with pytest.raises(BadInput, match="already uses"):
        migrate.migrate(connection, storage=other[migrate.storage_kind(connection)])


def test_native_storage_can_be_chosen_anywhere(database_server: DatabaseServer) -> None:
    empty = database_server.create(template=None)
    with pool.connect(empty, application="test") as opened:
        migrate.migrate(opened, storage=migrate.NATIVE)
        kinds = opened.execute("SELECT DISTINCT variant FROM schema_migrations ORDER BY 1")
        assert kinds.fetchall() == [("",), ("native",)]
    database_server.drop(empty)


def test_an_extension_that_is_not_there_is_said_with_what_to_do(
    database_server: DatabaseServer, connection: Connection
) -> None:
    if migrate.storage_kind(connection) == migrate.TIMESCALE:
        pytest.skip("this server has TimescaleDB")
    empty = database_server.create(template=None)
    with (
        pool.connect(empty, application="test") as opened,
        pytest.raises(SoramichiError, match=r"CREATE EXTENSION timescaledb.*--storage native"),
    ):
        migrate.migrate(opened, storage=migrate.TIMESCALE)
    database_server.drop(empty)


@pytest.fixture
def plain_role(database_server: DatabaseServer) -> Iterator[tuple[DatabaseSettings, Connection]]:
    """An empty database, and a session there of a role that may do nothing but connect."""
    empty = database_server.create(template=None)
    with pool.connect(empty, application="test") as opened:
        opened.autocommit = True
        opened.execute("DROP EXTENSION IF EXISTS timescaledb")
    with pool.connect(empty, application="test") as opened:
        opened.autocommit = True
        opened.execute("CREATE ROLE soramichi_test_plain LOGIN")
        opened.execute("SET ROLE soramichi_test_plain")
        yield empty, opened
        opened.execute("RESET ROLE")
        opened.execute("DROP OWNED BY soramichi_test_plain CASCADE")
        opened.execute("DROP ROLE soramichi_test_plain")
    database_server.drop(empty)


def test_a_role_that_may_not_create_the_schema_is_told_what_to_do(
    plain_role: tuple[DatabaseSettings, Connection],
) -> None:
    with pytest.raises(SoramichiError, match="CREATE SCHEMA soramichi AUTHORIZATION"):
        migrate.migrate(plain_role[1])


@pytest.mark.usefixtures("timescale")
def test_a_role_that_may_not_create_the_extension_is_told_what_to_do(
    plain_role: tuple[DatabaseSettings, Connection],
) -> None:
    empty, connection = plain_role
    with pool.connect(empty, application="test") as administrator:
        administrator.execute("CREATE SCHEMA soramichi AUTHORIZATION soramichi_test_plain")

    with pytest.raises(SoramichiError, match=r"administrator.*--storage native"):
        migrate.migrate(connection)

    assert "0006_rollups" in migrate.migrate(connection, storage=migrate.NATIVE)
