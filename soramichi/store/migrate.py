"""Apply `migrations/` in order, once each, under an advisory lock.

A file is `NNNN_name.sql`, or `NNNN_name.timescale.sql` beside
`NNNN_name.native.sql` where the two kinds of storage differ; which one applies
is decided by what the server can do, or by whoever asks, and remembered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

import psycopg

from soramichi.errors import BadInput, NewerSchema, SoramichiError
from soramichi.store.pool import Connection

NATIVE, TIMESCALE = "native", "timescale"
# The oldest release with all that the migrations use (sparse indexes in the columnstore).
_OLDEST_TIMESCALE = (2, 22)

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
    return TIMESCALE if row and row[0] else NATIVE


def migrate(connection: Connection, *, storage: str | None = None) -> list[str]:
    """Bring the schema up to date and return the names of the steps applied; [] when none was due.

    `storage` chooses the kind for a new schema; None takes what the server
    offers. Safe to run from several processes at once. Raises `NewerSchema`
    when the database knows steps that this release does not, `BadInput` when
    it already uses the other storage, and `SoramichiError` when TimescaleDB is
    offered but cannot be used: the kind is for good, so nothing is chosen silently.
    """
    connection.autocommit = True
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        return _migrate_locked(connection, storage)
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _migrate_locked(connection: Connection, storage: str | None) -> list[str]:
    _ensure_schema(connection)
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
    kind = _chosen_kind(connection, applied, storage)
    path = _search_path(connection) if kind == TIMESCALE else "soramichi"
    done = []
    for step in steps:
        if step.variant not in {"", kind}:
            continue
        if step.version in applied:
            _refuse_changed(step, applied[step.version][1])
            continue
        _apply(connection, step, path)
        done.append(f"{step.version:04}_{step.name}")
    return done


def _ensure_schema(connection: Connection) -> None:
    # Asked first: IF NOT EXISTS wants the right to create even where there is nothing to do.
    if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'soramichi'").fetchone():
        return
    try:
        connection.execute("CREATE SCHEMA IF NOT EXISTS soramichi")
    except psycopg.errors.InsufficientPrivilege as error:
        raise SoramichiError(
            f"this role may not create a schema in {connection.info.dbname}: let an administrator "
            "run `CREATE SCHEMA soramichi AUTHORIZATION …` there, with the role's name"
        ) from error


def refuse_newer(found: int, *, newest: int) -> None:
    """Raise `NewerSchema` when the database is ahead of this release."""
    if found > newest:
        raise NewerSchema(
            f"the database is at schema {found}, this release knows only {newest}: "
            "it was written by a newer release; install that one, or use another data folder"
        )


def _chosen_kind(
    connection: Connection, applied: dict[int, tuple[str, str]], storage: str | None
) -> str:
    """The kind already in use, so that an extension installed later changes nothing by itself."""
    used = {variant for variant, _ in applied.values() if variant}
    if not used:
        return storage or storage_kind(connection)
    kind = used.pop()
    if storage not in {None, kind}:
        raise BadInput(
            f"this database already uses {kind} storage; to change it, migrate an empty database "
            "with the other and copy the tables over"
        )
    return kind


def _search_path(connection: Connection) -> str:
    """Our schema and the one TimescaleDB's functions live in; the extension is made if need be."""
    advice = (
        "let an administrator run `CREATE EXTENSION timescaledb` in this database (the server "
        "needs it in shared_preload_libraries), or choose `soramichi migrate --storage native`"
    )
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public")
        row = connection.execute(
            "SELECT quote_ident(nspname), extversion, current_setting('timescaledb.license', true)"
            " FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
            " WHERE extname = 'timescaledb'"
        ).fetchone()
    except psycopg.Error as error:
        raise SoramichiError(f"TimescaleDB is offered but cannot be used: {error}; {advice}") from (
            error
        )
    assert row is not None  # noqa: S101
    schema, version, licence = row
    if licence != "timescale" or tuple(map(int, version.split(".")[:2])) < _OLDEST_TIMESCALE:
        raise SoramichiError(
            f"TimescaleDB {version} with licence {licence!r} has no columnstore as we use it; "
            "install 2.22 or newer with timescaledb.license = 'timescale', or choose "
            "`soramichi migrate --storage native`"
        )
    return f"soramichi, {schema}"


def _refuse_changed(step: Migration, checksum: str) -> None:
    if checksum != step.checksum:
        raise SoramichiError(
            f"migration {step.version:04}_{step.name} was changed after it had been applied; "
            "restore the file and add a new migration instead"
        )


def _apply(connection: Connection, step: Migration, search_path: str) -> None:
    try:
        with connection.transaction():
            connection.execute("SELECT set_config('search_path', %s, true)", (search_path,))
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
