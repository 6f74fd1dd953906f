"""Measure a long history in both kinds of storage: its size, and how long questions take.

`python tools/storage_history.py postgresql://…/postgres [--rows 20000000]`: the server should offer
TimescaleDB; the role makes, and drops at the end, a database for each kind. docs/storage.md shows
what it printed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click
import psycopg
from psycopg.conninfo import make_conninfo

from soramichi.bench.report import median
from soramichi.settings import DatabaseSettings
from soramichi.store import arrays, generated, migrate, pool, reads
from soramichi.store.pool import Connection

AIRCRAFT = 100
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Figures = dict[str, float]


@click.command()
@click.argument("server")
@click.option("--rows", type=click.IntRange(min=2_000_000), default=20_000_000)
@click.option("--runs", type=click.IntRange(1), default=7, show_default=True, help="Median of.")
def main(*, server: str, rows: int, runs: int) -> None:
    """Fill each kind with the same rows and ask the same questions."""
    columns: dict[str, Figures] = {}
    size = "public.hypertable_size('telemetry')"
    with database(server, migrate.NATIVE) as plain, database(server, migrate.TIMESCALE) as scale:
        fill(plain, rows)
        copy(plain, scale)
        roll_up(plain, rows)
        columns["TimescaleDB, rows"] = figures(scale, rows, runs, size)
        to_columns(scale)
        columns["TimescaleDB, columnstore"] = figures(scale, rows, runs, size)
        columns["plain"] = figures(
            plain,
            rows,
            runs,
            "(SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('telemetry'))::int8",
        )
    click.echo(f"| {rows:,} rows | {' | '.join(columns)} |\n|{'---|' * (1 + len(columns))}")
    for name in columns["plain"]:
        values = " | ".join(f"{one[name]:.4g}" for one in columns.values())
        click.echo(f"| {name} | {values} |")


@contextmanager
def database(server: str, kind: str) -> Iterator[Connection]:
    """A connection to a new database with our schema and nobody working in the background."""
    name = f"soramichi_history_{kind}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            settings = DatabaseSettings(url=make_conninfo(server, dbname=name))
            with pool.connect(settings, application="history") as connection:
                migrate.migrate(connection, storage=kind)
                connection.autocommit = True
                if kind == migrate.TIMESCALE:
                    connection.execute(
                        "SELECT public.alter_job(job_id, scheduled => false)"
                        " FROM timescaledb_information.jobs"
                    )
                yield connection
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def fill(connection: Connection, rows: int) -> None:
    """One sample a second of each aircraft."""
    began = time.monotonic()
    generated.fill(connection, aircraft=AIRCRAFT, seconds=rows // AIRCRAFT, start=START)
    connection.execute("VACUUM ANALYZE telemetry")
    say(f"filled {rows:,} rows in {time.monotonic() - began:.0f} s")


def copy(source: Connection, target: Connection) -> None:
    """The same rows into the other kind of table."""
    began = time.monotonic()
    with (
        source.cursor().copy("COPY (TABLE telemetry) TO STDOUT (FORMAT BINARY)") as out,
        target.cursor().copy("COPY telemetry FROM STDIN (FORMAT BINARY)") as into,
    ):
        for part in out:
            into.write(part)
    target.execute("VACUUM ANALYZE telemetry")
    say(f"copied in {time.monotonic() - began:.0f} s")


def to_columns(connection: Connection) -> None:
    """Every chunk into the columnstore, and the minutes into their continuous aggregate."""
    began = time.monotonic()
    for (chunk,) in connection.execute("SELECT public.show_chunks('telemetry')").fetchall():
        connection.execute("SELECT public.compress_chunk(%s::regclass)", (chunk,))
    connection.execute("VACUUM ANALYZE telemetry")
    connection.execute("CALL public.refresh_continuous_aggregate('telemetry_1min', NULL, NULL)")
    say(f"into columns in {time.monotonic() - began:.0f} s")


def roll_up(connection: Connection, rows: int) -> None:
    """Every minute, as ingest would have left it."""
    began = time.monotonic()
    for hour in range(rows // AIRCRAFT // 3_600 + 1):
        since = START + hour * HOUR
        connection.execute(
            "INSERT INTO telemetry_1min_kept SELECT r.* FROM generate_series(1, %s) a,"
            " generate_series(%s::timestamptz, %s, interval '1 minute') m,"
            " telemetry_rollup('GEN' || a, m, '1 minute') r",
            (AIRCRAFT, since, since + HOUR - MINUTE),
        )
    connection.execute("VACUUM ANALYZE telemetry_1min_kept")
    say(f"rolled up in {time.monotonic() - began:.0f} s")


def figures(connection: Connection, rows: int, runs: int, size: str) -> Figures:
    """The size, and the median time of each question, with the client's part."""
    middle = START + timedelta(seconds=rows // AIRCRAFT // 2)
    flight = (middle - START) // HOUR
    takeoff = START + flight * HOUR
    box = reads.Box(136.8, 34.6, 136.822, 34.618)  # 2 x 2 km
    track = arrays.aggregates(("time", "longitude_deg", "latitude_deg", "altitude_m"))
    of_flight = f"SELECT {track} FROM {reads.OF_FLIGHT}"  # noqa: S608  # our own
    long = f"SELECT {track} FROM (SELECT * FROM telemetry"  # noqa: S608
    minutes = "SELECT * FROM telemetry_1min WHERE aircraft_id = 'GEN7'"
    questions: dict[str, tuple[str, tuple[object, ...]]] = {
        "one flight, ms": (of_flight, ("GEN7", f"GEN7.{flight}", takeoff, takeoff + HOUR)),
        "one aircraft, 100,000 samples, ms": (
            f"{long} WHERE aircraft_id = 'GEN7' AND time >= %s AND time < %s ORDER BY time) s",
            (START, START + timedelta(seconds=100_000)),
        ),
        "2 x 2 km, 1 h, ms": (reads.WITHIN, (*box, middle, middle + HOUR, 1_000_000)),
        "2 x 2 km, 10 h, ms": (reads.WITHIN, (*box, middle, middle + 10 * HOUR, 1_000_000)),
        "telemetry_1min, one aircraft, 10 h, ms": (
            f"{minutes} AND bucket >= %s AND bucket < %s",
            (middle, middle + 10 * HOUR),
        ),
    }
    found: Figures = {}
    [(found["size, GB"],)] = connection.execute(f"SELECT {size} / 1e9".encode()).fetchall()
    for name, (statement, parameters) in questions.items():
        asked = [asking(connection, statement, parameters) for _ in range(runs)]
        found[name] = 1_000 * median(asked)
        say(f"{name}: {found[name]:.2f}")
    return found


def asking(connection: Connection, statement: str, parameters: tuple[object, ...]) -> float:
    """How long one question took, in seconds."""
    began = time.perf_counter()
    connection.execute(statement.encode(), parameters).fetchall()
    return time.perf_counter() - began


say: Callable[[str], None] = lambda text: click.echo(text, err=True)  # noqa: E731


if __name__ == "__main__":
    main()
