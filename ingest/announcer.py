"""Tell the API processes what was committed, at a bounded rate.

Only the newest state of each aircraft matters, and one that gets lost is made up
for by the next, so these go out without being waited for.
"""

from __future__ import annotations

import threading

from paho.mqtt.client import Client

from ingest.following import Newest
from soramichi.domain import wire

# As many states as keep a message well under the broker's payload limit.
_STATES_PER_MESSAGE = 500


class Announcer:
    """Gathers from the writer's thread, sends from its own."""

    def __init__(self, client: Client, *, interval_s: float) -> None:
        self._client = client
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._waiting: list[Newest] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)

    def start(self) -> None:
        """Start sending."""
        self._thread.start()

    def gather(self, live: Newest) -> None:
        """Remember what a commit changed until it is sent."""
        with self._lock:
            self._waiting.append(live)

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
            waiting, self._waiting = self._waiting, []
        # Of each aircraft, what the last commit said.
        last = {name: number for number, one in enumerate(waiting) for name in one.aircraft()}
        states = [
            state
            for number, one in enumerate(waiting)
            for state in one.only(
                [at for at, name in enumerate(one.aircraft()) if last[name] == number]
            ).states()
        ]
        for start in range(0, len(states), _STATES_PER_MESSAGE):
            part = states[start : start + _STATES_PER_MESSAGE]
            self._client.publish(wire.LIVE_TOPIC, wire.encode_message(part), qos=0)
