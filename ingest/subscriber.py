"""The MQTT side of ingest: one network thread that fills the inbox and does nothing else.

The broker keeps our session, so what arrives while we are away waits there. A message is
acknowledged only after its samples are committed; until then the broker holds it, and the number
it lets us hold at once is the back-pressure.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.heartbeat import Heartbeat
from ingest.inbox import Inbox, Received
from ingest.line import Line
from soramichi import mqtt
from soramichi.domain import wire
from soramichi.settings import BrokerSettings, IngestSettings

log = logging.getLogger(__name__)

_SHORTEST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
# How often the network thread looks at its clocks when nothing happens.
_TICK_S = 0.25
_MOST_NAMES = 20_000
# Half of all packet ids. A broker that sends on without acknowledgements (mosquitto 2.0 with a
# window of thousands, seen 2026-11 with 60,000) would else come round to ids that we still hold,
# and its new messages would look like old ones.
_MOST_HELD = 32_768
# Reads of fewer messages are not worth their while, and make a short pause before the next.
_A_GOOD_READ = 100
_GATHERED_S = 0.002


class Subscriber:
    """A durable subscription that fills `inbox`."""

    def __init__(self, broker: BrokerSettings, ingest: IngestSettings) -> None:
        self.inbox = Inbox(
            max_messages=ingest.inbox_max_messages,
            max_bytes=ingest.inbox_max_mb << 20,
            on_room=self._wake,
        )
        self.connected = threading.Event()
        self.heartbeat = Heartbeat(
            interval_s=ingest.heartbeat_interval_s, timeout_s=ingest.heartbeat_timeout_s
        )
        self._broker = broker
        self._filter = ingest.topic_filter
        self._most_in_flight = ingest.inbox_max_messages
        self._beat_topic = wire.heartbeat_topic(ingest.client_id)
        self._names = _Names()
        self._line: Line | None = None
        self._connections = 0
        self._discarding = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        self.client = mqtt.client(broker, ingest.client_id, durable=True, over=self._open)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_subscribe = self._on_subscribe
        # With this set, publishing from any thread leaves the writing to ours.
        self.client.on_socket_register_write = lambda *_: self._wake()

    def start(self) -> None:
        """Connect in the background, again and again until the broker answers."""
        self.client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._thread.start()

    def acknowledge(self, messages: Iterable[Received]) -> None:
        """Tell the broker that these are settled for good.

        Those of an earlier connection are passed over, since their packet ids may
        now belong to other messages: the broker sends them again, and the store
        recognises them.
        """
        line = self._line
        if line is not None:
            number = line.number
            # Not by the members' names, which costs three times as much.
            line.acknowledge(
                [packet_id for _, _, packet_id, one, _ in messages if packet_id and one == number]
            )
            self._wake()

    def in_flight(self) -> int:
        """How many messages the broker waits to have acknowledged on this connection."""
        line = self._line
        return line.in_flight() if line is not None else 0

    def heartbeat_age_s(self) -> float:
        """Seconds since our own message last came back from the broker; infinite before."""
        return self.heartbeat.age_s(time.monotonic())

    def stop_reading(self) -> None:
        """Take no further message; what is in the inbox can still be acknowledged."""
        self._discarding = True

    def close(self, *, timeout_s: float = 5.0) -> None:
        """Send what is still to be sent, and disconnect; the session stays at the broker."""
        self._discarding = True
        self._closing.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    # The network thread.

    def _open(self, connected: socket.socket) -> Line:
        self._connections += 1
        self._line = Line(connected, self._connections)
        return self._line

    def _wake(self) -> None:
        # A full pipe wakes as well as one byte more.
        with contextlib.suppress(OSError):
            self._waker.send(b".")

    def _run(self) -> None:
        pause_s = _SHORTEST_PAUSE_S
        while not self._closing.is_set():
            try:
                self.client.reconnect()
            except OSError as error:
                log.warning("broker: %s; trying again in %.1f s", error, pause_s)
            else:
                if self._serve():
                    pause_s = _SHORTEST_PAUSE_S
            self._closing.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _serve(self) -> bool:
        """Read and write until the connection ends; whether it ever was subscribed."""
        line = self._line
        assert line is not None  # noqa: S101  # `reconnect` has just opened it
        was_subscribed = False
        self.heartbeat.start(time.monotonic())
        last_sent_at = time.monotonic()
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._woken, selectors.EVENT_READ)
            waiting.register(line, selectors.EVENT_READ)
            while self.client.socket() is not None:
                if self.client.want_write() or line.waits_for_socket():
                    last_sent_at = time.monotonic()
                    self.client.loop_write()
                sent_all = line.flush()
                if self._closing.is_set() and sent_all:
                    self.client.disconnect()
                    self.client.loop_write()
                    continue
                self._wait(waiting, line, sent_all=sent_all)
                was_subscribed |= self.connected.is_set()
                if time.monotonic() - last_sent_at > self._broker.keepalive_s / 2:
                    line.ping()
        self.connected.clear()
        return was_subscribed

    def _wait(self, waiting: selectors.BaseSelector, line: Line, *, sent_all: bool) -> None:
        """Wait for the broker, for something to send, or for the clock; and read what came."""
        full = not self._discarding and (self.inbox.full() or line.in_flight() >= _MOST_HELD)
        wanted = (0 if full else selectors.EVENT_READ) | (0 if sent_all else selectors.EVENT_WRITE)
        _watch(waiting, line, wanted)
        for key, events in waiting.select(_TICK_S):
            if key.fileobj is self._woken:
                self._woken.recv(4096)
            elif events & selectors.EVENT_READ and self._receive(line) < _A_GOOD_READ:
                # A broker writes each message as it comes; a read for each would cost the most.
                time.sleep(_GATHERED_S)
        now = time.monotonic()
        if full or line.in_flight():
            self.heartbeat.excuse(now)
        if self.heartbeat.overdue(now):
            log.warning("the broker keeps the connection but is silent; connecting anew")
            line.ended = True
        while line.waits_for_paho() and self.client.socket() is not None:
            self.client.loop_read()
        # In a window that is nearly full a beat would take the place of a message, which NATS then
        # sends only after `ack_wait` (seen 2026-11); and what is in flight proves as much.
        if (
            self.connected.is_set()
            and self.heartbeat.due(now)
            and line.in_flight() < self._most_in_flight // 2
            and not full
        ):
            self.client.publish(self._beat_topic, self.heartbeat.beat(now), qos=1)

    def _receive(self, line: Line) -> int:
        """Put what can be read now into the inbox; how many messages that was."""
        received_at, now = datetime.now(UTC), time.monotonic()
        publishes = line.read()
        names, new, number = self._names, tuple.__new__, line.number
        if len(names) >= _MOST_NAMES:
            names.clear()
        # Not Received(…), which costs twice as much.
        messages = [
            new(Received, (names[topic], payload, packet_id, number, received_at))
            for topic, payload, packet_id in publishes
        ]
        if beats := [one for one in messages if one[0] == self._beat_topic]:
            for beat in beats:
                self.heartbeat.hear(beat.payload, now)
            line.acknowledge([beat.packet_id for beat in beats])
            messages = [one for one in messages if one[0] != self._beat_topic]
        if messages:
            self.heartbeat.excuse(now)
            if not self._discarding:
                self.inbox.put(messages)
        return len(publishes)

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
        result, _ = client.subscribe([(self._filter, 1), (self._beat_topic, 1)])
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
            # The other topic, our heartbeat's, holds the client id: not for a log.
            log.error("the broker does not let us read %s or hear ourselves", self._filter)
        else:
            log.info("ready, reading %s", self._filter)
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


class _Names(dict[bytes, str]):
    """Topics as text, one object for all messages of a topic."""

    def __missing__(self, topic: bytes) -> str:
        self[topic] = str(topic, "utf-8", "replace")
        return self[topic]


def _watch(waiting: selectors.BaseSelector, line: Line, events: int) -> None:
    """Have the selector wait for these events of the line, 0 for none."""
    key = waiting.get_map().get(line)
    if key is None and events:
        waiting.register(line, events)
    elif key is not None and not events:
        waiting.unregister(line)
    elif key is not None and key.events != events:
        waiting.modify(line, events)
