"""Apply `migrations/` in order, once each, under an advisory lock.

A file is `NNNN_name.sql`, or `NNNN_name.timescale.sql` beside
`NNNN_name.native.sql` where the two kinds of storage differ; which one applies
is decided by what the server can do, and remembered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

import psycopg

from soramichi.errors import NewerSchema, SoramichiError
from soramichi.store.pool import Connection

# Any fixed number that nothing else in the database uses as an advisory lock.
_LOCK = 7_305_202_611


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: `variant` is empty, `native` or `timescale`."""

    version: int
    name: str
    variant: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Every file of the folder, by version."""
    folder = resources.files("soramichi.store") / "migrations"
    found = []
    for file in folder.iterdir():
        stem, _, ending = file.name.rpartition(".")
        if ending != "sql":
            continue
        stem, _, variant = stem.partition(".")
        version, _, name = stem.partition("_")
        found.append(Migration(int(version), name, variant, file.read_text()))
    return sorted(found, key=lambda step: (step.version, step.variant))


def storage_kind(connection: Connection) -> str:
    """`timescale` when the server offers the extension to this database, else `native`."""
    row = connection.execute(
        "SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb'"
    ).fetchone()
    return "timescale" if row and row[0] else "native"


def migrate(connection: Connection) -> list[str]:
    """Bring the schema up to date and return the names of the steps applied; [] when none was due.

    Safe to run from several processes at once. Raises `NewerSchema` when the
    database knows steps that this release does not.
    """
    connection.autocommit = True
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        return _migrate_locked(connection)
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _migrate_locked(connection: Connection) -> list[str]:
    connection.execute("CREATE SCHEMA IF NOT EXISTS soramichi")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        " version integer PRIMARY KEY, name text NOT NULL, variant text NOT NULL,"
        " checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    applied = {
        version: (variant, checksum)
        for version, variant, checksum in connection.execute(
            "SELECT version, variant, checksum FROM schema_migrations"
        )
    }
    steps = migrations()
    refuse_newer(max(applied, default=0), newest=steps[-1].version)
    kind = _chosen_kind(connection, applied)
    done = []
    for step in steps:
        if step.variant not in {"", kind}:
            continue
        if step.version in applied:
            _refuse_changed(step, applied[step.version][1])
            continue
        _apply(connection, step)
        done.append(f"{step.version:04}_{step.name}")
    return done


def refuse_newer(found: int, *, newest: int) -> None:
    """Raise `NewerSchema` when the database is ahead of this release."""
    if found > newest:
        raise NewerSchema(
            f"the database is at schema {found}, this release knows only {newest}: "
            "it was written by a newer release; install that one, or use another data folder"
        )


def _chosen_kind(connection: Connection, applied: dict[int, tuple[str, str]]) -> str:
    """The kind already in use, so that an extension installed later changes nothing by itself."""
    used = {variant for variant, _ in applied.values() if variant}
    return used.pop() if used else storage_kind(connection)


def _refuse_changed(step: Migration, checksum: str) -> None:
    if checksum != step.checksum:
        raise SoramichiError(
            f"migration {step.version:04}_{step.name} was changed after it had been applied; "
            "restore the file and add a new migration instead"
        )


def _apply(connection: Connection, step: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(step.text.encode())
            connection.execute(
                "INSERT INTO schema_migrations (version, name, variant, checksum)"
                " VALUES (%s, %s, %s, %s)",
                (step.version, step.name, step.variant, step.checksum),
            )
    except psycopg.Error as error:
        raise SoramichiError(
            f"migration {step.version:04}_{step.name} failed and was undone: {error}"
        ) from error
