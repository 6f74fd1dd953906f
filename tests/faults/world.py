"""The system under test: real servers and workers behind lines that can be broken, supervised.

publishers ─proxy─> broker <─proxy─ ingest workers ─proxy─> PostgreSQL on a small disk

With a cluster for a broker everything is there more than once: its three nodes behind each proxy,
and a replica of PostgreSQL, from which an API process reads.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from soramichi.domain import wire
from soramichi.embedded.folder import DataFolder, free_port
from soramichi.embedded.nats import PLATFORM
from soramichi.embedded.postgres import Postgres
from soramichi.embedded.processes import Child, Command, wait_until
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings, IngestSettings, environment
from soramichi.store import migrate, pool
from soramichi.store.pool import Connection
from tests.faults import brokers
from tests.faults.brokers import BrokerUnderTest
from tests.faults.readers import Readers
from tests.faults.small_disk import SmallDisk, small_disk
from tests.proxy import Proxy
from tests.servers import publish_operator

ROOT = Path(__file__).parents[2]
WORKER = (sys.executable, "-m", "ingest")
WORKER_NAME = "faults-ingest-{}"
SUPERVISE_EVERY_S = 0.05
RESTART_AFTER_S = 0.25


class Supervised:
    """A process that is started again a moment after it ended, as a supervisor does it.

    Without the growing pause that `Child.restart_if_due` takes against crash
    loops: here every end is a fault that we caused, and most come in quick succession.
    """

    def __init__(self, child: Child) -> None:
        self.child = child
        self._ended_at_s: float | None = None

    def kill(self) -> bool:
        """SIGKILL; false when it is not running now."""
        if self.child.exit_code is not None:
            return False
        os.kill(self.child.pid, signal.SIGKILL)
        return True

    def tick(self) -> None:
        """Start it again if its pause is over."""
        if self.child.exit_code is None:
            return
        now_s = time.monotonic()
        if self._ended_at_s is None:
            self._ended_at_s = now_s
        elif now_s - self._ended_at_s >= RESTART_AFTER_S:
            self._ended_at_s = None
            self.child = Child(self.child.command)


class World:
    """Everything running, once `running` has made it; its parts are what faults strike at."""

    def __init__(
        self,
        *,
        disk: SmallDisk,
        postgres: Postgres,
        broker: BrokerUnderTest,
        operators: Sequence[str],
        readers: Readers | None,
    ) -> None:
        assert postgres.child is not None
        self.disk = disk
        self.database = Supervised(postgres.child)
        self.broker = broker
        self.nodes = [Supervised(child) for child in broker.nodes]
        self.readers = readers
        self.replica: Supervised | None = None
        self.api: Supervised | None = None
        self.workers: list[Supervised] = []
        self.database_link = Proxy(postgres.port)
        self.ingest_link = Proxy(*broker.ports)
        self.publisher_links = {one: Proxy(*broker.ports) for one in operators}
        self._postgres = postgres
        self._stopping = threading.Event()
        self._supervising = threading.Lock()
        self._over = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)

    def connect(self) -> Connection:
        """A session for looking, past the proxies. Raises `Unavailable`."""
        settings = self._postgres.settings.model_copy(update={"connect_timeout_s": 2})
        connection = pool.connect(settings, application="faults-observer")
        connection.autocommit = True
        return connection

    def user(self, name: str, port: int | None = None) -> BrokerSettings:
        """How a user reaches the broker, directly or through a proxy's port."""
        return self.broker.user(name).model_copy(update={"port": port or self.broker.ports[0]})

    def whole(self) -> bool:
        """Whether everything runs, and every node of the broker has caught up."""
        running = all(one.child.exit_code is None for one in (*self._servers(), *self.workers))
        reading = self.readers is None or self.readers.replica_answers()
        return running and reading and self.broker.healthy()

    def start_readers(self) -> None:
        """Start the replica and the API, where the layout has them."""
        if self.readers is not None:
            self.replica = Supervised(self.readers.start_replica())
            self.api = Supervised(
                self.readers.start_api(self.user(PLATFORM, self.ingest_link.port), ROOT)
            )

    def worker_sessions(self) -> list[int]:
        """The process ids of the workers' database sessions; [] when it cannot be asked."""
        with contextlib.suppress(psycopg.Error, Unavailable), self.connect() as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name LIKE %s ORDER BY pid",
                (WORKER_NAME.format("%"),),
            ).fetchall()
            return [pid for (pid,) in rows]
        return []

    def start_workers(
        self, count: int, arguments: Sequence[str], log: Callable[[str], Path]
    ) -> None:
        """Start the ingest workers, wait until each has subscribed, and start to supervise."""
        for number in range(count):
            name = WORKER_NAME.format(number)
            part = self._part(number, count)
            metrics_port = free_port()
            command = Command(
                name=name,
                arguments=list(arguments),
                log=log(name),
                environment=self._worker_environment(name, part, metrics_port),
                stop_timeout_s=40,
            )
            worker = Supervised(Child(command))
            self.workers.append(worker)
            # Before its first subscription a broker has nowhere to keep what is published.
            wait_until(partial(_subscribed, metrics_port), worker.child, timeout_s=60)
        self._supervisor.start()

    def stop_workers(self) -> None:
        """End supervision, then the workers in order."""
        with self._supervising:
            self._stopping.set()
        for worker in self.workers:
            worker.child.stop()

    def stop(self) -> None:
        """End everything."""
        self.stop_workers()
        for link in (self.database_link, self.ingest_link, *self.publisher_links.values()):
            link.close()
        for one in self._servers():
            one.child.stop()
        self._over.set()

    def _servers(self) -> list[Supervised]:
        """All but the workers, those that need others before those they need."""
        readers = [one for one in (self.api, self.replica) if one is not None]
        return [*readers, *self.nodes, self.database]

    def _part(self, number: int, count: int) -> str:
        """What one of several workers reads: its part on NATS, what comes its way on mosquitto."""
        if count == 1:
            return wire.TELEMETRY_FILTER
        if self.broker.deals_out:
            return f"$share/ingest/{wire.TELEMETRY_FILTER}"
        return f"{wire.TELEMETRY_FILTER}/{number}"

    def _worker_environment(self, name: str, part: str, metrics_port: int) -> dict[str, str]:
        settings = self._postgres.settings
        parts = conninfo_to_dict(settings.url) | {"port": str(self.database_link.port)}
        through = settings.model_copy(update={"url": make_conninfo("", **parts)})
        return {
            **environment(self.user(PLATFORM, self.ingest_link.port)),
            **environment(through),
            **environment(
                IngestSettings(client_id=name, topic_filter=part, metrics_port=metrics_port)
            ),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }

    def _supervise(self) -> None:
        while not self._stopping.wait(SUPERVISE_EVERY_S):
            with self._supervising:
                for one in (*reversed(self._servers()), *self.workers):
                    if not self._stopping.is_set():
                        one.tick()
        # The kernel ends children with the thread that started them, so it stays until the end.
        self._over.wait()


