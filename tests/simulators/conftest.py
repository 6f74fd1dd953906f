"""Real brokers on free ports: NATS from the wheel with its accounts, mosquitto if installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from soramichi.domain import wire
from soramichi.domain.telemetry import TelemetrySample
from soramichi.embedded.folder import DataFolder, free_port
from soramichi.embedded.nats import Nats
from soramichi.settings import BrokerSettings
from tests.bridge.receiver import a_receipt

OPERATORS = ("mie-demo", "toba-tourism", "minami-ise", "fleet", "replay")


class Broker(ABC):
    """A broker that can be stopped and started again on its port."""

    settings: BrokerSettings
    passwords: dict[str, str]

    @abstractmethod
    def start(self) -> None:
        """Start it, and return once it listens."""

    @abstractmethod
    def stop(self) -> None:
        """End it."""

    @contextmanager
    def listening(self) -> Iterator[list[tuple[str, bytes, bool]]]:
        """Every message of ours that the platform's own user receives: topic, payload, retained.

        Telemetry is receipted at once, as ingest would after its commit.
        """
        heard: list[tuple[str, bytes, bool]] = []
        settled: dict[tuple[wire.Topic, str | None], set[int]] = {}
        subscribed = threading.Event()
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="test-listener", clean_session=False
        )
        client.username_pw_set(self.settings.username, self.settings.secret())

        def subscribe(*_: Any) -> None:
            client.subscribe([(wire.TELEMETRY_FILTER, 1), (wire.STATUS_FILTER, 1)])

        client.on_connect = subscribe
        client.on_subscribe = lambda *_: subscribed.set()

        def hear(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
            heard.append((message.topic, bytes(message.payload), message.retain))
            topic = wire.parse_topic(message.topic)
            if topic.kind != "telemetry":
                return
            flights = set()
            for sample in wire.decode(bytes(message.payload)).samples:
                flights.add(sample.flight)
                settled.setdefault((topic, sample.flight), set()).add(sample.seq or 0)
            where = wire.receipt_topic(topic.operator_id, topic.aircraft_id)
            for flight in flights:
                receipt = a_receipt(flight, settled[topic, flight])
                client.publish(where, json.dumps(receipt), qos=1)

        client.on_message = hear
        client.connect(self.settings.host, self.settings.port)
        client.loop_start()
        assert subscribed.wait(10)
        try:
            yield heard
        finally:
            client.disconnect()
            client.loop_stop()


class NatsBroker(Broker):
    def __init__(self, folder: DataFolder) -> None:
        self._nats = Nats(folder, operators=OPERATORS)
        self.settings = self._nats.settings()
        self.start()
        self.passwords = {name: self._nats.settings(name).secret() or "" for name in OPERATORS}

    def start(self) -> None:
        self._nats.start()

    def stop(self) -> None:
        assert self._nats.child is not None
        self._nats.child.stop()


class Mosquitto(Broker):
    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self.settings = BrokerSettings(port=free_port(), username="anyone")
        self.passwords = {}
        self.start()

    def start(self) -> None:
        config = self._folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.settings.port} 127.0.0.1\nallow_anonymous true\n"
            f"persistence true\npersistence_location {self._folder}/\n"
            f"user root\nmax_queued_messages 0\n"
        )
        log = (self._folder / "mosquitto.log").open("ab")
        self._process = subprocess.Popen([self._program, "-c", str(config)], stdout=log, stderr=log)
        wait_for(lambda: _answers(self.settings.port), 10)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(what: Callable[[], bool], timeout_s: float) -> None:
    """Until `what()` is true; fails the test after `timeout_s`."""
    until = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    if request.param == "nats":
        with DataFolder(tmp_path / "data") as folder:
            nats = NatsBroker(folder)
            yield nats
            nats.stop()
        return
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        if os.environ.get("REQUIRE_SERVERS") == "1":
            pytest.fail("mosquitto is not installed")
        pytest.skip("mosquitto is not installed")
    mosquitto = Mosquitto(program, tmp_path)
    yield mosquitto
    mosquitto.stop()


def samples_in(heard: list[tuple[str, bytes, bool]]) -> list[TelemetrySample]:
    """The telemetry among the messages, decoded by the codec that ingest uses."""
    decoded = [wire.decode(payload) for topic, payload, _ in heard if topic.endswith("/telemetry")]
    assert not any(one.rejected for one in decoded)
    return [sample for one in decoded for sample in one.samples]
