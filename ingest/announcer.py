"""Tell the API processes what was committed, at a bounded rate.

Only the newest state of each aircraft matters, and one that gets lost is made up
for by the next, so these go out without being waited for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from paho.mqtt.client import Client

from soramichi.domain import wire

# As many states as keep a message well under the broker's payload limit.
_STATES_PER_MESSAGE = 500


class Announcer:
    """Gathers from the writer's thread, sends from its own."""

    def __init__(self, client: Client, *, interval_s: float) -> None:
        self._client = client
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._live: dict[str, wire.LiveState] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)

    def start(self) -> None:
        """Start sending."""
        self._thread.start()

    def gather(self, live: Iterable[wire.LiveState]) -> None:
        """Remember what a commit changed until it is sent."""
        with self._lock:
            for state in live:
                self._live[state.aircraft_id] = state

    def stop(self) -> None:
        """Send what is left and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)
        self._send()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            self._send()

    def _send(self) -> None:
        with self._lock:
            states, self._live = list(self._live.values()), {}
        for start in range(0, len(states), _STATES_PER_MESSAGE):
            part = states[start : start + _STATES_PER_MESSAGE]
            self._client.publish(wire.LIVE_TOPIC, wire.encode_message(part), qos=0)
