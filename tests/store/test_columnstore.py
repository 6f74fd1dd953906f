"""Old chunks as columns: everything that works on rows works on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from soramichi.store import registry, telemetry
from soramichi.store.pool import Connection
from soramichi.store.telemetry import Row
from tests.builders import a_sample

NOON = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)


def row(second: float, **changes: object) -> Row:
    return Row("JA01", "F1", None, NOON, a_sample(time=NOON + timedelta(seconds=second), **changes))


pytestmark = pytest.mark.usefixtures("timescale", "compressed")


@pytest.fixture
def compressed(connection: Connection) -> None:
    """Every second second of the first ten minutes, as columns."""
    registry.claim(connection, {"JA01": "mie-demo"})
    telemetry.append(connection, [row(second) for second in range(0, 600, 2)])
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
    appended = telemetry.append(connection, [row(second) for second in range(1, 600, 2)])

    assert len(appended.stored) == 300
    assert times(connection) == 600


def test_late_duplicates_are_known_exactly(connection: Connection) -> None:
    batch = [row(0), row(1), row(2, track_deg=10.0), row(3)]

    appended = telemetry.append(connection, batch)

    assert (appended.stored, appended.duplicates, appended.conflicts) == ([1, 3], [0], [2])
    assert times(connection) == 302


def test_a_duplicate_of_what_came_late_is_known_after_the_chunk_is_compressed_again(
    connection: Connection,
) -> None:
    late = [row(second) for second in (1, 3, 5)]
    telemetry.append(connection, late)
    compress(connection)

    assert telemetry.append(connection, [*late, row(7)]).stored == [3]
    assert times(connection) == 304


def test_a_whole_compressed_flight_sent_again_changes_nothing(connection: Connection) -> None:
    appended = telemetry.append(connection, [row(second) for second in range(0, 600, 2)])

    assert (len(appended.duplicates), appended.stored, appended.conflicts) == (300, [], [])
    assert times(connection) == 300
