"""When to send which samples of one flight again: pure, the clock is passed in.

Everything below `cursor` has been sent at least once by this process. What of
it needs sending again comes to light in three ways only, all from receipts: a
gap that the receipt names and that we hold; samples above `settled_through`
that were sent before something suspicious happened (a lost connection, or
silence for longer than the patience); and samples that an earlier receipt
covered and later ones do not. Silence itself is answered by one question, the
lowest and the highest sent sample once more, which a live platform must answer
with a receipt.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from soramichi.bridge.receipt import Interval, Receipt

WINDOW = 10_000  # samples of one flight sent and not receipted; then the spool holds the rest
PATIENCE_S = 3.0  # receipts come once a second
MAX_PATIENCE_S = 60.0
IDLE_QUESTION_S = 300.0  # how often a flight with nothing waiting is asked after


@dataclass(slots=True)
class Flow:
    """What one flight has sent, owes and expects; times are of a monotonic clock, in seconds.

    Samples from `top` on have not been heard of.
    """

    cursor: int = 0
    top: int = 0
    in_flight: int = 0
    again: deque[Interval] = field(default_factory=deque)
    suspect_below: int = 0
    ask_at_s: float = float("inf")
    patience_s: float = PATIENCE_S
    repaired_at_s: float = float("-inf")
    doubted: bool = False

    def added(self, seq: int) -> None:
        """A sample was spooled; a late one, below the cursor, must be fetched for itself."""
        self.top = max(self.top, seq + 1)
        if seq < self.cursor:
            self.again.append((seq, seq))
            self.in_flight += 1

    def next_interval(self) -> Interval | None:
        """Where to look for samples to send now, repairs first; None: nowhere."""
        if self.again:
            return self.again.popleft()
        if self.in_flight < WINDOW and self.cursor < self.top:
            return self.cursor, self.top - 1
        return None

    def nothing_in(self, interval: Interval) -> None:
        """The spool holds none of `interval`."""
        if interval[0] == self.cursor:
            self.cursor = interval[1] + 1

    def sent(self, interval: Interval, last: int, samples: int, now_s: float) -> None:
        """`samples` of `interval` went out, the highest being `last`."""
        self.ask_at_s = min(self.ask_at_s, now_s + self.patience_s)
        if last >= self.cursor:
            self.cursor = last + 1
            self.in_flight += samples
        elif last < interval[1]:
            self.again.appendleft((last + 1, interval[1]))

    def reconnected(self, now_s: float) -> None:
        """Whatever was under way may be lost: ask, and distrust all of it."""
        self.patience_s = PATIENCE_S
        fresh = self.cursor == 0 < self.top  # nothing of it was ever sent: no need to ask
        self.ask_at_s = float("inf") if fresh else now_s
        self.suspect_below = self.cursor
        self.repaired_at_s = float("-inf")

    def asked(self, now_s: float) -> None:
        """A question went out, because a receipt was overdue; the next one comes later."""
        self.suspect_below = self.cursor
        if self.in_flight == 0:
            self.ask_at_s = now_s + IDLE_QUESTION_S
            return
        self.ask_at_s = now_s + self.patience_s
        self.patience_s = min(2 * self.patience_s, MAX_PATIENCE_S)

    def doubt(self, now_s: float) -> None:
        """A receipt takes back what an earlier one covered: ask before believing it."""
        self.doubted = True
        self.ask_at_s = now_s

    def revived(self, last: int) -> None:
        """Samples up to `last` that had been receipted wait again."""
        self.top = max(self.top, last + 1)
        self.suspect_below = self.cursor

    def receipted(self, receipt: Receipt, in_flight: int, now_s: float) -> None:
        """A receipt was booked and leaves `in_flight` samples below the cursor waiting.

        Gaps are repaired at most once per patience, because a receipt tells of
        a moment before the last repair arrived.
        """
        self.in_flight = in_flight
        self.patience_s = PATIENCE_S
        self.ask_at_s = now_s + (PATIENCE_S if in_flight else IDLE_QUESTION_S)
        if self.again or not in_flight or now_s < self.repaired_at_s + PATIENCE_S:
            return
        through = -1 if receipt.settled_through is None else receipt.settled_through
        owed_below = max(min(through + 1, self.cursor), self.suspect_below)
        self.again = deque(receipt.owed(owed_below - 1))
        self.suspect_below = 0
        if self.again:
            self.repaired_at_s = now_s
