"""The scripts of deploy/timescale on real PostgreSQL: a copy is made, and it follows."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from soramichi.embedded.folder import DataFolder
from soramichi.embedded.postgres import Postgres
from soramichi.embedded.processes import wait_until
from tests.deploy.replica import Replica
from tests.deploy.talker import eventually

pytestmark = pytest.mark.postgres


def test_a_replica_copies_the_primary_and_follows_it(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "primary") as folder:
        primary = Postgres(folder)
        copy = Replica(primary, folder.path, tmp_path)
        running = [primary.start()]
        try:
            copy.allow()
            running[0].stop()  # the image's own start ends with a restart too
            running = [primary.start()]
            password = primary.settings.secret() or ""
            with psycopg.connect(primary.settings.url, password=password) as connection:
                connection.execute("CREATE TABLE seen AS SELECT 1 AS n")
            replica = copy.start()
            running.append(replica)
            url = copy.settings.url

            def seen() -> int:
                try:
                    with psycopg.connect(url, password=password, connect_timeout=2) as reading:
                        row = reading.execute("SELECT count(*) FROM seen").fetchone()
                        return int(row[0]) if row else 0
                except psycopg.OperationalError:
                    return 0

            wait_until(lambda: seen() == 1, replica, timeout_s=30)
            with psycopg.connect(primary.settings.url, password=password) as connection:
                connection.execute("INSERT INTO seen VALUES (2)")
            assert eventually(lambda: seen() == 2)
            with (
                psycopg.connect(url, password=password) as reading,
                pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
            ):
                reading.execute("INSERT INTO seen VALUES (3)")
        finally:
            for child in reversed(running):
                child.stop()
