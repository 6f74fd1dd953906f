"""A message of our own that must come back: a connection that only looks alive is given up.

After some broker restarts a client is connected, and even subscribed, but hears nothing any
more. So each worker publishes to a topic of its own and reads it through the same session.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Heartbeat:
    """When to send, and when to stop waiting; all times are of one monotonic clock, in seconds.

    A beat is awaited for `timeout_s`, counted from the last moment at which the
    broker showed itself by any message, or had a reason not to send us one.
    """

    interval_s: float
    timeout_s: float
    heard_at: float | None = None
    _beat: int = 0
    _awaited: bool = False
    _quiet_since: float = 0.0
    _next_at: float = 0.0

    def start(self, now: float) -> None:
        """A connection was opened: until it is subscribed and a beat came back it is on trial."""
        self._awaited, self._quiet_since, self._next_at = True, now, now

    def due(self, now: float) -> bool:
        """Whether to send a beat now."""
        return now >= self._next_at

    def beat(self, now: float) -> bytes:
        """The payload to send now. One that has not come back is replaced, and still awaited."""
        if not self._awaited:
            self._awaited, self._quiet_since = True, now
        self._beat += 1
        self._next_at = now + self.interval_s
        return str(self._beat).encode()

    def hear(self, payload: bytes, now: float) -> None:
        """A beat came back; one from an earlier connection proves nothing and is passed over."""
        if payload == str(self._beat).encode():
            self._awaited = False
            self.heard_at = now

    def excuse(self, now: float) -> None:
        """The broker showed itself otherwise, or we hold so much that it need not send more."""
        self._quiet_since = now

    def overdue(self, now: float) -> bool:
        """Whether the connection is to be given up."""
        return self._awaited and now - self._quiet_since > self.timeout_s

    def age_s(self, now: float) -> float:
        """Seconds since a beat last came back; infinite before the first."""
        return float("inf") if self.heard_at is None else now - self.heard_at
