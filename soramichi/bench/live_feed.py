"""What ingest would tell the API: the states of 100 aircraft, once a second, over the broker."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Self

import msgspec

from soramichi import mqtt
from soramichi.bench import stream
from soramichi.domain import wire
from soramichi.settings import BrokerSettings


def states(seq: int, now: datetime) -> list[wire.LiveState]:
    """Every aircraft's `seq`th observation, made and received now."""
    return [
        wire.LiveState(
            aircraft_id=aircraft,
            operator_id=stream.OPERATOR,
            flight_id=f"{aircraft}-bench-1",
            received_at=now,
            sample=msgspec.structs.replace(stream.sample(number, seq), time=now),
        )
        for number, aircraft in enumerate(stream.AIRCRAFT)
    ]


class Feed:
    """A context manager: while it is open, a thread publishes."""

    def __init__(self, broker: BrokerSettings) -> None:
        self._client = mqtt.client(broker, "bench-feed", durable=False)
        self._client.connect(broker.host, broker.port)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        seq = 0
        while not self._ended.wait(1.0):
            message = wire.encode_message(states(seq, datetime.now(UTC)))
            self._client.publish(wire.LIVE_TOPIC, message, qos=0)
            seq += 1
