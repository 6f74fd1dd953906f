"""How fast rows get into the database: ours beside psql and the way that needs no luck.

- psql: COPY of the same rows by psql from binary files, committed as often as ours; the limit
- idempotent: COPY to a temporary table, then INSERT … ON CONFLICT DO NOTHING
- append: ours: COPY straight in, and only on a duplicate the other way
- append_again: the same rows once more, all duplicates
- settle: all that ingest does with a batch: decode, screen, flights, books, latest states
"""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from psycopg.conninfo import conninfo_to_dict

from ingest.inbox import Received
from soramichi.bench import stage, stream
from soramichi.bench.report import Result, median, result
from soramichi.bench.stage import Stage
from soramichi.embedded.postgres import programs
from soramichi.errors import Unavailable
from soramichi.settings import DatabaseSettings
from soramichi.store import pool, telemetry
from soramichi.store.copying import copy_in
from soramichi.store.pool import Connection
from soramichi.store.rows import Row, Rows, microseconds
from soramichi.store.telemetry import STORED_COLUMNS

BATCH = 5_000
_LIST = ", ".join(STORED_COLUMNS)


def run(*, samples: int, runs: int) -> list[Result]:
    """Measure every way, and say how ours compares."""
    with Stage() as where:
        rate = rates(where, samples=samples, runs=runs)
    found = [
        result(f"store.{name}", value, "rows/s", limit=None if name == "psql" else rate["psql"])
        for name, value in rate.items()
    ]
    return [
        *found,
        result("store.append_over_idempotent", rate["append"], "rows/s",
               limit=rate["idempotent"], target=">= 1.2"),
        result("store.append_over_psql", rate["append"], "rows/s",
               limit=rate["psql"], target=">= 0.8, stretch"),
    ]  # fmt: skip


def rates(where: Stage, *, samples: int, runs: int) -> dict[str, float]:
    """Rows a second of each way, the median of `runs`; each run on fresh databases, in turn."""
    batches = [_rows(first) for first in range(0, samples, BATCH)]
    messages = [_messages(first) for first in range(0, samples, BATCH)]
    files = _export(where, batches)
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        for name, way in (
            ("psql", partial(_psql, files)),
            ("idempotent", partial(_idempotent, batches)),
        ):
            taken[name].append(_seconds(way, where.database()))
        ours = where.database()
        for name in ("append", "append_again"):
            taken[name].append(_seconds(partial(_append, batches), ours))
        taken["settle"].append(_seconds(partial(_settle, messages), where.database()))
    return {name: samples / median(seconds) for name, seconds in taken.items()}


def _seconds(way: Callable[[DatabaseSettings], None], database: DatabaseSettings) -> float:
    began = time.perf_counter()
    way(database)
    return time.perf_counter() - began


def _rows(first: int) -> Rows:
    """A batch as ingest makes them: some observations of each aircraft, those of one together."""
    received_at = datetime(2026, 1, 11, tzinfo=UTC)
    turns = range(first // len(stream.AIRCRAFT), (first + BATCH) // len(stream.AIRCRAFT))
    return Rows.of(
        [
            Row(aircraft, "bench-1", None, received_at, stream.sample(number, seq))
            for number, aircraft in enumerate(stream.AIRCRAFT)
            for seq in turns
        ]
    )


def _messages(first: int) -> list[Received]:
    received_at = datetime(2026, 1, 11, tzinfo=UTC)
    turns = range(first // len(stream.AIRCRAFT), (first + BATCH) // len(stream.AIRCRAFT))
    return [Received(topic, payload, 0, 1, received_at) for topic, payload in stream.turns(turns)]


def _export(where: Stage, batches: Sequence[Rows]) -> list[str]:
    """Each batch in a file that psql can copy."""
    files = []
    with pool.connect(where.database(), application="bench") as connection:
        for number, rows in enumerate(batches):
            file = where.folder.path / f"batch-{number}.bin"
            with connection.transaction(force_rollback=True):
                telemetry.append(connection, rows)
                _copy_out(connection, file)
            files.append(str(file))
    return files


def _copy_out(connection: Connection, file: Path) -> None:
    statement = f"COPY (SELECT {_LIST} FROM telemetry) TO STDOUT (FORMAT BINARY)"
    with (
        connection.cursor() as cursor,
        file.open("wb") as out,
        cursor.copy(statement.encode()) as copy,
    ):
        for part in copy:
            out.write(part)


def _psql(files: Sequence[str], database: DatabaseSettings) -> None:
    script = "".join(
        f"\\copy soramichi.telemetry ({_LIST}) from '{file}' (format binary)\n" for file in files
    )
    where = conninfo_to_dict(database.url)
    done = subprocess.run(
        [str(programs() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(where["host"]),
         "-p", str(where["port"]), "-U", str(where["user"]), str(where["dbname"])],
        input=script, env={"PGPASSWORD": database.secret() or ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise Unavailable(f"psql could not copy: {done.stderr.strip()[-300:]}")


def _idempotent(batches: Sequence[Rows], database: DatabaseSettings) -> None:
    with pool.connect(database, application="bench") as connection:
        connection.execute(
            "CREATE TEMP TABLE incoming ON COMMIT DELETE ROWS AS"
            f" SELECT {_LIST} FROM telemetry WITH NO DATA"
        )
        connection.commit()
        for rows in batches:
            with connection.transaction():
                _insert_new(connection, rows)


def _insert_new(connection: Connection, rows: Rows) -> None:
    now = np.repeat(microseconds([datetime.now(UTC)]), len(rows))
    copy_in(connection, "incoming", ("stored_at", now), rows)
    connection.execute(
        f"INSERT INTO telemetry ({_LIST}) SELECT {_LIST} FROM incoming ON CONFLICT DO NOTHING"
    )


def _append(batches: Sequence[Rows], database: DatabaseSettings) -> None:
    with pool.connect(database, application="bench") as connection:
        for rows in batches:
            with connection.transaction():
                telemetry.append(connection, rows)


def _settle(batches: Sequence[Sequence[Received]], database: DatabaseSettings) -> None:
    writer = stage.writer(database)
    for messages in batches:
        writer.settle(messages)
    writer.close()
