"""The consumers we compare with, each a process of its own: `python -m soramichi.bench.consumers`.

- reader: the plainest there can be, no look at a payload; the limit of the transport
- paho: paho with its own loop and automatic acknowledgement, doing nothing
- tutorial: what tutorials show: paho, json, one INSERT and one commit a message
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import Any

import psycopg
from paho.mqtt.client import Client, MQTTMessage

from soramichi import mqtt
from soramichi.bench.plain_mqtt import Plain
from soramichi.settings import BrokerSettings, DatabaseSettings, load
from soramichi.store import pool

TELEMETRY = "soramichi/v1/+/+/telemetry"
_COLUMNS = (
    "time", "latitude_deg", "longitude_deg", "altitude_m", "altitude_datum", "seq",
    "ground_speed_mps", "track_deg", "vertical_speed_mps", "heading_deg", "battery_pct",
    "status", "accuracy_h_m", "accuracy_v_m",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO telemetry (aircraft_id, flight_id, received_at, stored_at, {', '.join(_COLUMNS)})"
    f" VALUES (%s, %s, now(), now(){', %s' * len(_COLUMNS)}) ON CONFLICT DO NOTHING"
)


def reader(messages: int) -> None:
    """Read and acknowledge so many messages."""
    plain = Plain(load(BrokerSettings), "bench-reader")
    plain.subscribe(TELEMETRY)
    print("ready", flush=True)  # noqa: T201  # what the harness waits for
    plain.read(messages)
    finish()


def paho(messages: int) -> None:
    """Let paho receive so many messages."""
    seen = 0
    done = threading.Event()

    def on_message(_client: Client, _userdata: Any, _message: MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        if seen == messages:
            done.set()

    _subscribe(on_message)
    done.wait()
    finish()


def tutorial(messages: int) -> None:
    """Store each message by itself, in the callback, as tutorials do."""
    connection = pool.connect(load(DatabaseSettings), application="bench-tutorial")
    seen = 0
    done = threading.Event()

    def on_message(_client: Client, _userdata: Any, message: MQTTMessage) -> None:
        nonlocal seen
        _insert(connection, message)
        seen += 1
        if seen == messages:
            done.set()

    _subscribe(on_message)
    done.wait()
    finish()


def finish() -> None:
    """Say so, and wait to be ended, so that our CPU time can still be read."""
    print("done", flush=True)  # noqa: T201
    signal.pause()


def _insert(connection: psycopg.Connection[Any], message: MQTTMessage) -> None:
    aircraft_id = message.topic.split("/")[3]
    sample = json.loads(message.payload)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT.encode(),
            (aircraft_id, sample["flight"], *[sample.get(name) for name in _COLUMNS]),
        )
    connection.commit()


def _subscribe(on_message: Any) -> None:
    settings = load(BrokerSettings)
    client = mqtt.client(settings, "bench-peer", durable=True)
    client.on_message = on_message
    client.on_subscribe = lambda *_: print("ready", flush=True)  # noqa: T201
    client.connect(settings.host, settings.port)
    client.subscribe(TELEMETRY, qos=1)
    client.loop_start()


if __name__ == "__main__":
    {"reader": reader, "paho": paho, "tutorial": tutorial}[sys.argv[1]](int(sys.argv[2]))
