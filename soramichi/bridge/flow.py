"""When to send which samples of one flight again: pure, the clock is passed in.

Everything below `cursor` has been sent at least once by this process. What of
it needs sending again comes to light in two ways only, both from receipts: a
gap below `settled_through`, and samples that an earlier receipt covered and
later ones do not. What lies above `settled_through` may still be under way, for
minutes when the platform works off what waited at the broker, so that alone is
no reason. Silence and a new connection are answered by one question, the lowest
and the highest sent sample once more: a live platform must answer it with a
receipt, and the highest, sent after everything else, turns what was lost below
it into a gap.
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
    ask_at_s: float = float("inf")
    patience_s: float = PATIENCE_S
    repaired_at_s: float = float("-inf")
    repaired_below: int = 0
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
        """Whatever was under way may be lost: ask."""
        self.patience_s = PATIENCE_S
        fresh = self.cursor == 0 < self.top  # nothing of it was ever sent: no need to ask
        self.ask_at_s = float("inf") if fresh else now_s
        self.repaired_at_s = float("-inf")

    def asked(self, now_s: float) -> None:
        """A question went out, because a receipt was overdue; the next one comes later."""
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
        """Samples up to `last` that had been receipted wait again, to be sent at once."""
        self.top = max(self.top, last + 1)
        self.again = deque([(0, self.cursor - 1)] if self.cursor else [])

    def receipted(self, receipt: Receipt, in_flight: int, now_s: float) -> None:
        """A receipt was booked and leaves `in_flight` samples below the cursor waiting.

        A gap stays in the receipts until its repair has arrived: for the patience, or,
        when what was sent before the repair is not settled either, for longer.
        """
        self.in_flight = in_flight
        self.patience_s = PATIENCE_S
        self.ask_at_s = now_s + (PATIENCE_S if in_flight else IDLE_QUESTION_S)
        through = -1 if receipt.settled_through is None else receipt.settled_through
        under_way_s = PATIENCE_S if through >= self.repaired_below - 1 else MAX_PATIENCE_S
        if self.again or not in_flight or now_s < self.repaired_at_s + under_way_s:
            return
        self.again = deque(receipt.owed(min(through, self.cursor - 1)))
        if self.again:
            self.repaired_at_s, self.repaired_below = now_s, self.cursor
