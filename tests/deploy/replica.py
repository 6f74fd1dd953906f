"""A streaming replica made by the scripts of deploy/timescale, as they are."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from pathlib import Path

from soramichi.embedded import postgres
from soramichi.embedded.folder import free_port
from soramichi.embedded.postgres import Postgres
from soramichi.embedded.processes import Child, Command, account_arguments
from soramichi.settings import DatabaseSettings

SCRIPTS = Path(__file__).parents[2] / "deploy" / "timescale"


class Replica:
    """The copy of a primary, in a folder of its own on a port of its own."""

    def __init__(self, primary: Postgres, data: Path, folder: Path) -> None:
        self.port = free_port()
        self._primary = primary
        self._data = data / primary.name
        self._folder = folder
        self._account = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        self._path = f"{postgres.programs()}:{os.environ['PATH']}"
        self._secret = folder / "replication"

    @property
    def settings(self) -> DatabaseSettings:
        """How to read from it: its users are the primary's."""
        url = f"postgresql://{postgres.USER}@127.0.0.1:{self.port}/{postgres.DATABASE}"
        return self._primary.settings.model_copy(update={"url": url})

    def allow(self) -> None:
        """Let the running primary, which must be started anew after this, be copied."""
        self._secret.write_text('it\'s a "secret"')
        environment = {
            "PATH": self._path,
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self._primary.port),
            "PGPASSWORD": self._primary.settings.secret() or "",
            "POSTGRES_USER": postgres.USER,
            "POSTGRES_DB": postgres.DATABASE,
            "PGDATA": str(self._data),
            "REPLICATION_PASSWORD_FILE": str(self._secret),
        }
        subprocess.run(["sh", str(SCRIPTS / "replication.sh")], env=environment, check=True)

    def promote(self) -> None:
        """Make it a primary, as docs/operations.md says."""
        arguments = ["pg_ctl", "promote", "--pgdata", str(self._folder / "copy")]
        if self._account is not None:
            arguments = ["setpriv", *account_arguments(self._account), "--", *arguments]
        subprocess.run(arguments, env={"PATH": self._path}, check=True, capture_output=True)

    def start(self) -> Child:
        """Copy and follow; it answers some seconds later."""
        copy = self._folder / "copy"
        copy.mkdir(mode=0o700)
        for given in (self._secret, copy):
            if self._account is not None:
                os.chown(given, self._account, -1)
        return Child(
            Command(
                name="replica",
                arguments=["sh", str(SCRIPTS / "replica.sh"), f"--port={self.port}"],
                log=self._folder / "replica.log",
                environment={
                    "PATH": self._path,
                    "PGDATA": str(copy),
                    "PRIMARY_HOST": "127.0.0.1",
                    "PRIMARY_PORT": str(self._primary.port),
                    "REPLICATION_PASSWORD_FILE": str(self._secret),
                },
                stop_signal=signal.SIGINT,
                account=self._account,
            )
        )
