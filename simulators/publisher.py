"""Where simulated and replayed samples go: the same bridge that an operator uses.

A sample counts as delivered only with the platform's receipt, so a broker that
forgets, a link that breaks and an ingest that is away cost a simulation nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

import msgspec

from soramichi.bridge import Bridge, BrokerAddress
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import SpoolFull, Unavailable
from soramichi.settings import BrokerSettings

CONNECT_TIMEOUT_S = 15.0
# Samples without a receipt, in memory: about five minutes of a thousand aircraft at 1 Hz.
MAX_BYTES = 128 << 20
_STEP_S = 0.1


class Publisher:
    """One operator's bridge, for all its aircraft (at least one).

    Samples wait in memory until receipted; at `max_bytes` of them `publish`
    waits. Raises `Unavailable` from the constructor when the broker cannot be
    reached within `CONNECT_TIMEOUT_S`, or refuses us; later it is waited for.
    """

    def __init__(  # noqa: PLR0913  # all but two by name
        self,
        broker: BrokerSettings,
        operator_id: str,
        *,
        aircraft_ids: Sequence[str],
        password: str | None = None,
        stop: threading.Event | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._stop = stop or threading.Event()
        own = password is not None
        self._bridge = Bridge(
            BrokerAddress(
                broker.host,
                broker.port,
                username=operator_id if own else broker.username,
                password=password if own else broker.secret(),
                tls_ca_file=broker.tls_ca_file,
            ),
            operator_id=operator_id,
            spool=None,
            aircraft_ids=aircraft_ids,
            max_bytes=max_bytes,
            # What the platform has receipted is not kept: no second life for simulated flights.
            keep_s=0.0,
        )
        try:
            self._wait_for_broker(f"{broker.host}:{broker.port}", operator_id)
        except Unavailable:
            self._bridge.close()
            raise

    def publish(self, aircraft_id: str, samples: Sequence[TelemetrySample]) -> None:
        """Take samples of one aircraft; waits while there is no room, until `stop` is set."""
        encoded = [(aircraft_id, msgspec.json.encode(sample)) for sample in samples]
        while True:
            try:
                self._bridge.publish_all(encoded)
            except SpoolFull:
                if self._stop.wait(_STEP_S):
                    return
            else:
                return

    def drain(self, timeout_s: float) -> bool:
        """Wait until the platform has receipted everything; False when time ran out."""
        return not self._bridge.drain(timeout_s)

    def close(self) -> None:
        """Say good-bye and disconnect; nothing can be published afterwards."""
        self._bridge.close()

    @property
    def published(self) -> int:
        """Samples taken, but for those that were waiting already."""
        return self._bridge.counts["accepted"]

    @property
    def unreceipted(self) -> int:
        """Samples taken that no receipt covers (yet)."""
        return self._bridge.drain(0.0).samples

    def _wait_for_broker(self, where: str, operator_id: str) -> None:
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while not self._bridge.connected:
            if time.monotonic() > deadline or self._stop.wait(_STEP_S / 4):
                raise Unavailable(
                    f"no MQTT broker lets operator {operator_id} in at {where} "
                    f"({self._bridge.trouble or 'no answer'}); start it and check the operator's "
                    "name and password, or set SORAMICHI_BROKER_HOST and SORAMICHI_BROKER_PORT"
                )


def open_publishers(
    broker: BrokerSettings,
    aircraft_ids: Mapping[str, Sequence[str]],
    *,
    passwords: Mapping[str, str],
    stop: threading.Event,
) -> dict[str, Publisher]:
    """One publisher per operator of `aircraft_ids` (operator to its aircraft), all or none."""
    publishers: dict[str, Publisher] = {}
    try:
        for operator_id, own in aircraft_ids.items():
            publishers[operator_id] = Publisher(
                broker,
                operator_id,
                aircraft_ids=own,
                password=passwords.get(operator_id),
                stop=stop,
            )
    except BaseException:
        for publisher in publishers.values():
            publisher.close()
        raise
    return publishers
