"""Migrations: in order, once, by one process at a time, never over a newer schema."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from soramichi.errors import NewerSchema, SoramichiError
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
