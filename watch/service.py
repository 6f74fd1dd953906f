"""The loop of the watch: read what was committed, tell what happened, announce what was told.

It reads committed samples in order of observation, apart from ingest, which
never waits for it. What it knows of an aircraft is written in the transaction
that stores the events: killed at any moment, it takes up where that left off.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from soramichi.domain import conformance
from soramichi.domain.conformance import Watch
from soramichi.domain.events import Event
from soramichi.domain.tracking import Fix
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings, DatabaseSettings, WatchSettings
from soramichi.store import events, pool, watches
from soramichi.store.pool import Connection
from soramichi.store.watches import Progress, Watched
from watch.line import Line
from watch.surroundings import Known, limits_of, terrain_of

log = logging.getLogger(__name__)

_REFRESH_S = 5.0
_LONGEST_PAUSE_S = 5.0
# A round's share: short transactions, and bounded memory however much has to be made up for.
_MOST_AIRCRAFT = 200
_MOST_FIXES = 2_000
_MOST_ANNOUNCED = 200


class Service:
    """One watcher; any number may run beside each other."""

    def __init__(
        self, broker: BrokerSettings, database: DatabaseSettings, settings: WatchSettings
    ) -> None:
        self._settings = settings
        self._database = database
        self._lateness = timedelta(seconds=settings.lateness_s)
        self._known = Known(limits_of(settings), terrain_of(settings.terrain_folder))
        self._line = Line(broker)
        self._stopping = threading.Event()
        self._connection: Connection | None = None
        self._next_refresh = 0.0
        self.registry = CollectorRegistry()
        self._told = Counter(
            "soramichi_watch_events", "Flight events told", ["kind"], registry=self.registry
        )
        self._failures = Counter(
            "soramichi_watch_failures",
            "Stretches of samples that could not be judged; see the log",
            registry=self.registry,
        )
        self._round_seconds = Histogram(
            "soramichi_watch_round_seconds",
            "Time to judge what was new",
            buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
            registry=self.registry,
        )
        self._behind = Gauge(
            "soramichi_watch_behind_seconds",
            "Age of the newest sample judged, when it was judged",
            registry=self.registry,
        )

    def stop(self) -> None:
        """Ask for an orderly end; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop`; a database that is away is waited for."""
        self._line.start()
        pause_s = 0.1
        try:
            while not self._stopping.is_set():
                try:
                    busy = self.turn()
                except (psycopg.Error, Unavailable) as error:
                    log.warning("database: %s; trying again in %.1f s", error, pause_s)
                    self._drop()
                    self._stopping.wait(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                    continue
                pause_s = 0.1
                if not busy:
                    self._stopping.wait(self._settings.interval_ms / 1_000)
        finally:
            self._drop()
            self._line.close()

    def turn(self) -> bool:
        """One round; whether there was more to do than fits into one."""
        connection = self._open()
        if time.monotonic() >= self._next_refresh:
            self._known.refresh(connection)
            self._next_refresh = time.monotonic() + _REFRESH_S
        while self._line.heard:
            watches.hear(connection, self._line.heard[0])
            self._line.heard.popleft()
        busy = self._judge(connection)
        self._announce(connection)
        return busy

    def _open(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = pool.connect(self._database, application="soramichi-watch")
            self._connection.autocommit = True
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _judge(self, connection: Connection) -> bool:
        started, now = time.monotonic(), datetime.now(UTC)
        told: list[tuple[str, Event]] = []
        progress: list[Progress] = []
        with connection.transaction():
            watched = watches.lock(connection, now=now, most=_MOST_AIRCRAFT)
            if not watched:
                return False
            fixes = watches.fixes(connection, watched, lateness=self._lateness, most=_MOST_FIXES)
            for one in watched:
                found, reached = self._of(one, fixes.get(one.aircraft_id, []), now)
                told += [(one.aircraft_id, event) for event in found]
                progress.append(reached)
            watches.tell(connection, told)
            watches.advance(connection, progress)
        for _, event in told:
            self._told.labels(event.kind).inc()
        if fixes:
            last = max(own[-1].received_at for own in fixes.values())
            self._behind.set((now - last).total_seconds())
        self._round_seconds.observe(time.monotonic() - started)
        return any(len(own) >= _MOST_FIXES for own in fixes.values())

    def _of(self, one: Watched, fixes: list[Fix], now: datetime) -> tuple[list[Event], Progress]:
        """What happened to one aircraft, by its new observations and by the clock."""
        watch, known = one.watch, self._known
        corridors = known.corridors.get(one.aircraft_id, ())
        try:
            found = conformance.observe(watch, fixes, known.around, corridors)
        except Exception:
            # A fault of ours over one aircraft must not end the watch over all others.
            log.exception("judging %s failed; the watch over it begins anew", one.aircraft_id)
            self._failures.inc()
            watch, found = Watch(last=fixes[-1]), []
        if len(fixes) < _MOST_FIXES:
            # What was received a moment ago may not be stored yet.
            then = now - self._lateness
            found += conformance.listen(watch, known.limits, then, offline_since=one.offline_since)
        due = conformance.due_at(watch, known.limits, offline_since=one.offline_since)
        return found, Progress(
            one.aircraft_id,
            fixes[-1].sample.time if fixes else one.observed_through,
            watch,
            None if due is None else due + self._lateness,
        )

    def _announce(self, connection: Connection) -> None:
        """Publish what is stored and not announced yet; killed in between, it is sent again."""
        if not self._line.connected():
            return
        with connection.transaction():
            waiting = events.unpublished(connection, most=_MOST_ANNOUNCED)
            if waiting:
                events.published(connection, self._line.announce(waiting))
