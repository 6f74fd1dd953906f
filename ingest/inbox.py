"""What was received and is not yet settled: bounded in messages and bytes, so memory stays flat.

The network thread puts what one read brought, the sorting thread takes it in portions.
When it is full nothing more is read; the broker keeps the rest on its disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

# About what one sample takes on the wire (150 to 300 bytes), to weigh messages undecoded.
_SAMPLE_BYTES = 200


class Received(NamedTuple):
    """One message as it came; `connection` counts the connections of this process."""

    topic: str
    payload: bytes
    packet_id: int
    connection: int
    received_at: datetime


class _Portion(NamedTuple):
    messages: list[Received]
    size_bytes: int


class Inbox:
    """Portions in the order they came; `on_room` is called when a full inbox has room again."""

    def __init__(
        self, *, max_messages: int, max_bytes: int, on_room: Callable[[], None] = lambda: None
    ) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._on_room = on_room
        self._portions: deque[_Portion] = deque()
        self._arrived = threading.Condition()
        self._messages = 0
        self._bytes = 0

    def __len__(self) -> int:
        return self._messages

    def full(self) -> bool:
        """Whether to stop reading; what was read already may still be put."""
        return self._messages >= self._max_messages or self._bytes >= self._max_bytes

    def holds_less_than(self, samples: int) -> bool:
        """Whether what is here is surely less than about so many."""
        return self._bytes < samples * _SAMPLE_BYTES

    def put(self, messages: list[Received]) -> None:
        """Add what one read brought; never waits."""
        if not messages:
            return
        size_bytes = sum([len(message.payload) for message in messages])
        with self._arrived:
            self._portions.append(_Portion(messages, size_bytes))
            self._messages += len(messages)
            self._bytes += size_bytes
            self._arrived.notify()

    def wait(self, timeout_s: float) -> None:
        """Return when something is here, or after so long."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._portions, timeout_s)

    def take(self, *, max_samples: int) -> list[Received]:
        """About `max_samples` of what is here, whole reads of the socket; [] when nothing is."""
        with self._arrived:
            was_full = self.full()
            taken = self._pop(max_samples * _SAMPLE_BYTES)
            has_room = was_full and not self.full()
        if has_room:
            self._on_room()
        return taken

    def _pop(self, enough_bytes: int) -> list[Received]:
        batch: list[Received] = []
        taken_bytes = 0
        while self._portions and (
            not batch or taken_bytes + self._portions[0].size_bytes <= enough_bytes
        ):
            portion = self._portions.popleft()
            batch += portion.messages
            taken_bytes += portion.size_bytes
        self._messages -= len(batch)
        self._bytes -= taken_bytes
        return batch
