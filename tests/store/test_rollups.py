"""Rollups: always what a direct aggregation says, whatever arrived in which order."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta

import pytest

from soramichi.domain.altitude import Datum
from soramichi.settings import DatabaseSettings
from soramichi.store import pool, registry, telemetry
from soramichi.store.pool import Connection
from soramichi.store.rows import Row
from tests.builders import a_sample, append

START = datetime(2026, 11, 20, 23, 58, tzinfo=UTC)
CRAFT = ("JA01", "JA02", "JA03")
WIDTHS = {"telemetry_1s": "1 second", "telemetry_1min": "1 minute"}
AT_ONCE = timedelta(0)


def direct(connection: Connection, width: str) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT aircraft_id, date_bin(%s::interval, time, 'epoch') AS bucket, altitude_datum,"
        " count(*), avg(longitude_deg), avg(latitude_deg), avg(altitude_m), min(altitude_m),"
        " max(altitude_m), avg(ground_speed_mps), max(ground_speed_mps), min(battery_pct),"
        " min(longitude_deg), min(latitude_deg), max(longitude_deg), max(latitude_deg)"
        " FROM telemetry GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        (width,),
    ).fetchall()


def rolled_up(connection: Connection, name: str) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT aircraft_id, bucket, altitude_datum, sample_count, longitude_deg, latitude_deg,"
        " altitude_m, altitude_min_m, altitude_max_m, ground_speed_mps, ground_speed_max_mps,"
        f" battery_min_pct, west_deg, south_deg, east_deg, north_deg FROM {name} ORDER BY 1, 2, 3"
    ).fetchall()


def assert_exact(connection: Connection) -> None:
    for name, width in WIDTHS.items():
        found, expected = rolled_up(connection, name), direct(connection, width)
        assert [row[:4] for row in found] == [row[:4] for row in expected]
        for one, other in zip(found, expected, strict=True):
            # Sums of floats in another order differ in their last bits.
            assert one[4:] == tuple(
                None if value is None else pytest.approx(value, rel=1e-12) for value in other[4:]
            )


def rows(chance: random.Random, *, count: int) -> list[Row]:
    """Samples of three aircraft over five minutes across midnight, in no order, some in AGL."""
    seconds = chance.sample(range(3_000), count)
    return [
        Row(
            chance.choice(CRAFT), "F", None, START,
            a_sample(
                time=START + timedelta(milliseconds=100 * second),
                longitude_deg=136.8 + chance.random() / 10,
                latitude_deg=34.3 + chance.random() / 10,
                altitude_m=300 * chance.random(),
                altitude_datum=chance.choice([Datum.AMSL, Datum.AGL]),
                ground_speed_mps=chance.choice([None, 60 * chance.random()]),
                battery_pct=chance.choice([None, 100 * chance.random()]),
            ),
        )
        for second in seconds
    ]  # fmt: skip


def write(connection: Connection, batch: list[Row]) -> None:
    with connection.transaction():
        registry.claim(connection, dict.fromkeys({row.aircraft_id for row in batch}, "mie-demo"))
        append(connection, batch)


@pytest.fixture(autouse=True)
def _months(connection: Connection) -> None:
    telemetry.ensure_partitions(connection, [START])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.usefixtures("native")
def test_rollups_equal_a_direct_aggregation_right_after_any_insert(
    connection: Connection, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(6):
        write(connection, rows(chance, count=chance.randint(1, 120)))
        assert_exact(connection)
        telemetry.refresh_rollups(connection, age=AT_ONCE, most=chance.randint(1, 12))
        assert_exact(connection)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.usefixtures("timescale")
def test_late_samples_are_in_timescale_rollups_after_the_next_refresh(
    connection: Connection, seed: int
) -> None:
    chance = random.Random(seed)
    write(connection, rows(chance, count=100))
    assert_exact(connection)
    for _ in range(3):
        refresh_as_the_policies_do(connection)
        assert_exact(connection)
        write(connection, rows(chance, count=100))
    refresh_as_the_policies_do(connection)
    assert_exact(connection)


def refresh_as_the_policies_do(connection: Connection) -> None:
    jobs = connection.execute(
        "SELECT job_id FROM timescaledb_information.jobs"
        " WHERE proc_name = 'policy_refresh_continuous_aggregate'"
    ).fetchall()
    assert len(jobs) == 2
    for (job,) in jobs:
        connection.execute("CALL public.run_job(%s)", (job,))


@pytest.mark.usefixtures("native")
def test_a_refresh_leaves_no_mark_and_costs_nothing_when_there_is_nothing_to_do(
    connection: Connection,
) -> None:
    write(connection, rows(random.Random(1), count=100))
    [(marks,)] = connection.execute("SELECT count(*) FROM telemetry_marks").fetchall()

    assert telemetry.refresh_rollups(connection) == 0  # all marks are younger than its age
    assert telemetry.refresh_rollups(connection, age=AT_ONCE) == marks
    assert telemetry.refresh_rollups(connection, age=AT_ONCE) == 0


@pytest.mark.usefixtures("native")
def test_a_duplicate_marks_nothing(connection: Connection) -> None:
    batch = rows(random.Random(1), count=10)
    write(connection, batch)
    telemetry.refresh_rollups(connection, age=AT_ONCE)

    write(connection, batch)

    assert telemetry.refresh_rollups(connection, age=AT_ONCE) == 0


@pytest.mark.usefixtures("native")
def test_a_batch_under_way_while_a_refresh_runs_is_not_forgotten(
    connection: Connection, database: DatabaseSettings
) -> None:
    """The refresh waits for the writer, and then sees its samples or leaves their marks."""
    first, second = rows(random.Random(1), count=50), rows(random.Random(2), count=50)
    write(connection, first)
    with pool.connect(database, application="refresh") as other:
        other.autocommit = True
        refresh = threading.Thread(
            target=lambda: telemetry.refresh_rollups(other, age=AT_ONCE, most=1_000)
        )
        with connection.transaction():
            registry.claim(connection, dict.fromkeys(CRAFT, "mie-demo"))
            append(connection, [row for row in second if row.key not in
                                          {one.key for one in first}])  # fmt: skip
            refresh.start()
            refresh.join(0.3)
            assert refresh.is_alive()
        refresh.join(10)
        assert not refresh.is_alive()

    assert_exact(connection)
    telemetry.refresh_rollups(connection, age=AT_ONCE)
    assert_exact(connection)
