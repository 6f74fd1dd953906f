"""The loop of ingest: gather, settle, acknowledge, announce; and an orderly end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg

from ingest import rejecting
from ingest.ahead import Ahead
from ingest.announcer import Announcer
from ingest.inbox import Received
from ingest.jumps import Jumps
from ingest.metrics import Metrics
from ingest.receipts import Receipts
from ingest.screening import Limits
from ingest.settling import Settled
from ingest.sorting import Sorted
from ingest.subscriber import Subscriber
from ingest.writer import Writer
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings, DatabaseSettings, IngestSettings
from soramichi.store import pool, telemetry

log = logging.getLogger(__name__)

# How often the loop looks at its clocks when nothing arrives.
_TICK_S = 0.2
_LONGEST_PAUSE_S = 5.0
# How often marked minutes are rolled up; reading the rollups is right at any time.
_ROLLUP_INTERVAL_S = 10.0
# How long an orderly end may take to settle what was already received.
_DRAIN_S = 10.0


class Service:
    """One ingest worker."""

    def __init__(
        self, broker: BrokerSettings, database: DatabaseSettings, settings: IngestSettings
    ) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._next_rollup = 0.0
        self.metrics = Metrics()
        self._subscriber = Subscriber(broker, settings)
        self._announcer = Announcer(
            self._subscriber.client,
            interval_s=settings.live_interval_ms / 1_000,
        )
        self._receipts = Receipts(
            self._subscriber.client, interval_s=settings.receipt_interval_ms / 1_000
        )
        limits = Limits.of(settings)
        self._writer = Writer(
            connect=lambda: pool.connect(database, application=settings.client_id),
            worker=settings.client_id,
            limits=limits,
            flight_gap=timedelta(seconds=settings.flight_gap_s),
            jumps=Jumps.of(settings),
        )
        self._ahead = Ahead(
            self._subscriber.inbox,
            limits,
            max_samples=settings.batch_max_samples,
            # Half of what a broker sends unacknowledged, so that a batch comes in meanwhile.
            max_messages=max(settings.inbox_max_messages // 2, 1),
            prepare=self._writer.prepare,
        )
        self._watch()

    def _watch(self) -> None:
        subscriber = self._subscriber
        for name, text, read in (
            ("queue_messages", "Messages waiting in this process", self._ahead.__len__),
            ("broker_in_flight", "Messages not yet acknowledged", subscriber.in_flight),
            ("broker_connected", "1 while subscribed", subscriber.connected.is_set),
            (
                "heartbeat_age_seconds",
                "Since our own message came back",
                subscriber.heartbeat_age_s,
            ),
        ):
            self.metrics.watch(name, text, read)

    def stop(self) -> None:
        """Ask for an orderly end; safe in a signal handler."""
        self._deadline = time.monotonic() + _DRAIN_S
        self._subscriber.stop_reading()
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop`; then settle what was received, acknowledge it and return."""
        self._subscriber.start()
        self._announcer.start()
        self._ahead.start()
        try:
            self._connect()
            while not self._stopping.is_set() or self._ahead:
                if time.monotonic() >= self._deadline:
                    log.warning("ended with messages unsettled; the broker will send them again")
                    break
                gathered = self._ahead.take(
                    max_age_s=self._settings.batch_max_age_ms / 1_000, wait_s=_TICK_S
                )
                if gathered:
                    self._settle(gathered.messages, gathered.batch)
                self._pay_receipts()
                self._refresh_rollups()
            self._pay_receipts(even_early=True)
        finally:
            self._ahead.stop()
            self._announcer.stop()
            self._subscriber.close()
            self._writer.close()

    def _connect(self) -> None:
        """Reach the database now, so that the first batch need not; or say that it is away."""
        try:
            self._writer.connection()
        except Unavailable as error:
            log.warning("samples wait at the broker: %s", error)

    def _settle(self, messages: list[Received], batch: Sorted | None = None) -> None:
        """Commit the batch; a message that the database will never take is isolated.

        `batch` is what is in the messages; a commit that fails has changed it, so it serves once.
        """
        ready = [batch]

        def commit() -> Settled:
            return self._writer.settle(messages, ready.pop() if ready else None)

        try:
            settled = self._tried(commit, telemetry.is_temporary)
        except psycopg.Error as error:
            self._isolate(messages, error)
        else:
            self._finish(messages, settled)

    def _isolate(self, messages: list[Received], error: psycopg.Error) -> None:
        """Halve the batch until the message that the database refuses stands alone, and keep it."""
        if len(messages) > 1:
            half = len(messages) // 2
            self._settle(messages[:half])
            self._settle(messages[half:])
            return
        log.error("the database refuses a message on %s: %s", messages[0].topic, error)
        why = rejecting.storable(str(error))
        # Whatever is in the way of the quarantine, there is no other place to put the message.
        self._finish(
            messages, self._tried(lambda: self._writer.refuse(messages, why), lambda _: True)
        )

    def _tried(
        self, commit: Callable[[], Settled], worth_trying: Callable[[psycopg.Error], bool]
    ) -> Settled | None:
        """What a commit settled, tried as often as it takes; None when asked to end meanwhile.

        Nothing is lost by leaving then: the broker sends it all again. Raises the
        psycopg.Error that is not worth trying again.
        """
        pause_s = 0.1
        while True:
            started = time.monotonic()
            try:
                settled = commit()
            except (psycopg.Error, Unavailable) as error:
                self.metrics.failed_commits.inc()
                if isinstance(error, psycopg.Error) and not worth_trying(error):
                    raise
                if self._stopping.is_set():
                    self._deadline = time.monotonic()
                    return None
                log.warning("database: %s; trying again in %.1f s", error, pause_s)
                self._stopping.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                self.metrics.commit_seconds.observe(time.monotonic() - started)
                return settled

    def _finish(self, messages: list[Received], settled: Settled | None) -> None:
        if settled is None:
            return
        self._subscriber.acknowledge(messages)
        if settled.live is not None:
            self._announcer.gather(settled.live)
        self._receipts.owe(settled.flights)
        self.metrics.batch_messages.observe(len(messages))
        self.metrics.count(settled.accounts, settled.quarantined)

    def _pay_receipts(self, *, even_early: bool = False) -> None:
        now = time.monotonic()
        while self._receipts.due(float("inf") if even_early else now):
            try:
                self._receipts.pay(self._writer.connection(), now)
            except (psycopg.Error, Unavailable) as error:
                log.warning("receipts wait for the database: %s", error)
                self._writer.close()
                return
            if self._ahead and not even_early:
                return  # the rest after the batch that waits

    def _refresh_rollups(self) -> None:
        now = time.monotonic()
        if now < self._next_rollup:
            return
        self._next_rollup = now + _ROLLUP_INTERVAL_S
        try:
            telemetry.refresh_rollups(self._writer.connection())
        except (psycopg.Error, Unavailable) as error:
            log.warning("rollups wait for the database: %s", error)
            self._writer.close()
