"""Batches out of what was received, and the bound on what waits."""

import threading
import time
from datetime import UTC, datetime

from ingest.inbox import Inbox, Received

NOW = datetime(2021, 1, 13, tzinfo=UTC)


def some(count: int, size: int = 200) -> list[Received]:
    return [Received("t", b"x" * size, number, 1, NOW) for number in range(count)]


def test_no_more_is_taken_than_asked_for_and_in_order() -> None:
    inbox = Inbox(max_messages=1_000, max_bytes=1 << 20)
    for _ in range(3):
        inbox.put(some(10))

    assert len(inbox.take(max_samples=20)) == 20
    assert len(inbox) == 10


def test_what_comes_later_ends_the_waiting() -> None:
    inbox = Inbox(max_messages=1_000, max_bytes=1 << 20)
    began = time.monotonic()
    threading.Timer(0.05, inbox.put, [some(1)]).start()
    inbox.wait(60)

    assert len(inbox) == 1
    assert time.monotonic() - began < 50


def test_nothing_comes_of_nothing() -> None:
    inbox = Inbox(max_messages=1, max_bytes=1)
    inbox.put([])

    inbox.wait(0.01)
    assert inbox.take(max_samples=1) == []


def test_it_is_full_by_messages_or_by_bytes_and_says_when_it_no_longer_is() -> None:
    told: list[bool] = []
    inbox = Inbox(max_messages=10, max_bytes=5_000, on_room=lambda: told.append(True))
    inbox.put(some(9, size=10))
    assert not inbox.full()
    inbox.put(some(1, size=4_910))
    assert inbox.full()

    inbox.take(max_samples=1)

    assert not inbox.full()
    assert told == [True]
