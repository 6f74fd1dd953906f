"""The live benchmark counts what really arrives, from a real API process."""

from __future__ import annotations

import os
import socket
import threading
from datetime import UTC, datetime

import pytest

from soramichi.bench import live, live_feed, live_viewers
from soramichi.bench.report import Result

SMALL = live.Plan(viewers=(20,), ticks=2, slow=2, visits=20, requests=32, runs=1, patience_s=0)


@pytest.fixture(scope="module")
def rows() -> dict[str, Result]:
    return {row["name"]: row for row in live.run(SMALL, lambda _: None)}


def test_every_event_of_every_tick_arrives(rows: dict[str, Result]) -> None:
    assert rows["live 20 viewers: events missing"]["value"] == 0


def test_delays_and_costs_are_measured_beside_the_plain_server(rows: dict[str, Result]) -> None:
    for what in ("CPU a message", "tick to last byte, p99"):
        row = rows[f"live 20 viewers: {what}"]
        assert row["value"] > 0
        assert row["limit"]


def test_viewers_that_never_read_leave_the_others_their_events(rows: dict[str, Result]) -> None:
    assert 0 < rows["live 20 beside 2 deaf: p99"]["value"] < 10_000


def test_snapshots_and_what_visits_leave_are_judged(rows: dict[str, Result]) -> None:
    assert rows["live snapshots of 100 aircraft"]["limit"]
    assert rows["live kept after 20 visits: files"]["met"]
    assert rows["live kept after 20 visits: memory"]["target"]
    assert rows["live 20 viewers: CPU a message"]["target"] is None


def test_the_feed_tells_of_every_aircraft_once() -> None:
    told = live_feed.states(3, datetime.now(UTC))
    assert len({one.aircraft_id for one in told}) == len(told) == 100


def test_cpu_time_grows_with_work() -> None:
    before = live_viewers.cpu_s(os.getpid())
    sum(range(2_000_000))
    assert live_viewers.cpu_s(os.getpid()) > before


def test_a_tick_counts_whole_or_not_at_all() -> None:
    """What is left of one begun before, and a server that pauses in the middle, miss nothing."""

    def event(second: int) -> bytes:
        return b'event: states\ndata: {"time":"2026-11-23T00:00:%02dZ"}\n\n\r\n' % second

    with socket.create_server(("127.0.0.1", 0)) as server:
        plan = live_viewers.Plan(port=server.getsockname()[1], pid=os.getpid(), viewers=2, ticks=1)
        audience = live_viewers.Audience(plan)
        audience.join(2)
        one, other = (server.accept()[0] for _ in range(2))
        with one, other:
            one.sendall(event(1))
            audience.quiet(ticks=1, timeout_s=5)
            audience.clear()
            other.sendall(event(1))
            one.sendall(event(2))
            # Longer than what is taken for the end of a tick.
            late = threading.Timer(0.6, other.sendall, [event(2)])
            late.start()
            audience.quiet(ticks=1, timeout_s=5, complete=True)
            late.join()

    assert audience.ticks == {b"2026-11-23T00:00:02Z": 2}
    assert len(audience.delays) == 2
