"""The MQTT side of the watch: hear who is off line, announce events until the broker has them."""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo

from soramichi import mqtt
from soramichi.domain import wire
from soramichi.domain.events import describe
from soramichi.errors import MalformedTelemetry
from soramichi.settings import BrokerSettings
from soramichi.store.events import Told
from soramichi.store.watches import Heard

log = logging.getLogger(__name__)

# Kept while the database is away; with more, the oldest words are forgotten, the clock is not.
_MOST_HEARD = 100_000
_MOST_NAMED = 1_000


class Line:
    """A connection in the background; `heard` fills up with what publishers say."""

    def __init__(self, broker: BrokerSettings) -> None:
        self.heard: deque[Heard] = deque(maxlen=_MOST_HEARD)
        self._broker = broker
        # Retained words come again at each connection, so no session need be kept for them.
        self._client = mqtt.client(broker, f"watch-{secrets.token_hex(8)}", durable=False)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Connect, again and again until the broker answers."""
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._client.loop_start()

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._client.is_connected()

    def announce(self, events: Sequence[Told], *, timeout_s: float = 5.0) -> list[int]:
        """Publish events; the ids of those that the broker has acknowledged in time."""
        sent: list[tuple[int, MQTTMessageInfo]] = []
        for told in events:
            topic = wire.event_topic(told.operator_id, told.aircraft_id)
            payload = wire.encode_message(message_of(told))
            sent.append((told.event_id, self._client.publish(topic, payload, qos=1)))
        for _, message in sent:
            try:
                message.wait_for_publish(timeout_s)
            except (RuntimeError, ValueError):
                break  # the connection is lost: what is not acknowledged is sent again
        return [event_id for event_id, message in sent if _is_published(message)]

    def _on_connect(self, client: Client, *_ignored: Any) -> None:
        client.subscribe(wire.STATUS_FILTER, qos=1)
        log.info("ready, hearing %s", wire.STATUS_FILTER)

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        try:
            topic = wire.parse_topic(message.topic)
            status = wire.decode_status(bytes(message.payload))
        except MalformedTelemetry as error:
            log.warning("a status was passed over: %s", error)
            return
        named = [one for one in status.also[:_MOST_NAMED] if wire.IDENTIFIER.fullmatch(one)]
        whose = [topic.aircraft_id, *named]
        self.heard.append(
            Heard(topic.operator_id, whose, status.online, datetime.now(UTC), message.retain)
        )


def _is_published(message: MQTTMessageInfo) -> bool:
    try:
        return message.is_published()
    except (RuntimeError, ValueError):
        return False


def message_of(told: Told) -> wire.FlightEvent:
    """A stored event as its operator hears it."""
    event, place = told.event, told.event.place
    return wire.FlightEvent(
        id=told.event_id,
        kind=event.kind,
        severity=event.severity,
        aircraft=told.aircraft_id,
        flight=place.flight_id,
        time=place.time,
        lon=place.longitude_deg,
        lat=place.latitude_deg,
        altitude_m=place.altitude_m,
        altitude_datum=place.altitude_datum,
        evidence=event.evidence,
        message=describe(event.kind, event.evidence),
    )
