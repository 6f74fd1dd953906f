"""The network thread against a broker that does what none should."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from ingest.inbox import Received
from ingest.subscriber import Subscriber
from soramichi.settings import BrokerSettings, IngestSettings

# Every packet id but 0, and from the first on again.
MESSAGES = 80_000
CONNACK = b"\x20\x02\x00\x00"


def publish(number: int) -> bytes:
    packet_id = (number % 65_535 + 1).to_bytes(2, "big")
    return b"\x32\x09\x00\x01t" + packet_id + number.to_bytes(4, "big")


def swallow(far: socket.socket) -> None:
    with suppress(OSError):
        while far.recv(1 << 20):
            pass


def test_a_broker_without_a_window_never_comes_round_to_ids_that_are_held() -> None:
    """Its new message would look like one that was sent again, and be passed over."""
    subscriber = Subscriber(BrokerSettings(), IngestSettings(client_id="endless"))
    near, far = socket.socketpair()
    near.setblocking(False)
    subscriber.client._create_socket = lambda: subscriber._open(near)  # type: ignore[method-assign]
    subscriber.client.connect_async("broker")
    stream = CONNACK + b"".join(map(publish, range(MESSAGES)))
    sending = threading.Thread(target=far.sendall, args=(stream,))
    listening = threading.Thread(target=swallow, args=(far,), daemon=True)
    subscriber.client.reconnect()
    serving = threading.Thread(target=subscriber._serve)
    for thread in (sending, listening, serving):
        thread.start()

    told: list[Received] = []
    held: list[Received] = []
    heard_at = time.monotonic()
    while len(told) < MESSAGES and time.monotonic() < heard_at + 10:
        if taken := subscriber.inbox.take(max_samples=1 << 40):
            told += taken
            held += taken
            heard_at = time.monotonic()
        elif time.monotonic() > heard_at + 0.5:
            assert len(held) < 40_000
            subscriber.acknowledge(held)
            held = []
        time.sleep(0.001)
    far.close()
    subscriber.close()
    serving.join(10)

    assert [int.from_bytes(one.payload, "big") for one in told] == list(range(MESSAGES))
