"""Who publishes: operators behind the bridge, and one without it where a PUBACK is a promise.

The bridge sends again whatever no receipt covers, so it would heal an ingest
that acknowledges too early. The plain publisher does not: what the broker has
acknowledged to it, only the broker and ingest can keep.
"""

from __future__ import annotations

import random
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import msgspec

from soramichi import mqtt
from soramichi.bridge import Bridge, BrokerAddress, Outstanding
from soramichi.domain import wire
from soramichi.settings import BrokerSettings
from tests.faults.ledger import AircraftLedger

TICK_S = 0.2
# One sample in so many is out of range: accepted by the publisher's side, and due in quarantine.
ONE_BAD_IN = 499
_encode = msgspec.json.encode


def is_bad(number: int) -> bool:
    """Whether the sample of this number is out of range."""
    return number % ONE_BAD_IN == ONE_BAD_IN - 1


class Publisher(ABC):
    """One operator's aircraft, each at its ledger's rate, on a thread of its own.

    `clock_ahead` shifts the time stamped into samples from then on. The last
    three digits of the microseconds count the shifts, so that no two samples
    of an aircraft ever have the same time.
    """

    def __init__(self, ledgers: Sequence[AircraftLedger]) -> None:
        self.ledgers = ledgers
        self.operator_id = ledgers[0].operator_id
        self._rate_hz = ledgers[0].rate_hz
        self._begin_s = time.monotonic()
        self._made = 0
        self._shift = timedelta()
        self._shifts = 0
        self._stopping = threading.Event()
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=self.operator_id, daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """Publish no more. Raises what ended the thread early."""
        self._stopping.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def clock_ahead(self, shift: timedelta) -> None:
        """From now on the aircraft's clocks are wrong by this much."""
        self._shifts += 1
        self._shift = shift + timedelta(microseconds=self._shifts)

    @abstractmethod
    def drain(self, timeout_s: float) -> int:
        """Wait until nothing is under way; returns how many samples still are."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect."""

    @abstractmethod
    def _publish(self, samples: Sequence[tuple[AircraftLedger, list[bytes]]]) -> None:
        """Hand these over, and enter them into the ledgers once they are accepted."""

    def _run(self) -> None:
        try:
            while not self._stopping.wait(TICK_S):
                due = int((time.monotonic() - self._begin_s) * self._rate_hz)
                if due > self._made:
                    numbers = range(self._made, due)
                    self._made = due
                    self._publish([(one, self._bodies(one, numbers)) for one in self.ledgers])
        except Exception as error:  # noqa: BLE001  # shown by `stop`, on the harness's thread
            self.failure = error

    def _bodies(self, ledger: AircraftLedger, numbers: range) -> list[bytes]:
        shift = self._shift
        return [self._body(ledger, number, shift) for number in numbers]

    def _body(self, ledger: AircraftLedger, number: int, shift: timedelta) -> bytes:
        moment = ledger.time(number) + shift
        members: dict[str, Any] = {
            "time": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "seq": number,
            "flight": ledger.flight,
            # Some 4 m/s north-east at 25 samples a second: no jump that a rule could doubt.
            "latitude_deg": 95.0 if is_bad(number) else 34 + number / 1e6,
            "longitude_deg": 136 + number / 1e6,
            "altitude_m": 100 + number % 400 / 4,
            "altitude_datum": "AMSL",
            "ground_speed_mps": number % 600 / 10,
            "battery_pct": 100 - number % 1000 / 10,
        }
        return _encode(members)


class BridgedPublisher(Publisher):
    """Publishes through the store-and-forward bridge; accepted is what `publish_all` took."""

    def __init__(
        self,
        ledgers: Sequence[AircraftLedger],
        *,
        broker: BrokerSettings,
        spool: Path,
    ) -> None:
        super().__init__(ledgers)
        address = BrokerAddress(broker.host, broker.port, broker.username, broker.secret())
        self.bridge = Bridge(address, operator_id=self.operator_id, spool=spool)

    def drain(self, timeout_s: float) -> int:
        left: Outstanding = self.bridge.drain(timeout_s)
        return left.samples

    def close(self) -> None:
        self.bridge.close()

    def _publish(self, samples: Sequence[tuple[AircraftLedger, list[bytes]]]) -> None:
        self.bridge.publish_all(
            (ledger.aircraft_id, body) for ledger, bodies in samples for body in bodies
        )
        now_s = time.monotonic()
        for ledger, bodies in samples:
            ledger.accept(bodies, now_s)


class PlainPublisher(Publisher):
    """Publishes with QoS 1 and nothing else; accepted is what the broker acknowledged, in order."""

    def __init__(self, ledgers: Sequence[AircraftLedger], *, broker: BrokerSettings) -> None:
        super().__init__(ledgers)
        self._acknowledged: deque[int] = deque()
        self._waiting: dict[str, deque[tuple[int, list[bytes]]]] = {}
        self._done: set[int] = set()
        self._client = mqtt.client(broker, f"plain-{self.operator_id}", durable=True)
        self._client.reconnect_delay_set(1, 2)
        self._client.on_publish = lambda _c, _u, mid, _r, _p: self._acknowledged.append(mid)
        self._client.connect_async(broker.host, broker.port, keepalive=5)
        self._client.loop_start()

    def drain(self, timeout_s: float) -> int:
        deadline_s = time.monotonic() + timeout_s
        while (left := self._left()) and time.monotonic() < deadline_s:
            self._accept()
            time.sleep(0.05)
        return left

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _left(self) -> int:
        return sum(len(bodies) for waiting in self._waiting.values() for _, bodies in waiting)

    def _publish(self, samples: Sequence[tuple[AircraftLedger, list[bytes]]]) -> None:
        for ledger, bodies in samples:
            topic = wire.telemetry_topic(self.operator_id, ledger.aircraft_id)
            mid = self._client.publish(topic, b"[" + b",".join(bodies) + b"]", qos=1).mid
            self._waiting.setdefault(ledger.aircraft_id, deque()).append((mid, bodies))
        self._accept()

    def _accept(self) -> None:
        while self._acknowledged:
            self._done.add(self._acknowledged.popleft())
        now_s = time.monotonic()
        for ledger in self.ledgers:
            waiting = self._waiting.get(ledger.aircraft_id, deque())
            while waiting and waiting[0][0] in self._done:
                mid, bodies = waiting.popleft()
                self._done.discard(mid)
                ledger.accept(bodies, now_s)


class Echo:
    """Delivers recent samples of a publisher once more, many at a time and in random order.

    A context manager: as long as it lasts, past the proxies.
    """

    def __init__(self, publisher: Publisher, broker: BrokerSettings, *, seed: str) -> None:
        self._publisher = publisher
        self._dice = random.Random(seed)
        self._client = mqtt.client(broker, f"echo-{publisher.operator_id}", durable=False)
        self._client.connect_async(broker.host, broker.port)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        while not self._stopping.wait(0.25):
            for ledger in self._publisher.ledgers:
                self._deliver(ledger)

    def _deliver(self, ledger: AircraftLedger) -> None:
        recent = list(ledger.recent)
        if not recent:
            return
        chosen = self._dice.sample(recent, min(len(recent), 20))
        chosen += self._dice.choices(recent[-20:], k=5)
        topic = wire.telemetry_topic(ledger.operator_id, ledger.aircraft_id)
        self._client.publish(topic, b"[" + b",".join(chosen) + b"]", qos=1)
