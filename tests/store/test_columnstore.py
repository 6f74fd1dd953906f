"""Old chunks as columns: everything that works on rows works on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soramichi.store import registry
from soramichi.store.pool import Connection
from soramichi.store.rows import Row
from tests.builders import a_sample, append

NOON = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def row(second: float, **changes: object) -> Row:
    return Row("JA01", "F1", None, NOON, a_sample(time=NOON + timedelta(seconds=second), **changes))


pytestmark = pytest.mark.usefixtures("timescale", "compressed")


@pytest.fixture
def compressed(connection: Connection) -> None:
    """Every second second of the first ten minutes, as columns."""
    registry.claim(connection, {"JA01": "mie-demo"})
    append(connection, [row(second) for second in range(0, 600, 2)])
    compress(connection)


def compress(connection: Connection) -> None:
    connection.execute("SELECT public.compress_chunk(c) FROM public.show_chunks('telemetry') c")


def times(connection: Connection) -> int:
    [(rows, distinct)] = connection.execute(
        "SELECT count(*), count(DISTINCT time) FROM telemetry"
    ).fetchall()
    assert rows == distinct
    return int(rows)


def test_the_chunk_is_compressed_by_aircraft_in_order_of_time(connection: Connection) -> None:
    [settings] = connection.execute(
        "SELECT segmentby, orderby FROM timescaledb_information.hypertable_columnstore_settings"
        " WHERE hypertable = 'telemetry'::regclass"
    ).fetchall()
    [(compressed,)] = connection.execute(
        "SELECT bool_and(is_compressed) FROM timescaledb_information.chunks"
        " WHERE hypertable_name = 'telemetry'"
    ).fetchall()

    assert settings == ("aircraft_id", '"time"')
    assert compressed is True


def test_late_samples_find_their_place(connection: Connection) -> None:
    appended = append(connection, [row(second) for second in range(1, 600, 2)])

    assert len(appended.stored) == 300
    assert times(connection) == 600


def test_late_duplicates_are_known_exactly(connection: Connection) -> None:
    batch = [row(0), row(1), row(2, track_deg=10.0), row(3)]

    appended = append(connection, batch)

    assert (appended.stored, appended.duplicates, appended.conflicts) == ([1, 3], [0], [2])
    assert times(connection) == 302


def test_a_duplicate_of_what_came_late_is_known_after_the_chunk_is_compressed_again(
    connection: Connection,
) -> None:
    late = [row(second) for second in (1, 3, 5)]
    append(connection, late)
    compress(connection)

    assert append(connection, [*late, row(7)]).stored == [3]
    assert times(connection) == 304


def test_a_whole_compressed_flight_sent_again_changes_nothing(connection: Connection) -> None:
    appended = append(connection, [row(second) for second in range(0, 600, 2)])

    assert (len(appended.duplicates), appended.stored, appended.conflicts) == (300, [], [])
    assert times(connection) == 300


def test_nothing_is_dropped_by_itself_and_the_documented_policies_drop_what_is_old(
    connection: Connection,
) -> None:
    today = datetime.now(UTC).replace(second=0, microsecond=0)
    long_ago = today - timedelta(days=800)
    append(
        connection,
        [Row("JA01", "F1", None, NOON, a_sample(time=time)) for time in (long_ago, today)],
    )
    connection.execute("SET search_path = soramichi, public")
    connection.execute("CALL refresh_continuous_aggregate('telemetry_1min', NULL, NULL)")
    [(policies,)] = connection.execute(
        "SELECT count(*) FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'"
    ).fetchall()
    assert policies == 0

    documented = (ROOT / "docs/storage.md").read_text().split("```sql\n")[1].split("```")[0]
    for statement in documented.split(";\n")[:-1]:
        connection.execute(statement.encode())
    for (job,) in connection.execute(
        "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name IN"
        " ('policy_retention', 'policy_refresh_continuous_aggregate')"
    ).fetchall():
        connection.execute("CALL run_job(%s)", (job,))

    there = "SELECT %s IN (SELECT time FROM telemetry), %s IN (SELECT bucket FROM telemetry_1min)"
    assert connection.execute(there, (long_ago, long_ago)).fetchone() == (False, True)
    assert connection.execute(there, (today, today)).fetchone() == (True, True)
