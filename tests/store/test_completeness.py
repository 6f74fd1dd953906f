"""Completeness: what arrived of a flight, by its numbers and by its times."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from soramichi.settings import DatabaseSettings
from soramichi.store import completeness, flights, pool, quarantine, registry, telemetry
from soramichi.store.completeness import Numbers
from soramichi.store.pool import AsyncPool, Connection
from soramichi.store.quarantine import Quarantined
from soramichi.store.rows import Row
from tests.builders import a_sample, append, progress

T = TypeVar("T")


def read(database: DatabaseSettings, question: Callable[[AsyncPool], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with pool.async_pool(database, application="test") as opened:
            return await question(opened)

    return asyncio.run(ask())


def numbers(database: DatabaseSettings) -> Numbers:
    found = read(database, lambda p: completeness.numbers(p, "F1"))
    assert found is not None
    return found


def fly(connection: Connection, times: list[datetime], seqs: list[int] | None) -> None:
    rows = [
        Row("JA01", "F1", None, time, a_sample(time=time, seq=seqs[at] if seqs else None))
        for at, time in enumerate(times)
    ]
    telemetry.ensure_partitions(connection, times)
    registry.claim(connection, {"JA01": "mie-demo"})
    flights.named(connection, {("JA01", "F1"): times[0]})
    append(connection, rows)
    flights.advance(connection, {"F1": progress(times, times, seqs or [])})


def reject(connection: Connection, seq: int) -> None:
    item = Quarantined(
        "t", b"%d" % seq, "out-of-range", None, "", "mie-demo", "JA01", "F1", seq, datetime.now(UTC)
    )
    quarantine.put(connection, [item])


def seconds_ago(*seconds: float) -> list[datetime]:
    now = datetime.now(UTC)
    return [now - timedelta(seconds=second) for second in seconds]


def test_missing_numbers_are_those_neither_stored_nor_in_quarantine(
    connection: Connection, database: DatabaseSettings
) -> None:
    fly(connection, seconds_ago(9, 8, 7, 6, 5), [10, 11, 14, 15, 25])
    reject(connection, 13)
    reject(connection, 27)

    found = numbers(database)

    assert (found.stored, found.quarantined, found.expected, found.missing) == (5, 2, 18, 11)
    assert found.missing_ranges == [(12, 12), (16, 24), (26, 26)]
    assert found.longest_gap == 9
    assert read(database, lambda p: completeness.page(p, limit=5)) == [found]


def test_a_flight_without_numbers_expects_nothing(
    connection: Connection, database: DatabaseSettings
) -> None:
    fly(connection, seconds_ago(2, 1), None)

    found = numbers(database)

    assert (found.stored, found.expected, found.missing, found.longest_gap) == (2, None, None, None)


def test_latency_is_from_observation_to_storing(
    connection: Connection, database: DatabaseSettings
) -> None:
    times = seconds_ago(*range(101, 1, -1))  # stored at once: 2 to 101 s late
    fly(connection, times, None)

    flight = numbers(database).flight

    found = read(database, lambda p: completeness.times(p, flight))

    assert found.latency_p50_s is not None
    assert found.latency_p99_s is not None
    assert 51.5 <= found.latency_p50_s < 53.5
    assert 100.0 <= found.latency_p99_s < 102.0


def test_the_longest_pause_is_told_with_its_start(
    connection: Connection, database: DatabaseSettings
) -> None:
    times = seconds_ago(100, 99, 90.5, 90)
    fly(connection, times, None)
    flight = numbers(database).flight

    found = read(database, lambda p: completeness.times(p, flight))

    assert (found.longest_pause_s, found.longest_pause_from) == (8.5, times[1])


def test_an_unknown_flight_is_none(database: DatabaseSettings) -> None:
    assert read(database, lambda p: completeness.numbers(p, "none")) is None
