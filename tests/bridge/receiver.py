"""A platform in small: a real MQTT client that stores, knows twins, and sends receipts."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from soramichi.domain import wire

FlightKey = tuple[str, str | None]


class Receiver:
    """Stores by aircraft and time, as the platform's table does; receipts follow the contract.

    `lossy(n)` says whether the n-th receipt is lost on its way; `silent` stops
    receipts; `deaf` makes arriving messages vanish; `slow_s` is what each takes.
    """

    def __init__(
        self, port: int, *, operator_id: str = "mie", receipt_every_s: float = 0.1
    ) -> None:
        self.stored: dict[tuple[str, str], dict[str, Any]] = {}
        self.seqs: dict[FlightKey, set[int]] = {}
        self.rejected: dict[FlightKey, set[int]] = {}
        self.received: Counter[str] = Counter()
        self.statuses: list[tuple[str, dict[str, Any]]] = []
        self.lossy: Callable[[int], bool] = lambda _n: False
        self.silent = False
        self.deaf = False
        self.slow_s = 0.0
        self._operator_id = operator_id
        self._every_s = receipt_every_s
        self._receipts = 0
        self._due: set[FlightKey] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._subscribed = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="receiver", clean_session=False
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._received
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(10)
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def forget(self, share: Callable[[int], bool]) -> None:
        """The database is restored from an older backup: rows whose seq is in `share` are gone."""
        with self._lock:
            for key, members in list(self.stored.items()):
                if share(members["seq"]):
                    del self.stored[key]
            for seqs in self.seqs.values():
                seqs -= {seq for seq in seqs if share(seq)}

    def wait(self, samples: int, timeout_s: float = 20) -> None:
        deadline_s = time.monotonic() + timeout_s
        while len(self.stored) < samples and time.monotonic() < deadline_s:
            time.sleep(0.02)
        assert len(self.stored) >= samples, f"{len(self.stored)} of {samples} arrived"

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(wire.TELEMETRY_FILTER, 1), (wire.STATUS_FILTER, 1)])

    def _received(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        topic = wire.parse_topic(message.topic)
        if topic.kind == "status":
            self.statuses.append((topic.aircraft_id, json.loads(message.payload)))
            return
        if self.deaf:
            return
        time.sleep(self.slow_s)
        decoded = wire.decode(bytes(message.payload))
        with self._lock:
            for sample in decoded.samples:
                self._store(topic.aircraft_id, json.loads(wire.encode(sample)))
            for rejected in decoded.rejected:
                members = json.loads(rejected.original)
                key = (topic.aircraft_id, members.get("flight"))
                self.rejected.setdefault(key, set()).add(members["seq"])
                self.received["quarantined"] += 1
                self._due.add(key)

    def _store(self, aircraft_id: str, members: dict[str, Any]) -> None:
        known = (aircraft_id, members["time"]) in self.stored
        self.received["duplicate" if known else "stored"] += 1
        self.stored.setdefault((aircraft_id, members["time"]), members)
        key = (aircraft_id, members.get("flight"))
        self.seqs.setdefault(key, set()).add(members["seq"])
        self._due.add(key)

    def _answer(self) -> None:
        while not self._ended.wait(self._every_s):
            with self._lock:
                due, self._due = self._due, set()
                receipts = [(key[0], self._receipt(key)) for key in due]
            for aircraft_id, receipt in receipts:
                self._receipts += 1
                if not self.silent and not self.lossy(self._receipts):
                    where = wire.receipt_topic(self._operator_id, aircraft_id)
                    self._client.publish(where, json.dumps(receipt), qos=1)

    def _receipt(self, key: FlightKey) -> dict[str, Any]:
        rejected = self.rejected.get(key, set())
        return a_receipt(key[1], self.seqs.get(key, set()) | rejected, len(rejected))


def a_receipt(flight: str | None, settled: set[int], quarantined: int = 0) -> dict[str, Any]:
    """What the contract says of these sequence numbers."""
    first, through = min(settled, default=None), max(settled, default=None)
    missing = set() if first is None or through is None else set(range(first, through)) - settled
    return {
        "flight": flight,
        "committed_through": min(missing) - 1 if missing else through,
        "missing": intervals(missing),
        "quarantined": quarantined,
        "settled_from": first,
        "settled_through": through,
    }


def intervals(numbers: set[int]) -> list[list[int]]:
    """Closed intervals that hold exactly these numbers."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
