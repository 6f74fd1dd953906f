"""Send samples to the broker and know which of them it has taken: QoS 1, bounded, reconnecting."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from simulators.pacer import now
from soramichi.domain import wire
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings

# Messages handed over and not yet acknowledged; more would only sit in memory.
WINDOW = 200
CONNECT_TIMEOUT_S = 15.0


class SampleSink(Protocol):
    """Where a simulated or replayed aircraft's samples go."""

    def publish(self, aircraft_id: str, samples: Sequence[TelemetrySample]) -> None:
        """Take 1..500 samples of one aircraft; may block while too many are under way."""

    def drain(self, timeout_s: float) -> bool:
        """Wait until everything taken is safe with the receiver; False when time ran out."""

    def close(self) -> None:
        """Say good-bye and disconnect; nothing can be published afterwards."""

    @property
    def published(self) -> int:
        """Samples the receiver has acknowledged."""

    @property
    def unacknowledged(self) -> int:
        """Samples taken but not (yet) acknowledged."""


class MqttSink:
    """One operator's connection to the broker, for all its aircraft (at least one).

    The client id is fixed and the session durable, so unacknowledged messages
    are sent again after a lost connection, for as long as this process lives.
    Raises `Unavailable` from the constructor when the broker cannot be reached
    or refuses us.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        operator_id: str,
        *,
        aircraft_ids: Iterable[str],
        password: str | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._operator_id = operator_id
        self._aircraft_ids = tuple(aircraft_ids)
        self._where = f"{broker.host}:{broker.port}"
        self._stop = stop or threading.Event()
        self._room = threading.BoundedSemaphore(WINDOW)
        self._lock = threading.Condition()
        self._pending: dict[int, int] = {}  # message id -> samples in it
        self._early: set[int] = set()  # acknowledged before publish() told us their id
        self._published = 0
        self._answer: ReasonCode | None = None
        self._answered = threading.Event()
        self._client = self._make_client(broker, password)
        self._connect(broker)

    def publish(self, aircraft_id: str, samples: Sequence[TelemetrySample]) -> None:
        """Queue one message; blocks while `WINDOW` are unacknowledged, until `stop` is set."""
        payload = wire.encode(samples)
        while not self._room.acquire(timeout=0.0 if self._stop.is_set() else 0.2):
            if self._stop.is_set():
                return
        self._send(wire.telemetry_topic(self._operator_id, aircraft_id), payload, len(samples))

    def drain(self, timeout_s: float) -> bool:
        """Wait for every acknowledgement; False when some were still owed after `timeout_s`."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._pending, timeout_s)

    def close(self) -> None:
        """Announce the aircraft off line, and disconnect (which keeps the will unsent)."""
        if self._client.is_connected():
            self._say(online=False)
            self.drain(2.0)
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def published(self) -> int:
        """Samples the broker has acknowledged."""
        return self._published

    @property
    def unacknowledged(self) -> int:
        """Samples handed over but not acknowledged."""
        with self._lock:
            return sum(self._pending.values())

    def _make_client(self, broker: BrokerSettings, password: str | None) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"soramichi-sim-{self._operator_id}",
            clean_session=False,
            protocol=mqtt.MQTTv311,
        )
        if password is not None:
            client.username_pw_set(self._operator_id, password)
        elif broker.username is not None:
            client.username_pw_set(broker.username, broker.secret())
        if broker.tls_ca_file is not None:
            client.tls_set(ca_certs=str(broker.tls_ca_file))
        # A will has one topic: it takes the first aircraft off line and names the others.
        first, *others = self._aircraft_ids
        will = {"online": False, "time": now(), **({"also": others} if others else {})}
        topic = wire.status_topic(self._operator_id, first)
        client.will_set(topic, msgspec.json.encode(will), qos=1, retain=True)
        client.max_inflight_messages_set(WINDOW)
        client.reconnect_delay_set(min_delay=1, max_delay=30)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        return client

    def _connect(self, broker: BrokerSettings) -> None:
        self._client.connect_async(broker.host, broker.port, keepalive=broker.keepalive_s)
        self._client.loop_start()
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while not self._answered.wait(0.2):
            if self._stop.is_set() or time.monotonic() > deadline:
                self._client.loop_stop()
                raise Unavailable(
                    f"no MQTT broker answers at {self._where}; start it, or set "
                    "SORAMICHI_BROKER_HOST and SORAMICHI_BROKER_PORT"
                )
        if self._answer is not None and self._answer.is_failure:
            self._client.disconnect()
            self._client.loop_stop()
            raise Unavailable(
                f"the broker at {self._where} refuses operator {self._operator_id} "
                f"({self._answer}); check its name and password"
            )

    def _on_connect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, answer: ReasonCode, _properties: Any
    ) -> None:
        self._answer = answer
        if not answer.is_failure:
            self._say(online=True)
        self._answered.set()

    def _on_publish(
        self, _client: mqtt.Client, _data: Any, mid: int, _reason: Any, _properties: Any
    ) -> None:
        with self._lock:
            samples = self._pending.pop(mid, None)
            if samples is None:
                self._early.add(mid)
            else:
                self._taken(samples)

    def _send(self, topic: str, payload: bytes, samples: int, *, retain: bool = False) -> None:
        # Not under our lock: paho calls _on_publish while it holds its own.
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        with self._lock:
            if info.mid in self._early:
                self._early.discard(info.mid)
                self._taken(samples)
            else:
                self._pending[info.mid] = samples

    def _taken(self, samples: int) -> None:
        """Count an acknowledged message; status messages carry no samples and hold no room."""
        self._published += samples
        if samples:
            self._room.release()
        self._lock.notify_all()

    def _say(self, *, online: bool) -> None:
        for aircraft_id in self._aircraft_ids:
            topic = wire.status_topic(self._operator_id, aircraft_id)
            self._send(topic, _status(online=online), 0, retain=True)


def open_sinks(
    broker: BrokerSettings,
    aircraft_ids: Mapping[str, Sequence[str]],
    *,
    passwords: Mapping[str, str],
    stop: threading.Event,
) -> dict[str, SampleSink]:
    """One sink per operator of `aircraft_ids` (operator to its aircraft), all or none."""
    sinks: dict[str, SampleSink] = {}
    try:
        for operator_id, own in aircraft_ids.items():
            sinks[operator_id] = MqttSink(
                broker,
                operator_id,
                aircraft_ids=own,
                password=passwords.get(operator_id),
                stop=stop,
            )
    except BaseException:
        for sink in sinks.values():
            sink.close()
        raise
    return sinks


def _status(*, online: bool) -> bytes:
    return msgspec.json.encode(wire.Status(online=online, time=now()))
