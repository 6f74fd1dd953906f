"""Simulated time against the wall clock, so that nothing is ever sent before it was observed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

# How far ahead of its moment a sample may be sent together with others; also the
# shortest nap. At 10x this makes arrays of a few samples instead of tiny messages.
GATHER_S = 0.05


class Timed(Protocol):
    """Anything that is due at a moment of simulated time."""

    @property
    def at(self) -> datetime:
        """When it is due."""


T = TypeVar("T", bound=Timed)


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def epoch_for(speed: float, duration_s: float | None, *, at: datetime) -> datetime:
    """When simulated time must start so that at `speed` it does not overtake the clock.

    Real time starts now; faster time starts in the past, by as much as it
    gains over the duration (an hour when there is none).
    """
    return at - timedelta(seconds=max(0.0, speed - 1.0) * (duration_s or 3600.0))


class Pacer:
    """Maps simulated time to wall time; falls back to real time once it has caught up."""

    def __init__(
        self,
        *,
        epoch: datetime,
        speed: float,
        stop: threading.Event,
        caught_up: Callable[[], None] | None = None,
    ) -> None:
        self._epoch = epoch
        self._speed = speed
        self._caught_up = caught_up
        self._started = time.monotonic()
        self._wall = now()
        self._stop = stop

    def wait_s(self, at: datetime) -> float:
        """Seconds of wall time until what is due `at` may go; negative when it is late."""
        elapsed_s = time.monotonic() - self._started
        sim_s = (at - self._epoch).total_seconds()
        if self._speed <= 1.0:
            return sim_s / self._speed - elapsed_s
        wait_s = sim_s / self._speed - elapsed_s
        # The clock by the monotonic one, so that a step of the former changes nothing.
        until_now_s = (at - self._wall).total_seconds() - elapsed_s
        if until_now_s > wait_s:
            if self._caught_up is not None:
                self._caught_up()
                self._caught_up = None
            return until_now_s
        return wait_s

    def pace(self, stream: Iterator[T], *, until_s: float | None = None) -> Iterator[list[T]]:
        """Lists of what is due, as it falls due, until the stream, `until_s` or `stop` ends it.

        A list holds what falls due within `GATHER_S`, at least one item.
        """
        batch: list[T] = []
        for item in stream:
            wait_s = self.wait_s(item.at)
            if wait_s > 0.0:
                if batch:
                    yield batch
                    batch = []
                if until_s is not None and self.elapsed_s() + wait_s > until_s:
                    return
                if self._stop.wait(max(wait_s, GATHER_S if self._speed > 1.0 else 0.0)):
                    return
            elif self._stop.is_set() or (until_s is not None and self.elapsed_s() > until_s):
                break
            batch.append(item)
            if len(batch) >= 500:
                yield batch
                batch = []
        if batch:
            yield batch

    def elapsed_s(self) -> float:
        """Wall seconds since the pacer was made."""
        return time.monotonic() - self._started
