"""Sort the next batch while the last one is committed.

A commit is mostly waiting for the database, and sorting is mostly our own CPU: done in turn, each
leaves half of the machine idle. So a thread sorts what comes in, at most one batch ahead, and the
writer takes what is there whenever it is free: batches grow by themselves when it is slow.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from ingest.inbox import Inbox, Received
from ingest.screening import Limits
from ingest.sorting import Sorted, Sorter

# Sorted in one go, while nobody can take the batch: 1 to 2 ms.
_AT_ONCE_SAMPLES = 500
# How long fewer are waited for: sorting ten costs nearly what sorting a hundred does.
_GATHERED_S = 0.004
# How often the thread looks whether it is to end.
_TICK_S = 0.2


class Gathered(NamedTuple):
    """Messages, none before any that came earlier, and what is in them."""

    messages: list[Received]
    batch: Sorted


class Ahead:
    """Between the inbox and the writer: about one batch is taken out of the one, no more.

    A batch is full with about so many samples, or so many messages.

    `prepare` is called with a full batch, for what else can be done beforehand.
    """

    def __init__(
        self,
        inbox: Inbox,
        limits: Limits,
        *,
        max_samples: int,
        max_messages: int,
        prepare: Callable[[Sorted], None] = lambda _: None,
    ) -> None:
        self._inbox = inbox
        self._limits = limits
        self._prepare = prepare
        self._max_samples = max_samples
        self._max_messages = max_messages
        self._changed = threading.Condition()
        self._messages: list[Received] = []
        self._sorter = Sorter(limits)
        self._finished: Sorted | None = None  # a full batch, as soon as the thread had the time
        self._began_at = 0.0
        self._ending = False
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sorting", daemon=True)

    def start(self) -> None:
        """Start sorting."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is sorted and not taken is forgotten, and the broker sends it again."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(5)

    def __len__(self) -> int:
        """How many messages wait here and in the inbox."""
        with self._changed:
            return len(self._messages) + len(self._inbox)

    def take(self, *, max_age_s: float, wait_s: float) -> Gathered | None:
        """A full batch, or what there is once its first message was sorted so long ago.

        None when nothing came within `wait_s`. Raises what the sorting raised: a worker that no
        longer sorts must end, not look alive.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._messages or self._fault, wait_s)
            if self._fault:
                raise self._fault
            if not self._messages:
                return None
            left_s = self._began_at + max_age_s - time.monotonic()
            self._changed.wait_for(self._full, left_s)
            if not self._full():
                self._add(self._began_at)  # what came since the thread looked
            messages, self._messages = self._messages, []
            batch, self._finished = self._finished, None
            sorter, self._sorter = self._sorter, Sorter(self._limits)
            self._changed.notify_all()
        return Gathered(messages, batch or sorter.finish())

    def _full(self) -> bool:
        return (
            self._sorter.samples >= self._max_samples or len(self._messages) >= self._max_messages
        )

    def _run(self) -> None:
        try:
            self._sort()
        except Exception as error:  # noqa: BLE001  # handed to whoever takes next
            with self._changed:
                self._fault = error
                self._changed.notify_all()

    def _sort(self) -> None:
        while True:
            self._inbox.wait(_TICK_S)
            arrived_at = time.monotonic()
            if self._inbox.holds_less_than(_AT_ONCE_SAMPLES):
                time.sleep(_GATHERED_S)
            with self._changed:
                self._changed.wait_for(lambda: self._ending or not self._full())
                if self._ending:
                    return
                self._add(arrived_at)
                if self._full():
                    self._finished = self._sorter.finish()
                    self._prepare(self._finished)
                self._changed.notify_all()

    def _add(self, arrived_at: float) -> None:
        """Sort some of what is in the inbox, the first of which came then."""
        # Taken with the lock held, so that each message is always in one of the two places.
        if taken := self._inbox.take(max_samples=_AT_ONCE_SAMPLES):
            self._began_at = self._began_at if self._messages else arrived_at
            self._messages += taken
            self._sorter.add(taken)
