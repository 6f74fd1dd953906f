"""How long each fault held samples up, seen from the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import psycopg

from soramichi.errors import Unavailable
from soramichi.store.pool import Connection
from tests.faults.ledger import Ledger
from tests.faults.plan import HOLDING_UP, Fault, Kind
from tests.faults.world import World

POLL_S = 0.1


@dataclass(slots=True)
class Struck:
    """One fault as it went; all times are monotonic seconds.

    It has recovered when of every affected aircraft a sample is committed that
    was accepted after `since_s`: the fault's end, or the end of the last other
    fault that lasted and overlapped with it, since that one's delay is not this one's.
    """

    fault: Fault
    scope: set[str]
    began_s: float = 0.0
    ended_s: float | None = None
    since_s: float = 0.0
    recovered_s: float | None = None
    failure: str | None = None

    @property
    def recovery_s(self) -> float | None:
        """Seconds from `since_s` to the recovery; None when there was none."""
        return None if self.recovered_s is None else self.recovered_s - self.since_s

    def document(self) -> dict[str, Any]:
        """For JSON: what was planned, whom it concerned, and how long the recovery took."""
        return {
            "at_s": self.fault.at_s,
            "fault": str(self.fault.kind),
            "duration_s": self.fault.duration_s,
            "operators": sorted(self.scope),
            "recovery_s": None if self.recovery_s is None else round(self.recovery_s, 2),
        }


@dataclass(slots=True)
class Watcher:
    """Polls the highest number stored of each aircraft, and tells who has recovered.

    A context manager: it watches as long as that lasts.
    """

    world: World
    ledger: Ledger
    struck: list[Struck] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _connection: Connection | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        if self._connection is not None:
            self._connection.close()

    def waiting(self) -> list[Struck]:
        """The faults from which the system has not recovered."""
        return [one for one in list(self.struck) if one.recovered_s is None and not one.failure]

    def _run(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                stored = self._highest_stored()
            except (psycopg.Error, Unavailable):
                self._connection = None
                continue
            now_s = time.monotonic()
            for one in self.waiting():
                if one.fault.kind is Kind.REPLICA_KILL:
                    self._judge_reading(one)
                    continue
                judge_recovery(one, list(self.struck), self.ledger, stored, now_s)

    def _judge_reading(self, one: Struck) -> None:
        """Nothing waits for a replica but who reads: it is back when the API answers again."""
        readers = self.world.readers
        if one.ended_s is None or readers is None or not readers.replica_answers():
            return
        answered_s = readers.asker.answered_s
        if answered_s and answered_s[-1] > one.ended_s:
            one.since_s, one.recovered_s = one.ended_s, time.monotonic()

    def _highest_stored(self) -> dict[str, int]:
        if self._connection is None:
            self._connection = self.world.connect()
        rows = self._connection.execute(
            "SELECT aircraft_id, upper(seq_stored) - 1 FROM flights WHERE NOT isempty(seq_stored)"
        )
        return dict(rows.fetchall())


def judge_recovery(
    one: Struck, everyone: Sequence[Struck], ledger: Ledger, stored: Mapping[str, int], now_s: float
) -> None:
    """Set `recovered_s` if it has recovered, by the highest number stored of each aircraft."""
    if one.ended_s is None:
        return
    one.since_s = max(one.since_s, one.ended_s)
    scope = set(one.scope)
    for other in everyone:
        if other is one or other.fault.kind not in HOLDING_UP or not other.began_s:
            continue
        if other.ended_s is not None and other.ended_s <= one.since_s:
            continue
        if other.scope < one.scope:
            scope -= other.scope  # their own link is broken: the others show it
        elif other.ended_s is None:
            return
        else:
            one.since_s = other.ended_s
    for entry in ledger.of(scope):
        highest = stored.get(entry.aircraft_id, -1)
        accepted = entry.accepted_at_s
        if not 0 <= highest < len(accepted) or accepted[highest] < one.since_s:
            return
    one.recovered_s = now_s
