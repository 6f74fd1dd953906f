"""What must hold for any bytes at all.

Each target takes one input, fails by an exception, and returns what it counted, so that the
inputs of a whole run can be accounted for.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import numpy as np

from ingest import sorting
from ingest.inbox import Received
from ingest.jumps import Jumps
from ingest.screening import Limits
from soramichi.domain import malformed, wire
from soramichi.domain.flight import AircraftClass
from soramichi.errors import MalformedTelemetry
from soramichi.store.quarantine import Account, Quarantined
from soramichi.store.rows import RECORD, fill, samples
from tests.fuzz.broker_targets import session, stream

Counts = Counter[str]
Target = Callable[[bytes], Counts]

NOW = datetime(2021, 1, 13, 1, 31, tzinfo=UTC)
LIMITS = Limits(
    oldest=datetime(2000, 1, 1, tzinfo=UTC),
    future_skew=timedelta(minutes=5),
    future_limit=timedelta(days=1),
)
# Between the messages of one input; before each payload one byte chooses its topic.
SEPARATOR = b"\x1e"
TOPICS = (
    "soramichi/v1/mie-demo/JA01/telemetry",
    "soramichi/v1/mie-demo/JA02/telemetry",
    "soramichi/v1/rival/JA01/telemetry/1",
    "soramichi/v1/nobody/telemetry",
)


def decode(data: bytes) -> Counts:
    """One payload through the decoder."""
    samples, rejected = wire.decode(data)
    assert len(samples) + len(rejected) == held(data)
    for position, sample in enumerate(samples):
        assert wire.decode(wire.element(data, position)) == ([sample], [])
    for one in rejected:
        assert one.original in data
        assert one.reason
        malformed.peek(one.original)
    if samples:
        assert wire.decode(wire.encode(samples)) == (samples, [])
    return Counter(received=held(data), stored=len(samples), quarantined=len(rejected))


def held(of: bytes) -> int:
    """How many samples a payload holds, as the standard library reads JSON."""
    if len(of) > wire.MAX_PAYLOAD_BYTES:
        return 1
    try:
        text = of.decode("utf-8", "surrogateescape")
        document = json.loads(text, parse_int=str, strict=False)
    except (ValueError, RecursionError):
        return 1
    one_each = isinstance(document, list) and 0 < len(document) <= wire.MAX_SAMPLES_PER_MESSAGE
    return len(document) if one_each else 1


def batch(data: bytes) -> Counts:
    """Some messages through the sorting of a batch."""
    messages = [
        Received(TOPICS[(one[:1] or b"\0")[0] % len(TOPICS)], one[1:], number, 1, NOW)
        for number, one in enumerate(data.split(SEPARATOR), 1)
    ]
    found = sorting.sort(messages, LIMITS)
    books = sum(found.accounts.values(), start=Account())
    assert books.received == sum(
        1 if one.topic == TOPICS[-1] else held(one.payload) for one in messages
    )
    assert books.received == len(found.items()) + books.duplicate + len(found.quarantined)
    for one in found.quarantined:
        _can_be_kept(one)
    _can_be_stored(found)
    return Counter(
        received=books.received,
        stored=len(found.items()),
        duplicate=books.duplicate,
        quarantined=len(found.quarantined),
    )


def _can_be_kept(one: Quarantined) -> None:
    """PostgreSQL's text holds any Unicode but NUL and lone surrogates."""
    for text in (*one[:1], *one[2:8]):
        assert text is None or ("\0" not in text and text.encode() != b"")
    assert one.seq is None or 0 <= one.seq < 2**63


def _can_be_stored(batch: sorting.Sorted) -> None:
    items = batch.items()
    keys = {(one.topic.aircraft_id, one.sample.time) for one in items}
    assert len(keys) == len(items)
    runs = [name for name, _ in groupby(items, lambda one: one.topic.aircraft_id)]
    assert len(runs) == len(set(runs))
    for one in items:
        assert LIMITS.oldest <= one.sample.time <= NOW + LIMITS.future_limit
    records = np.zeros(len(items), RECORD)
    labels = fill(records, [one.sample for one in items])
    assert samples(records, labels) == [one.sample for one in items]
    memory = Jumps()
    found = memory.find(memory.steps(records), ["JA01"], [AircraftClass.UNKNOWN]).tolist()
    assert found == sorted(set(found) & set(range(1, len(items))))


def topic(data: bytes) -> Counts:
    """A message on any topic that a broker could hand over."""
    name = str(data, "utf-8", "replace")
    parts = name.split("/")
    try:
        parsed = wire.parse_topic(name)
    except MalformedTelemetry:
        assert not _is_ours(parts)
    else:
        assert _is_ours(parts)
        assert parsed == tuple(parts[2:5])
    found = sorting.sort([Received(name, b"{}", 1, 1, NOW)], LIMITS)
    [kept] = found.quarantined
    _can_be_kept(kept._replace(topic=kept.topic or "empty", detail=kept.detail or "empty"))
    assert found.accounts == {kept.operator_id or sorting.NOBODY: Account(received=1)}
    return Counter(received=1, quarantined=1)


def _is_ours(parts: Sequence[str]) -> bool:
    numbered = len(parts) == 6 and parts[4] == "telemetry" and _only(parts[5], "0123456789")
    letters = "abcdefghijklmnopqrstuvwxyz"
    return (
        (len(parts) == 5 or numbered)
        and list(parts[:2]) == ["soramichi", "v1"]
        and all(
            len(one) <= 64 and _only(one, letters + letters.upper() + "0123456789_-")
            for one in parts[2:4]
        )
        and _only(parts[4], letters)
    )


def _only(text: str, allowed: str) -> bool:
    return bool(text) and set(text) <= set(allowed)


TARGETS: dict[str, Target] = {
    "decode": decode,
    "batch": batch,
    "topic": topic,
    "stream": stream,
    "session": session,
}
