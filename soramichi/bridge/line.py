"""One connection to the broker, from CONNECT to its end; never revived.

The spool is the queue, so paho's own is not wanted: every connection is a new
client with a clean session, and what the old one still held is simply sent
again from the spool. Callbacks note what happened and wake the courier.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from soramichi.errors import BadSettings, Unavailable

MAX_UNACKNOWLEDGED = 32  # messages, each of up to 500 samples
CONNECT_TIMEOUT_S = 5.0
STALL_S = 10.0  # an acknowledgement this late means that the line is dead
KEEPALIVE_S = 15


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the platform's broker is and how to be let in; a `tls_ca_file` turns TLS on."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    tls_ca_file: Path | None = None

    def __repr__(self) -> str:
        return f"{self.host}:{self.port}"  # never the password

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """From SORAMICHI_BROKER_HOST, _PORT, _USERNAME, _PASSWORD_FILE, _TLS_CA_FILE."""
        port = environment.get("SORAMICHI_BROKER_PORT") or "1883"
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise BadSettings(f"SORAMICHI_BROKER_PORT {port!r} must be a number from 1 to 65535")
        password_file = environment.get("SORAMICHI_BROKER_PASSWORD_FILE")
        tls_ca_file = environment.get("SORAMICHI_BROKER_TLS_CA_FILE")
        try:
            password = Path(password_file).read_text().strip() if password_file else None
        except OSError as error:
            raise BadSettings(f"SORAMICHI_BROKER_PASSWORD_FILE: {error}") from error
        return cls(
            environment.get("SORAMICHI_BROKER_HOST") or "127.0.0.1",
            int(port),
            environment.get("SORAMICHI_BROKER_USERNAME") or None,
            password,
            Path(tls_ca_file) if tls_ca_file else None,
        )


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, should the line break without a goodbye."""

    topic: str
    payload: bytes


class Line:
    """A live connection, subscribed to `receipts`; open it with `Line.open`.

    `alive` turns false for good when the connection ends. `inbox` holds
    (topic, payload) in order of arrival. Methods are for one thread.
    """

    def __init__(self, client: mqtt.Client, wake: Callable[[], None]) -> None:
        self.inbox: deque[tuple[str, bytes]] = deque()
        self.alive = True
        self.trouble = "the connection was closed"
        self._client = client
        self._wake = wake
        self._ready = threading.Event()
        self._sent = 0
        self._acknowledged = 0
        self._heard_at_s = time.monotonic()

    @classmethod
    def open(
        cls,
        broker: BrokerAddress,
        *,
        client_id: str,
        receipts: str,
        will: Will,
        wake: Callable[[], None],
    ) -> Self:
        """Connect and subscribe. Raises `Unavailable` with the reason when either fails."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=True,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(MAX_UNACKNOWLEDGED)
        client.username_pw_set(broker.username, broker.password)
        client.will_set(will.topic, will.payload, qos=1, retain=True)
        if broker.tls_ca_file is not None:
            client.tls_set(str(broker.tls_ca_file), cert_reqs=ssl.CERT_REQUIRED)
        line = cls(client, wake)
        line._attach(receipts)
        try:
            client.connect(broker.host, broker.port, keepalive=KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise Unavailable(f"no connection to the broker {broker!r}: {error}") from error
        client.loop_start()
        if not line._ready.wait(CONNECT_TIMEOUT_S) or not line.alive:
            line.cut()
            raise Unavailable(f"the broker {broker!r} does not let us in: {line.trouble}")
        return line

    def _attach(self, receipts: str) -> None:
        def connected(client: mqtt.Client, _data: Any, _flags: Any, code: Any, _props: Any) -> None:
            if code.is_failure:
                self._ended(str(code))
            else:
                client.subscribe(receipts, qos=1)

        def subscribed(_client: Any, _data: Any, _mid: int, codes: Any, _props: Any) -> None:
            if codes[0].is_failure:
                self._ended(f"subscription to {receipts} refused")
            self._ready.set()

        def acknowledged(_client: Any, _data: Any, _mid: int, _code: Any, _props: Any) -> None:
            self._acknowledged += 1
            self._heard_at_s = time.monotonic()
            self._wake()

        def received(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
            self.inbox.append((message.topic, bytes(message.payload)))
            self._wake()

        def disconnected(_client: Any, _data: Any, _flags: Any, code: Any, _props: Any) -> None:
            self._ended(str(code))

        self._client.on_connect = connected
        self._client.on_subscribe = subscribed
        self._client.on_publish = acknowledged
        self._client.on_message = received
        self._client.on_disconnect = disconnected

    def _ended(self, trouble: str) -> None:
        if self.alive:
            self.trouble = trouble
        self.alive = False
        self._ready.set()
        self._wake()

    @property
    def unacknowledged(self) -> int:
        """How many messages the broker has not answered for."""
        return self._sent - self._acknowledged

    def has_room(self) -> bool:
        """Whether another message may go out before an acknowledgement comes."""
        return self.alive and self.unacknowledged < MAX_UNACKNOWLEDGED

    @property
    def stalled(self) -> bool:
        """Whether acknowledgements are overdue, though nothing says that the line is cut."""
        return self.unacknowledged > 0 and time.monotonic() - self._heard_at_s > STALL_S

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1; what is lost on the way is the spool's to send again."""
        if not self.unacknowledged:
            self._heard_at_s = time.monotonic()
        self._sent += 1
        self._client.publish(topic, payload, qos=1, retain=retain)

    def goodbye(self, patience_s: float) -> None:
        """Wait for acknowledgements, at most so long, and disconnect so that the will stays."""
        deadline_s = time.monotonic() + patience_s
        while self.alive and self.unacknowledged and time.monotonic() < deadline_s:
            time.sleep(0.01)
        self._client.disconnect()
        self._client.loop_stop()
        self.alive = False

    def cut(self) -> None:
        """End it at once, without a goodbye."""
        self.alive = False
        end = self._client.socket()
        if isinstance(end, socket.socket):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                self.trouble = "the connection was already gone"
        self._client.loop_stop()
