"""Opening the spool's file: ours alone, whole, of a version we know, and never made anew.

A damaged spool is left exactly where it is and every start fails until a
person decides, because an empty new file would look like "nothing to send".
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from soramichi.errors import BadFile, NewerSchema, Unavailable

APPLICATION_ID = 0x536F7261  # "Sora", in the file's header
VERSION = 1
MEMORY = ":memory:"

# waiting: samples no receipt has covered. kept: covered ones, held back for a while in case the
# platform is restored from a backup older than its receipts. Ids grow, so the oldest come first.
SCHEMA = f"""
CREATE TABLE flight (
  id INTEGER PRIMARY KEY, aircraft TEXT NOT NULL, flight TEXT NOT NULL,
  own INTEGER NOT NULL, next_seq INTEGER NOT NULL, newest_s REAL, UNIQUE (aircraft, flight));
CREATE TABLE waiting (
  id INTEGER PRIMARY KEY AUTOINCREMENT, flight INTEGER NOT NULL REFERENCES flight,
  seq INTEGER NOT NULL, spooled_s INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (flight, seq));
CREATE TABLE kept (
  id INTEGER PRIMARY KEY AUTOINCREMENT, flight INTEGER NOT NULL REFERENCES flight,
  seq INTEGER NOT NULL, kept_s INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (flight, seq));
CREATE TABLE fact (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
PRAGMA application_id={APPLICATION_ID};
PRAGMA user_version={VERSION};
"""


def open_spool(path: Path | None) -> tuple[sqlite3.Connection, sqlite3.Connection | None]:
    """The spool's connection and the lock that makes it ours; None is a spool in memory.

    synchronous=FULL: in WAL mode each commit then waits for the disk, so a
    sample that was accepted survives a power cut (NORMAL would not promise
    that). Raises `BadFile` for a damaged or foreign file, `NewerSchema`, and
    `Unavailable` when another bridge has it or the disk refuses.
    """
    if path is None:
        return _prepare(_connect(MEMORY), MEMORY), None
    lock = _lock(path)
    try:
        return _prepare(_connect(str(path)), str(path)), lock
    except BaseException:
        lock.close()
        raise


def read_only(path: Path) -> sqlite3.Connection:
    """A look at a spool that a bridge may be using. Raises `BadFile` when there is none."""
    if not path.is_file():
        raise BadFile(str(path), "there is no spool here")
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        _check_header(db, str(path))
    except BaseException:
        db.close()
        raise
    return db


def set_aside(path: Path) -> Path:
    """Rename a spool with its journal, so that a new one can begin; returns the new name.

    Raises `Unavailable` while a bridge uses it: that one would go on filling the file under a
    name that no bridge opens again. `BadFile` when the new name is taken.
    """
    _lock(path).close()
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    if aside.exists():
        raise BadFile(str(aside), "exists already; move it away first")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def _connect(name: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(name, isolation_level=None, check_same_thread=False, timeout=10)
    except sqlite3.Error as error:
        raise Unavailable(f"cannot open the spool {name}: {error}") from error


def _lock(path: Path) -> sqlite3.Connection:
    """SQLite's own file lock, on a file beside the spool: portable, and gone with the process."""
    lock = _connect(f"{path}-lock")
    try:
        lock.execute("PRAGMA busy_timeout=0")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        lock.close()
        raise Unavailable(
            f"the spool {path} is in use by another bridge ({error}); stop that one or name another"
        ) from error
    return lock


def _prepare(db: sqlite3.Connection, name: str) -> sqlite3.Connection:
    try:
        if db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            _create(db, name)
        else:
            _check_whole(db, name)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA journal_size_limit=16777216")
        db.execute("PRAGMA cache_size=-8192")
    except sqlite3.DatabaseError as error:
        db.close()
        if isinstance(error, sqlite3.OperationalError):
            raise Unavailable(f"cannot use the spool {name}: {error}") from error
        raise _damaged(name, str(error)) from error
    except BaseException:
        db.close()
        raise
    return db


def _create(db: sqlite3.Connection, name: str) -> None:
    """Make the tables in one transaction, so a crash leaves an empty file or a whole one."""
    sizes = [path.stat().st_size for path in (Path(name), Path(f"{name}-wal")) if path.exists()]
    if name != MEMORY and any(sizes):
        raise _damaged(name, "it has content but no tables")
    db.executescript(f"BEGIN; {SCHEMA} COMMIT;")


def _check_whole(db: sqlite3.Connection, name: str) -> None:
    _check_header(db, name)
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise _damaged(name, found)


def _check_header(db: sqlite3.Connection, name: str) -> None:
    try:
        owner = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise _damaged(name, str(error)) from error
    if owner != APPLICATION_ID:
        raise BadFile(name, "is not a spool of soramichi bridge; name another file")
    if version > VERSION:
        raise NewerSchema(f"{name} was written by a newer release; update this program")


def _damaged(name: str, detail: str) -> BadFile:
    return BadFile(
        name,
        f"the spool is damaged ({detail}) and is left untouched; save what `sqlite3 {name} "
        ".recover` can read, then start once with --set-aside-damaged or name another spool",
    )
