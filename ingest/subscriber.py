"""The MQTT side of ingest: its callback enqueues and does nothing else.

The broker keeps our session, so what arrives while we are away waits there. A
message is acknowledged only after its samples are committed; until then the
broker holds it, and the number it lets us hold at once is the back-pressure.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from soramichi import mqtt
from soramichi.settings import BrokerSettings, IngestSettings

log = logging.getLogger(__name__)


class Received(NamedTuple):
    """One message as it came; `connection` counts the connections of this process."""

    topic: str
    payload: bytes
    packet_id: int
    connection: int
    received_at: datetime


class Subscriber:
    """A durable subscription that fills `inbox`."""

    def __init__(self, broker: BrokerSettings, ingest: IngestSettings) -> None:
        # The broker never sends more than its in-flight window unacknowledged. Should that be
        # larger than our inbox, the callback waits, reading stops, and nothing is lost.
        self.inbox: queue.Queue[Received] = queue.Queue(ingest.inbox_max_messages)
        self.connected = threading.Event()
        self._broker = broker
        self._filter = ingest.topic_filter
        self._connection = 0
        # Held while acknowledging, so that no acknowledgement crosses over into the next
        # connection, where its packet id may belong to another message.
        self._acknowledging = threading.Lock()
        self._closing = threading.Event()
        self.client = mqtt.client(broker, ingest.client_id, durable=True, manual_ack=True)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_socket_close = self._on_socket_close
        self.client.on_message = self._on_message
        self.client.on_subscribe = self._on_subscribe

    def start(self) -> None:
        """Connect in the background, again and again until the broker answers."""
        self.client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self.client.loop_start()

    def acknowledge(self, messages: Iterable[Received]) -> None:
        """Tell the broker that these are settled for good.

        Those of an earlier connection are passed over: the broker sends them
        again, and the store recognises them.
        """
        with self._acknowledging:
            for message in messages:
                if message.connection == self._connection:
                    self.client.ack(message.packet_id, 1)

    def stop_reading(self) -> None:
        """Take no further message; what is in the inbox can still be acknowledged."""
        self._closing.set()

    def close(self, *, timeout_s: float = 5.0) -> None:
        """Send what is still to be sent, and disconnect; the session stays at the broker."""
        self._closing.set()
        deadline = time.monotonic() + timeout_s
        while self.client.want_write() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(
        self,
        client: Client,
        _userdata: Any,
        flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.error("broker refuses the connection: %s", reason)
            return
        # Subscribe at every connection: a broker that lost its memory has lost the session too.
        result, _ = client.subscribe(self._filter, qos=1)
        if result is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            log.error("subscribing failed: %s", result)
        log.info("connected, session %s", "resumed" if flags.session_present else "new")

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: Any,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("the broker does not let us read %s", self._filter)
        else:
            self.connected.set()

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: Any,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.connected.clear()
        if not self._closing.is_set():
            log.warning("disconnected: %s; trying again", reason)

    def _on_socket_close(self, _client: Client, _userdata: Any, _socket: Any) -> None:
        with self._acknowledging:
            self._connection += 1

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        received = Received(
            message.topic, bytes(message.payload), message.mid, self._connection, datetime.now(UTC)
        )
        while not self._closing.is_set():
            with contextlib.suppress(queue.Full):
                self.inbox.put(received, timeout=0.5)
                return
