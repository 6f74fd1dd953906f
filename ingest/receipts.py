"""Owe each publisher a receipt for what was committed, and pay each at most once a second.

What a receipt says is read from the database when it is sent, so it can be late
but never wrong, whichever worker or retry did the work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from paho.mqtt.client import Client

from soramichi.domain import wire
from soramichi.store import flights
from soramichi.store.pool import Connection

# What is read and sent in 2 to 3 ms.
_AT_ONCE = 20


@dataclass(slots=True)
class Receipts:
    """The receipts owed by one worker; all times are of one monotonic clock, in seconds."""

    client: Client
    interval_s: float
    _owed: set[flights.Key] = field(default_factory=set)
    # Of those owed when a second began, the ones that wait for their turn.
    _turn: list[flights.Key] = field(default_factory=list)
    _next_at: float = 0.0

    def owe(self, keys: Iterable[flights.Key]) -> None:
        """Remember the flights that a commit changed, or found unchanged."""
        self._owed.update(keys)

    def due(self, now: float) -> bool:
        """Whether `pay` would send something: owed, long enough after the last, and heard."""
        begins = bool(self._owed) and now >= self._next_at
        return (begins or bool(self._turn)) and self.client.is_connected()

    def pay(self, connection: Connection, now: float) -> None:
        """Send some of what is owed. psycopg.Error leaves it owed.

        All at once would make the batch wait that comes next.
        """
        if not self._turn:
            self._turn, self._owed = list(self._owed), set()
            self._next_at = now + self.interval_s
        for key, receipt in flights.receipts(connection, self._turn[-_AT_ONCE:]):
            topic = wire.receipt_topic(key.operator_id, key.aircraft_id)
            self.client.publish(topic, wire.encode_message(receipt), qos=1)
        del self._turn[-_AT_ONCE:]
