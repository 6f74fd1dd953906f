"""A worker that is busy for a while keeps its connection, however much waits for it."""

from pathlib import Path

import pytest

from soramichi.bench.plain_mqtt import Plain, encode
from soramichi.domain import wire
from soramichi.embedded.folder import DataFolder
from soramichi.embedded.nats import PLATFORM, Nats

pytestmark = pytest.mark.broker

# Arrays of 100 samples; 100 MB of them is more than the stock limit of 64 MB and the sockets hold.
PAYLOAD = b"x" * 25_000
TOGETHER, ROUNDS = 100, 40


def test_a_window_of_long_arrays_does_not_end_the_connection(tmp_path: Path) -> None:
    topic = wire.telemetry_topic("alpha", "JA01")
    [group] = encode([(topic, PAYLOAD)] * TOGETHER, together=TOGETHER)
    with DataFolder(tmp_path) as folder:
        nats = Nats(folder, operators=["alpha"])
        child = nats.start()
        try:
            reader = Plain(nats.settings(PLATFORM), "reader")
            reader.subscribe(wire.TELEMETRY_FILTER)
            publisher = Plain(nats.settings("alpha"), "publisher")
            publisher.flood([group] * ROUNDS, window=TOGETHER)
            # Ends with an error where the broker has ended the connection meanwhile.
            reader.read(TOGETHER * ROUNDS)
        finally:
            child.stop()
