"""Sorting a batch: every sample ends in exactly one place, with its own bytes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import sorting
from ingest.inbox import Received
from ingest.screening import Limits
from soramichi.domain import malformed, wire
from soramichi.store.quarantine import Account
from tests.builders import a_payload, a_sample

NOW = datetime(2021, 1, 13, 1, 31, tzinfo=UTC)
LIMITS = Limits(
    oldest=datetime(2000, 1, 1, tzinfo=UTC),
    future_skew=timedelta(minutes=5),
    future_limit=timedelta(days=1),
)
TOPIC = "soramichi/v1/mie-demo/JA01/telemetry"


def message(payload: bytes, topic: str = TOPIC) -> Received:
    return Received(topic, payload, 1, 0, NOW)


def test_bad_samples_keep_their_own_bytes_and_name() -> None:
    bad = a_payload('"seq":7', '"flight":"F1"', '"latitude_deg":91')
    batch = sorting.sort([message(b"[" + a_payload() + b"," + bad + b"]")], LIMITS)

    [kept] = batch.quarantined
    assert (kept.original, kept.reason, kept.field) == (bad, "out-of-range", "latitude_deg")
    assert (kept.operator_id, kept.aircraft_id) == ("mie-demo", "JA01")
    assert (kept.flight_label, kept.seq) == ("F1", 7)
    assert len(batch.items()) == 1
    assert batch.accounts == {"mie-demo": Account(received=2)}


def test_one_sample_sent_twice_in_a_batch_is_a_duplicate() -> None:
    batch = sorting.sort([message(a_payload()), message(a_payload())], LIMITS)

    assert len(batch.items()) == 1
    assert batch.accounts == {"mie-demo": Account(received=2, duplicate=1)}


def test_two_samples_of_one_instant_that_differ_do_not_overwrite_each_other() -> None:
    other = a_payload('"track_deg":10')
    batch = sorting.sort([message(a_payload()), message(b"[" + other + b"]")], LIMITS)

    assert len(batch.items()) == 1
    assert [(q.reason, q.original) for q in batch.quarantined] == [("conflicting-duplicate", other)]


@pytest.mark.parametrize(
    ("time", "reason"),
    [("1999-12-31T23:59:59Z", "time-too-old"), ("2021-01-14T01:31:01Z", "time-in-future")],
)
def test_times_nobody_believes_are_quarantined_by_rule(time: str, reason: str) -> None:
    batch = sorting.sort([message(a_payload(f'"time":"{time}"'))], LIMITS)

    assert [(q.reason, q.field) for q in batch.quarantined] == [(reason, "time")]


@pytest.mark.parametrize(
    ("members", "flags"),
    [
        (['"time":"2021-01-13T01:36:00Z"'], ()),
        (['"time":"2021-01-13T01:36:01Z"'], ("time-ahead",)),
        (['"latitude_deg":0', '"longitude_deg":0'], ("null-island",)),
    ],
)
def test_doubtful_samples_are_stored_with_the_rule_named(
    members: list[str], flags: tuple[str, ...]
) -> None:
    [item] = sorting.sort([message(a_payload(*members))], LIMITS).items()

    assert item.flags == flags


@pytest.mark.parametrize("topic", ["soramichi/v1/a b/c/telemetry", "soramichi/v1/x/telemetry"])
def test_a_topic_of_nobody_is_quarantined_whole(topic: str) -> None:
    batch = sorting.sort([message(a_payload(), topic)], LIMITS)

    assert [(q.topic, q.reason, q.operator_id) for q in batch.quarantined] == [
        (topic, "bad-topic", None)
    ]


def test_a_message_of_many_refused_samples_is_taken_apart_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Taken apart for each of them, one message of 90 kB cost a second."""
    split, calls = malformed.split, []

    def counted(of: bytes) -> list[bytes]:
        calls.append(of)
        return split(of)

    monkeypatch.setattr(malformed, "split", counted)
    old = [a_payload('"time":"1999-01-01T00:00:00Z"', f'"seq":{seq}') for seq in range(500)]

    batch = sorting.sort([message(b"[" + b",".join(old) + b"]")], LIMITS)

    assert [one.original for one in batch.quarantined] == old
    assert len(calls) == 1


@given(st.lists(st.binary(max_size=200) | st.just(a_payload()) | st.just(wire.encode(a_sample()))))
def test_received_is_the_sum_of_where_samples_end(payloads: list[bytes]) -> None:
    batch = sorting.sort([message(payload) for payload in payloads], LIMITS)

    total = sum(batch.accounts.values(), start=Account())
    assert total.received == len(batch.items()) + total.duplicate + len(batch.quarantined)
