"""Sorting ahead of the writer: nothing is lost between the two, nor more than one batch taken."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ingest.ahead import Ahead
from ingest.inbox import Inbox, Received
from ingest.screening import Limits
from soramichi.domain import wire
from tests.builders import a_payload

NOW = datetime(2021, 1, 13, 1, 31, tzinfo=UTC)
LIMITS = Limits(
    oldest=datetime(2000, 1, 1, tzinfo=UTC),
    future_skew=timedelta(minutes=5),
    future_limit=timedelta(days=1),
)


def some(first: int, end: int) -> list[Received]:
    topic = "soramichi/v1/mie-demo/JA01/telemetry"
    times = [f'"time":"2021-01-13T01:30:{n // 100:02}.{n % 100:02}Z"' for n in range(first, end)]
    return [Received(topic, a_payload(one), n, 1, NOW) for n, one in enumerate(times, first)]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(max_messages=10_000, max_bytes=1 << 24)


@pytest.fixture
def ahead(inbox: Inbox) -> Iterator[Ahead]:
    made = Ahead(inbox, LIMITS, max_samples=100, max_messages=2_000)
    made.start()
    yield made
    made.stop()


def test_batches_hold_everything_once_and_in_order(inbox: Inbox, ahead: Ahead) -> None:
    sent = some(0, 1_000)
    for first in range(0, 1_000, 20):
        inbox.put(sent[first : first + 20])
    told: list[Received] = []
    sizes = []
    while gathered := ahead.take(max_age_s=0.0, wait_s=5 if len(told) < 1_000 else 0):
        told += gathered.messages
        sizes.append(len(gathered.messages))
        assert [item.message for item in gathered.batch.items()] == gathered.messages

    assert told == sent
    assert len(ahead) == 0
    # A portion that is sorted at once, of about 500 samples, may come on top.
    assert max(sizes) < 100 + 1_000


def test_a_first_message_waits_for_others_no_longer_than_its_age(
    inbox: Inbox, ahead: Ahead
) -> None:
    began = time.monotonic()
    inbox.put(some(0, 1))
    threading.Timer(0.05, inbox.put, [some(1, 3)]).start()
    gathered = ahead.take(max_age_s=0.5, wait_s=1)

    assert gathered is not None
    assert len(gathered.messages) == 3
    assert 0.5 <= time.monotonic() - began < 10


def test_no_more_than_a_batch_leaves_the_inbox_while_nobody_takes(
    inbox: Inbox, ahead: Ahead
) -> None:
    for first in range(0, 3_000, 100):
        inbox.put(some(first, first + 100))
    time.sleep(0.3)

    assert len(inbox) >= 3_000 - 100 - 1_000
    assert len(ahead) == 3_000


def test_a_batch_is_full_with_so_many_messages_too(inbox: Inbox) -> None:
    made = Ahead(inbox, LIMITS, max_samples=100_000, max_messages=700)
    made.start()
    try:
        for first in range(0, 3_000, 100):
            inbox.put(some(first, first + 100))
        gathered = made.take(max_age_s=60.0, wait_s=5)  # which it need not wait for
    finally:
        made.stop()

    assert gathered is not None
    assert 700 <= len(gathered.messages) < 700 + 1_000


def test_nothing_comes_of_nothing(ahead: Ahead) -> None:
    assert ahead.take(max_age_s=1, wait_s=0.01) is None


def test_a_fault_in_sorting_reaches_the_writer(
    inbox: Inbox, ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_payloads: list[bytes]) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(wire, "decode_all", broken)
    inbox.put(some(0, 1))

    with pytest.raises(ZeroDivisionError):
        ahead.take(max_age_s=0, wait_s=5)
