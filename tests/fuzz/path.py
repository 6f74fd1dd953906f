"""The whole path: edited messages, fast, through a real broker and ingest into PostgreSQL."""

from __future__ import annotations

import random
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from soramichi.bench import plain_mqtt, stream
from soramichi.bench.stage import Stage
from soramichi.domain import wire
from soramichi.embedded.folder import free_port
from soramichi.embedded.nats import PLATFORM
from soramichi.embedded.processes import Child, wait_until
from soramichi.settings import BrokerSettings, DatabaseSettings, IngestSettings, environment
from soramichi.store import pool, quarantine, registry
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account
from tests.fuzz import mutation
from tests.fuzz.targets import held

# Nothing settled for so long while messages wait is a stall; on a busy machine too.
STALL_S = 60.0
_AT_ONCE = 2_000
_WINDOW = 1_000
_AIRCRAFT = tuple(f"JA{number:02}" for number in range(20))
_FOREIGN = "JA99"
# What mosquitto hands on though nobody here is meant (NATS lets no operator publish these).
_ODD_TOPICS = ("soramichi/v1/a b/c/telemetry", "soramichi/v1/三重/JA01/telemetry")


def run(kind: str, messages: int, *, seed: int) -> dict[str, Any]:
    """Send so many through the broker `kind`; `fault` is None when every sample has its place."""
    began = time.monotonic()
    with Stage() as stage, stage.broker(kind) as users:
        database = stage.database()
        worker, metrics_port = _ingest(stage, users[PLATFORM], database)
        with pool.connect(database, application="fuzz") as connection:
            connection.autocommit = True
            registry.claim(connection, {_FOREIGN: "rival"})
            flood = _Flood(kind, messages, seed, users[stream.OPERATOR])
            with flood.running():
                longest_s, stalled = _watch(connection, flood, worker)
            books, faults = _books(connection), list(stalled)
            if not faults:
                faults = _faults(connection, books, flood.expected.result(), metrics_port)
        code = worker.exit_code
        if code is not None:
            log = worker.command.log.read_text(errors="replace")[-2_000:]
            faults.append(f"the worker ended with {code}: {log}")
        else:
            worker.stop()
    return {
        "target": kind,
        "fault": "; ".join(faults) or None,
        "inputs": messages,
        "seconds": time.monotonic() - began,
        "slowest_s": longest_s,
        "counts": books._asdict(),
    }


def _ingest(stage: Stage, broker: BrokerSettings, database: DatabaseSettings) -> tuple[Child, int]:
    port = free_port()
    settings = IngestSettings(client_id="fuzz-ingest", metrics_port=port)
    variables = environment(broker) | environment(database) | environment(settings)
    variables |= {"PYTHONPATH": str(Path(__file__).parents[2])}
    worker = stage.run("ingest", (sys.executable, "-m", "ingest"), variables)
    wait_until(lambda: _figure(port, "broker_connected") == 1.0, worker, timeout_s=60)
    return worker, port


def _figure(port: int, name: str) -> float | None:
    """One of ingest's metrics; None while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines: list[str] = answer.read().decode().splitlines()
    except OSError:
        return None
    return next(
        float(line.split()[1]) for line in lines if line.startswith(f"soramichi_ingest_{name} ")
    )


class _Flood:
    """A publisher in a thread of its own; `expected` becomes how many samples it sent."""

    def __init__(self, kind: str, messages: int, seed: int, broker: BrokerSettings) -> None:
        self._kind, self._messages, self._broker = kind, messages, broker
        self._chance = random.Random(f"{seed} {kind}")
        self.expected: Future[int]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Publishes until done, or until the broker hangs up."""
        with ThreadPoolExecutor(1) as thread:
            self.expected = thread.submit(self._run)
            yield

    def _run(self) -> int:
        client = plain_mqtt.Plain(self._broker, "fuzz-publisher")
        expected = 0
        for first in range(0, self._messages, _AT_ONCE):
            some = [self._message() for _ in range(min(_AT_ONCE, self._messages - first))]
            client.flood(plain_mqtt.encode(some, together=50), window=_WINDOW)
            expected += sum(1 if name in _ODD_TOPICS else held(one) for name, one in some)
        client.close()
        return expected

    def _message(self) -> tuple[str, bytes]:
        what = self._chance.random()
        content = mutation.payload(self._chance)
        if what < 0.01 and self._kind == "mosquitto":
            return self._chance.choice(_ODD_TOPICS), content
        aircraft = _FOREIGN if what < 0.03 else self._chance.choice(_AIRCRAFT)
        return wire.telemetry_topic(stream.OPERATOR, aircraft), content


def _watch(connection: Connection, flood: _Flood, worker: Child) -> tuple[float, list[str]]:
    """Wait until all is settled; the longest pause between two commits, and a fault if any."""
    settled, since, longest_s = 0, time.monotonic(), 0.0
    while True:
        received, now = _books(connection).received, time.monotonic()
        if received != settled:
            settled, since = received, now
        longest_s = max(longest_s, now - since)
        if flood.expected.done() and received >= flood.expected.result():
            return longest_s, []
        if worker.exit_code is not None:
            return longest_s, ["the worker ended"]
        if now - since > STALL_S:
            return longest_s, [f"nothing was settled for {STALL_S:.0f} s, {settled} samples were"]
        time.sleep(0.1)


def _books(connection: Connection) -> Account:
    return sum(quarantine.accounts(connection).values(), start=Account())


def _faults(connection: Connection, books: Account, expected: int, metrics_port: int) -> list[str]:
    """What is wrong once everything has been settled."""
    [(rows, kept)] = connection.execute(
        "SELECT (SELECT count(*) FROM telemetry), (SELECT count(*) FROM quarantine)"
    ).fetchall()
    until = time.monotonic() + 10.0
    while (in_flight := _figure(metrics_port, "broker_in_flight")) and time.monotonic() < until:
        time.sleep(0.1)
    claims = {
        "received = sent": (books.received, expected),
        "received = stored + duplicate + quarantined": (books.received, sum(books[1:])),
        "rows in telemetry = stored": (rows, books.stored),
        "rows in quarantine = quarantined": (kept, books.quarantined),
        "the broker waits for no acknowledgement": (in_flight, 0.0),
    }
    return [f"not so: {claim}: {a} and {b}" for claim, (a, b) in claims.items() if a != b]
