"""What consumers are measured with is what ingest takes, every sample once."""

import pytest

from ingest.line import split
from soramichi.bench import stream
from soramichi.bench.plain_mqtt import encode, length
from soramichi.domain import wire


@pytest.mark.parametrize("per_message", [1, 100])
def test_every_sample_has_its_own_key_and_passes_the_contract(per_message: int) -> None:
    samples = 20_000
    keys = set()
    for topic, payload in stream.messages(samples, per_message=per_message):
        decoded = wire.decode(payload)
        assert decoded.rejected == []
        assert len(decoded.samples) == per_message
        keys |= {(wire.parse_topic(topic).aircraft_id, one.time) for one in decoded.samples}

    assert len(keys) == samples
    assert set(stream.last(samples)) <= keys


def test_packets_hold_the_messages_in_order() -> None:
    messages = list(stream.messages(500, per_message=1))
    groups = encode(messages, together=7)

    read, used = split(b"".join(group.packets for group in groups), bytearray())

    assert [(topic.decode(), payload) for topic, payload, _ in read] == messages
    assert [packet_id for _, _, packet_id in read] == list(range(1, 501))
    assert used == sum(len(group.packets) for group in groups)
    assert [group.first for group in groups] == list(range(0, 500, 7))
    assert sum(group.messages for group in groups) == 500


@pytest.mark.parametrize(
    ("number", "written"), [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f")]
)
def test_lengths_are_written_as_the_standard_says(number: int, written: str) -> None:
    """The examples of MQTT 3.1.1, section 2.2.3."""
    assert length(number).hex() == written
