"""Appending: every sample once, whatever is sent again."""

from datetime import UTC, datetime, timedelta

import pytest

from soramichi.domain.telemetry import OperationalStatus
from soramichi.store import flights, registry, telemetry
from soramichi.store.copying import COLUMNS, Draft
from soramichi.store.flights import Key
from soramichi.store.pool import Connection
from soramichi.store.rows import Row, Rows
from tests.builders import a_sample, append, progress

NOON = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def row(second: float = 0.0, **changes: object) -> Row:
    sample = a_sample(time=NOON + timedelta(seconds=second), **changes)
    return Row("JA01", "F1", None, NOON, sample)


@pytest.fixture(autouse=True)
def _month(connection: Connection) -> None:
    telemetry.ensure_partitions(connection, [NOON])
    registry.claim(connection, {"JA01": "mie-demo"})


def count(connection: Connection) -> int:
    [(rows,)] = connection.execute("SELECT count(*) FROM telemetry").fetchall()
    return int(rows)


def test_columns_are_those_of_the_table(connection: Connection) -> None:
    table = connection.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'soramichi' AND table_name = 'telemetry'"
    )

    assert {name for (name,) in table} == {"stored_at", *COLUMNS}


def test_every_member_is_stored_exactly_as_sent(connection: Connection) -> None:
    sent = row(
        0.123456,
        seq=2**63 - 2,
        ground_speed_mps=52.1,
        track_deg=359.9,
        vertical_speed_mps=-0.4,
        heading_deg=18.000000000000004,
        battery_pct=71.5,
        status=OperationalStatus.REMOTE_ID_SYSTEM_FAILURE,
        accuracy_h_m=3.0,
        accuracy_v_m=0.0,
    )

    append(connection, [sent])

    [stored] = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM telemetry").fetchall()
    assert stored == sent.values()


@pytest.mark.parametrize("guessed", [["F1", "F2"], ["F2", "F1"], ["F1", "F-other"]])
def test_a_draft_of_other_flights_is_not_used(connection: Connection, guessed: list[str]) -> None:
    rows = Rows.of([row(0), row(1)._replace(flight_id="F2")])
    draft = Draft.of(Rows(rows.records, rows.aircraft_ids, guessed))

    telemetry.append_all(connection, rows, draft=draft)

    stored = connection.execute("SELECT flight_id FROM telemetry ORDER BY time").fetchall()
    assert stored == [("F1",), ("F2",)]


def test_a_batch_sent_again_is_all_duplicates(connection: Connection) -> None:
    batch = [row(second) for second in range(5)]
    append(connection, batch)

    again = append(connection, batch)

    assert (again.stored, sorted(again.duplicates), again.conflicts) == ([], [0, 1, 2, 3, 4], [])
    assert count(connection) == 5


def test_the_new_among_the_old_is_stored(connection: Connection) -> None:
    append(connection, [row(1), row(3)])

    appended = append(connection, [row(0), row(1), row(2), row(3), row(4)])

    assert (appended.stored, sorted(appended.duplicates)) == ([0, 2, 4], [1, 3])
    assert count(connection) == 5


def test_one_key_with_two_meanings_is_a_conflict_and_changes_nothing(
    connection: Connection,
) -> None:
    append(connection, [row(0, track_deg=None)])

    appended = append(connection, [row(0, track_deg=10.0), row(1)])

    assert (appended.stored, appended.duplicates, appended.conflicts) == ([1], [], [0])
    assert connection.execute("SELECT track_deg FROM telemetry ORDER BY time").fetchone() == (None,)


def test_an_empty_batch_is_no_work(connection: Connection) -> None:
    assert append(connection, []) == ([], [], [])


def test_latest_state_never_moves_backwards(connection: Connection) -> None:
    append(connection, [row(5), row(10), row(11)])

    assert telemetry.advance_latest(connection, [row(10).key])() == {"JA01"}
    assert telemetry.advance_latest(connection, [row(5).key])() == set()
    assert telemetry.advance_latest(connection, [row(10).key])() == set()
    assert telemetry.advance_latest(connection, [row(11).key])() == {"JA01"}
    assert telemetry.advance_latest(connection, [])() == set()


def test_partitions_can_be_asked_for_again(connection: Connection) -> None:
    telemetry.ensure_partitions(connection, [NOON, NOON, NOON + timedelta(days=40)])
    telemetry.ensure_partitions(connection, [NOON])

    append(connection, [row(0), row(40 * 86_400)])
    assert count(connection) == 2


def test_rollups_say_what_the_samples_say(connection: Connection) -> None:
    append(
        connection,
        [
            row(second / 4, altitude_m=100.0 + second, ground_speed_mps=second)
            for second in range(8)
        ],
    )

    seconds = connection.execute(
        "SELECT bucket, sample_count, altitude_min_m, altitude_max_m, ground_speed_mps"
        " FROM telemetry_1s ORDER BY bucket"
    ).fetchall()
    minutes = connection.execute(
        "SELECT sample_count, ground_speed_max_mps FROM telemetry_1min"
    ).fetchall()

    assert seconds == [
        (NOON, 4, 100.0, 103.0, 1.5),
        (NOON + timedelta(seconds=1), 4, 104.0, 107.0, 5.5),
    ]
    assert minutes == [(8, 7.0)]


def test_a_flight_knows_what_is_stored_and_what_is_missing(connection: Connection) -> None:
    names = flights.named(connection, {("JA01", "F1"): NOON})
    assert names == {("JA01", "F1"): "F1"}
    flights.advance(connection, {"F1": progress([NOON], [NOON], [3, 4, 8])})
    flights.advance(connection, {"F1": progress([NOON + timedelta(seconds=9)], [NOON], [5, 12])})

    [(_, receipt)] = flights.receipts(connection, [Key("mie-demo", "JA01", "F1", None)])

    assert (receipt.settled_from, receipt.committed_through, receipt.settled_through) == (3, 5, 12)
    assert receipt.missing == [(6, 7), (9, 11)]
    assert flights.receipts(connection, [Key("rival", "JA01", "F1", None)])[0][1].missing == []


def test_two_aircraft_may_use_one_flight_name(connection: Connection) -> None:
    registry.claim(connection, {"JA02": "toba-tourism"})

    first = flights.named(connection, {("JA01", "1"): NOON})
    second = flights.named(connection, {("JA02", "1"): NOON, ("JA01", "1"): NOON})

    assert first == {("JA01", "1"): "1"}
    assert second == {("JA01", "1"): "1", ("JA02", "1"): "1~JA02"}


def test_unnamed_samples_are_flights_apart_by_their_pauses(connection: Connection) -> None:
    gap = timedelta(minutes=5)
    early = [NOON + timedelta(minutes=m, seconds=7) for m in (0, 1, 2, 30, 31)]

    first = flights.unnamed(connection, {"JA01": early}, gap=gap)
    late = flights.unnamed(connection, {"JA01": [NOON + timedelta(minutes=4)]}, gap=gap)

    assert set(first.values()) == {"JA01@20261123T030000Z", "JA01@20261123T033000Z"}
    assert set(late.values()) == {"JA01@20261123T030000Z"}
