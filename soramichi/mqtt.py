"""A paho client made from the settings: MQTT 3.1.1, durable where asked."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Protocol

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from soramichi.settings import BrokerSettings


class SocketLike(Protocol):
    """What paho needs of a socket."""

    def recv(self, size: int) -> bytes: ...  # noqa: D102
    def send(self, data: bytes | bytearray) -> int: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102
    def fileno(self) -> int: ...  # noqa: D102
    def setblocking(self, flag: bool) -> None: ...  # noqa: D102, FBT001


def client(
    settings: BrokerSettings,
    client_id: str,
    *,
    durable: bool,
    over: Callable[[socket.socket], SocketLike] | None = None,
) -> Client:
    """A client, not yet connected, that reconnects by itself within 1 to 30 s, but not with `over`.

    `durable`: the broker keeps its subscriptions and what arrives for them while
    it is away. `over`: wraps the connected socket (with TLS where that is set)
    at every connection, for a loop of the caller's own. Reading the password
    raises `BadSettings`.
    """
    options: dict[str, Any] = {
        "client_id": client_id,
        "clean_session": not durable,
        "protocol": MQTTv311,
    }
    if over is None:
        made = Client(CallbackAPIVersion.VERSION2, **options)
    else:
        # paho must not connect anew in the middle of a read: it would open a second connection
        # behind the back of the caller's loop, which then waits at the first for ever.
        options["reconnect_on_failure"] = False
        made = _Over(over, CallbackAPIVersion.VERSION2, **options)
    made.reconnect_delay_set(min_delay=1, max_delay=30)
    if settings.username is not None:
        made.username_pw_set(settings.username, settings.secret())
    if settings.tls_ca_file is not None:
        made.tls_set(ca_certs=str(settings.tls_ca_file))
    return made


class _Over(Client):
    """A client that reads and writes through a wrapper of its socket."""

    def __init__(
        self, over: Callable[[socket.socket], SocketLike], *positional: Any, **options: Any
    ) -> None:
        super().__init__(*positional, **options)
        self._over = over

    def _create_socket(self) -> Any:
        # The one place where paho makes its socket; it has no public hook for this.
        return self._over(super()._create_socket())  # type: ignore[arg-type]
