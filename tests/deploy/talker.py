"""A plain paho client that remembers what it was told, for judging what a broker allows."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from paho.mqtt.client import MQTTMessage

from soramichi import mqtt
from soramichi.settings import BrokerSettings


class Heard(NamedTuple):
    topic: str
    payload: bytes
    qos: int


class Talker:
    """One connected client."""

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        *,
        durable: bool = False,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.heard: list[Heard] = []
        self.connected = False
        self.refusals: list[str] = []
        self.grants: list[bool] = []
        self.client = mqtt.client(settings, client_id, durable=durable)
        if will is not None:
            self.client.will_set(*will, qos=1, retain=True)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.connect(settings.host, settings.port)
        self.client.loop_start()

    def _on_connect(self, *arguments: Any) -> None:
        reason = arguments[3]
        if reason.is_failure:
            self.refusals.append(str(reason))
        self.connected = not reason.is_failure

    def _on_disconnect(self, *_arguments: Any) -> None:
        self.connected = False

    def _on_subscribe(self, *arguments: Any) -> None:
        self.grants += [not reason.is_failure for reason in arguments[3]]

    def _on_message(self, _client: Any, _userdata: Any, message: MQTTMessage) -> None:
        self.heard.append(Heard(message.topic, bytes(message.payload), message.qos))

    def subscribe(self, topic: str, qos: int = 1) -> bool:
        """Whether the broker granted it."""
        before = len(self.grants)
        self.client.subscribe(topic, qos)
        eventually(lambda: len(self.grants) > before or not self.connected)
        return len(self.grants) > before and self.grants[-1]

    def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 1,
        *,
        retain: bool = False,
        timeout_s: float = 5.0,
    ) -> bool:
        """Whether the broker acknowledged it in time; for QoS 0, whether it was sent."""
        sent = self.client.publish(topic, payload, qos, retain)
        with contextlib.suppress(RuntimeError, ValueError):
            sent.wait_for_publish(timeout_s)
        return sent.is_published()

    def cut(self) -> None:
        """Vanish without a word, so that the broker speaks the will."""
        self.client.loop_stop()
        sock = self.client.socket()
        if sock is not None:
            sock.close()

    def payloads(self, topic: str) -> list[bytes]:
        return [one.payload for one in self.heard if one.topic == topic]


def eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextlib.contextmanager
def talker(
    settings: BrokerSettings,
    client_id: str,
    *,
    durable: bool = False,
    will: tuple[str, bytes] | None = None,
) -> Iterator[Talker]:
    """A client that is connected at the start and gone at the end."""
    made = Talker(settings, client_id, durable=durable, will=will)
    try:
        # A cluster that has just lost a node answers once it has chosen new leaders.
        eventually(lambda: made.connected or bool(made.refusals), 40)
        assert made.connected, made.refusals
        yield made
    finally:
        made.client.disconnect()
        made.client.loop_stop()
