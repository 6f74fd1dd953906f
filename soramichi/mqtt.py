"""A paho client made from the settings: MQTT 3.1.1, durable, acknowledged by hand."""

from __future__ import annotations

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from soramichi.settings import BrokerSettings


def client(
    settings: BrokerSettings, client_id: str, *, durable: bool, manual_ack: bool = False
) -> Client:
    """A client, not yet connected, that reconnects by itself within 1 to 30 s.

    `durable`: the broker keeps its subscriptions and what arrives for them while
    it is away. Reading the password raises `BadSettings`.
    """
    made = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=not durable,
        protocol=MQTTv311,
        manual_ack=manual_ack,
    )
    made.reconnect_delay_set(min_delay=1, max_delay=30)
    if settings.username is not None:
        made.username_pw_set(settings.username, settings.secret())
    if settings.tls_ca_file is not None:
        made.tls_set(ca_certs=str(settings.tls_ca_file))
    return made
