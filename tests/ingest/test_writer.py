"""What a batch changes in the database, whatever of it was there before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ingest import sorting
from ingest.inbox import Received
from ingest.sorting import Sorted
from ingest.writer import Writer
from soramichi.bench import stage
from soramichi.domain import wire
from soramichi.domain.telemetry import OperationalStatus
from soramichi.settings import DatabaseSettings
from soramichi.store import quarantine
from soramichi.store.copying import COLUMNS
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account
from soramichi.store.rows import Row
from tests.builders import A_SAMPLE, a_sample

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def writer(connection: Connection, database: DatabaseSettings) -> Iterator[Writer]:
    connection.autocommit = True
    made = stage.writer(database)
    yield made
    made.close()


def samples(first: int, end: int, aircraft_id: str = "JA01", flight: str = "F1") -> list[Received]:
    topic = wire.telemetry_topic("mie-demo", aircraft_id)
    times = [A_SAMPLE.time + timedelta(seconds=n) for n in range(first, end)]
    return [
        Received(topic, wire.encode(a_sample(time=at, seq=n, flight=flight)), n + 1, 1, NOW)
        for n, at in zip(range(first, end), times, strict=True)
    ]


def state(connection: Connection) -> tuple[Account, list[tuple[object, ...]]]:
    """The books; and of each flight its samples as it knows them, and as they are stored."""
    found = connection.execute(
        "SELECT flight_id, sample_count, seq_stored::text,"
        " (SELECT count(*) FROM telemetry t WHERE t.flight_id = f.flight_id)"
        " FROM flights f ORDER BY flight_id"
    ).fetchall()
    return sum(quarantine.accounts(connection).values(), start=Account()), found


def test_what_comes_again_among_the_new_is_a_duplicate(
    writer: Writer, connection: Connection
) -> None:
    writer.settle(samples(0, 10))
    # The new flights of a batch are made although some of it was stored before.
    writer.settle([*samples(5, 15), *samples(0, 5, "JA02", "F2")])

    assert state(connection) == (
        Account(received=25, stored=20, duplicate=5),
        [("F1", 15, "{[0,15)}", 15), ("F2", 5, "{[0,5)}", 5)],
    )


def test_batches_sent_again_in_a_row_are_followed_by_new_ones(
    writer: Writer, connection: Connection
) -> None:
    batches = [samples(first, first + 10) for first in range(0, 60, 10)]
    for batch in (*batches[:3], *batches[:3], *batches[3:]):
        writer.settle(batch)

    assert state(connection) == (
        Account(received=90, stored=60, duplicate=30),
        [("F1", 60, "{[0,60)}", 60)],
    )


def test_what_is_prepared_is_stored_as_it_was_sent(writer: Writer, connection: Connection) -> None:
    writer.settle([*samples(0, 1), *samples(0, 1, "JA-LONG-2", "F2")])  # from then on known
    ways: list[dict[str, object]] = [
        {}, {"status": OperationalStatus.AIRBORNE}, {"ground_speed_mps": 1.5, "heading_deg": 359.9},
        {"seq": None}, {"latitude_deg": 50.0},
    ]  # fmt: skip
    sent, messages = [], []
    for second in range(1, 3_000):
        for aircraft, flight in (("JA01", "F1"), ("JA-LONG-2", "F2")):
            changes = {"seq": second, "flight": flight, **ways[second % len(ways)]}
            sample = a_sample(time=A_SAMPLE.time + timedelta(seconds=second), **changes)
            topic = wire.telemetry_topic("mie-demo", aircraft)
            sent.append((aircraft, sample))
            messages.append(Received(topic, wire.encode(sample), len(sent), 1, NOW))

    def stored(first: int, end: int) -> Sorted:
        batch = sorting.sort(messages[first:end], writer.limits)
        writer.prepare(batch)
        assert batch.draft is not None
        writer.settle(messages[first:end], batch)
        return batch

    plain = stored(0, 8)  # as far as the first that is too far away
    stored(8, len(messages))

    assert plain.draft is None  # it was flagged, and written anew
    found = connection.execute(
        f"SELECT {', '.join(COLUMNS)} FROM telemetry WHERE time > %s"
        " ORDER BY time, aircraft_id DESC",
        (A_SAMPLE.time,),
    ).fetchall()
    flights = {"JA01": "F1", "JA-LONG-2": "F2"}
    assert [row[:2] + row[3:] for row in found] == [
        Row(aircraft, flights[aircraft], None, NOW, sample).values()[:2]
        + Row(aircraft, flights[aircraft], None, NOW, sample).values()[3:]
        for aircraft, sample in sent
    ]
    flagged = {second for second, row in enumerate(found[::2], 1) if row[2]}
    assert flagged == set(range(4, 3_000, 5))


def test_a_flight_and_a_state_move_on_without_touching_an_index(
    writer: Writer, connection: Connection
) -> None:
    for first in range(0, 400, 10):
        writer.settle(samples(first, first + 10))
    writer.close()  # a session tells what it did at its end
    connection.execute("SELECT pg_stat_clear_snapshot()")

    changed = connection.execute(
        "SELECT relname::text, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
        " WHERE relname IN ('flights', 'latest_state') ORDER BY relname"
    ).fetchall()

    # An hour may begin meanwhile, which is another value for the index; the rest is heap-only.
    assert [name for name, *_ in changed] == ["flights", "latest_state"]
    assert all(updates >= 39 and hot >= updates - 2 for _, updates, hot in changed)


def test_what_is_announced_is_the_newest_of_each_aircraft_and_only_what_moved_on(
    writer: Writer,
) -> None:
    first = writer.settle([*samples(0, 3), *samples(0, 5, "JA02", "F2")])
    later = writer.settle([*samples(1, 2, "JA03", "F3"), *samples(3, 4), *samples(2, 3, "JA04")])
    late = writer.settle(samples(-5, 0, "JA03", "F3"))
    assert first.live is not None
    assert later.live is not None
    assert late.live is not None

    assert [(one.aircraft_id, one.flight_id, one.sample.seq) for one in first.live.states()] == [
        ("JA01", "F1", 2), ("JA02", "F2", 4)
    ]  # fmt: skip
    [_, state, _] = later.live.states()
    assert state == wire.LiveState(
        aircraft_id="JA03",
        operator_id="mie-demo",
        flight_id="F3",
        received_at=NOW,
        sample=a_sample(time=A_SAMPLE.time + timedelta(seconds=1), seq=1, flight="F3"),
    )
    assert late.live.states() == []