@contextmanager
def running(
    work: Path,
    *,
    broker: str,
    operators: Sequence[str],
    workers: int,
    ack_wait_s: float,
    worker_arguments: Sequence[str] = WORKER,
) -> Iterator[World]:
    """The system, started in the empty folder `work`; ended whatever happens inside."""
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(work))
        database_folder = stack.enter_context(DataFolder(disk.folder))
        folder = stack.enter_context(DataFolder(work / "data"))
        postgres = Postgres(database_folder)
        postgres.start(max_wal_size="256MB")
        assert postgres.child is not None
        stack.callback(_stop, postgres)
        readers = None
        if broker == "cluster":
            readers = Readers(postgres, database_folder, folder)
            readers.allow()
            postgres.child.stop()  # the image's own start ends with a restart too
            postgres.start(max_wal_size="256MB")
        with pool.connect(postgres.settings, application="faults-observer") as connection:
            migrate.migrate(connection)
        if readers is not None:
            for operator in operators:
                publish_operator(postgres.settings, operator)
        served = brokers.start(
            broker, folder, operators=operators, workers=workers, ack_wait_s=ack_wait_s
        )
        for node in served.nodes:
            stack.callback(node.stop)
        world = World(
            disk=disk, postgres=postgres, broker=served, operators=operators, readers=readers
        )
        stack.callback(world.stop)
        world.start_readers()
        world.start_workers(workers, worker_arguments, folder.log)
        yield world


def _stop(postgres: Postgres) -> None:
    if postgres.child is not None:
        postgres.child.stop()


def _subscribed(metrics_port: int) -> bool:
    with contextlib.suppress(OSError):
        url = f"http://127.0.0.1:{metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return b"soramichi_ingest_broker_connected 1.0" in answer.read()
    return False
