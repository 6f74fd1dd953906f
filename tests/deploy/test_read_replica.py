"""The scripts of deploy/timescale on real PostgreSQL: a copy is made, and it follows."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from soramichi.embedded import postgres
from soramichi.embedded.folder import DataFolder, free_port
from soramichi.embedded.postgres import Postgres
from soramichi.embedded.processes import Child, Command, wait_until
from tests.deploy.talker import eventually

pytestmark = pytest.mark.postgres

SCRIPTS = Path(__file__).parents[2] / "deploy" / "timescale"


def test_a_replica_copies_the_primary_and_follows_it(tmp_path: Path) -> None:
    account = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    path = f"{postgres.programs()}:{os.environ['PATH']}"
    secret, copy = tmp_path / "replication", tmp_path / "copy"
    secret.write_text('it\'s a "secret"')
    copy.mkdir(mode=0o700)
    for given in (secret, copy):
        if account is not None:
            os.chown(given, account, -1)
    with DataFolder(tmp_path / "primary") as folder:
        primary = Postgres(folder)
        running = [primary.start()]
        try:
            password = primary.settings.secret() or ""
            environment = {
                "PATH": path,
                "PGHOST": "127.0.0.1",
                "PGPORT": str(primary.port),
                "PGPASSWORD": password,
                "POSTGRES_USER": postgres.USER,
                "POSTGRES_DB": postgres.DATABASE,
                "PGDATA": str(folder.path / "postgres"),
                "REPLICATION_PASSWORD_FILE": str(secret),
            }
            subprocess.run(["sh", str(SCRIPTS / "replication.sh")], env=environment, check=True)
            running[0].stop()  # the image's own start ends with a restart too
            running = [primary.start()]

            with psycopg.connect(primary.settings.url, password=password) as connection:
                connection.execute("CREATE TABLE seen AS SELECT 1 AS n")
            port = free_port()
            replica = Child(
                Command(
                    name="replica",
                    arguments=["sh", str(SCRIPTS / "replica.sh"), f"--port={port}"],
                    log=tmp_path / "replica.log",
                    environment={
                        "PATH": path,
                        "PGDATA": str(copy),
                        "PRIMARY_HOST": "127.0.0.1",
                        "PRIMARY_PORT": str(primary.port),
                        "REPLICATION_PASSWORD_FILE": str(secret),
                    },
                    stop_signal=signal.SIGINT,
                    account=account,
                )
            )
            running.append(replica)
            url = f"postgresql://soramichi@127.0.0.1:{port}/soramichi"

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
