"""Several workers on one stream: nothing lost, nothing doubled, nobody waits for ever."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from soramichi.domain import wire
from soramichi.embedded.folder import DataFolder
from soramichi.settings import DatabaseSettings, environment
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account
from tests.builders import A_SAMPLE, a_sample
from tests.ingest.test_service import eventually, publish, publisher, running, totals
from tests.servers import Broker, NatsBroker

AIRCRAFT = [f"JA{number:02}" for number in range(20)]


def part(number: int) -> dict[str, str]:
    return {
        "client_id": f"worker-{number}",
        "topic_filter": f"soramichi/v1/+/+/telemetry/{number}",
    }


def shared(number: int) -> dict[str, str]:
    """mosquitto takes this from a client of MQTT 3.1.1 too, which ours are."""
    return {
        "client_id": f"worker-{number}",
        "topic_filter": "$share/ingest/soramichi/v1/+/+/telemetry",
    }


@contextmanager
def divided(folder: Path, workers: int) -> Iterator[NatsBroker]:
    with DataFolder(folder) as data:
        broker = NatsBroker(data, workers=workers)
        try:
            yield broker
        finally:
            broker.stop()


def fleet_payloads(first: int, last: int) -> list[tuple[str, bytes]]:
    return [
        (
            wire.telemetry_topic("mie-demo", aircraft),
            wire.encode(a_sample(time=A_SAMPLE.time + timedelta(seconds=n), seq=n, flight="F1")),
        )
        for n in range(first, last)
        for aircraft in AIRCRAFT
    ]


def send(broker: Broker, messages: list[tuple[str, bytes]]) -> None:
    with publisher(broker) as client:
        sent = [client.publish(topic, payload, qos=1) for topic, payload in messages]
        for one in sent:
            one.wait_for_publish(20)


def test_each_aircraft_reaches_one_worker_and_all_are_read(
    tmp_path: Path, database: DatabaseSettings, connection: Connection
) -> None:
    with divided(tmp_path / "broker", 2) as broker, ExitStack() as workers:
        for number in range(2):
            workers.enter_context(running(broker, database, **part(number)))
        send(broker, fleet_payloads(0, 10))
        publish_bad(broker)
        eventually(lambda: totals(connection).received == 10 * len(AIRCRAFT) + 2)

    assert totals(connection) == Account(201 + 1, 200, 1, 1)
    by_worker = connection.execute("SELECT worker, stored FROM ingest_accounts").fetchall()
    assert {worker for worker, stored in by_worker if stored} == {"worker-0", "worker-1"}
    # Kept under the topic that its publisher knows.
    [(topic,)] = connection.execute("SELECT topic FROM quarantine").fetchall()
    assert topic == wire.telemetry_topic("mie-demo", "JA00")


def publish_bad(broker: Broker) -> None:
    with publisher(broker) as client:
        publish(client, b"garbage", b"garbage", topic=wire.telemetry_topic("mie-demo", "JA00"))


def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(
    tmp_path: Path, database: DatabaseSettings, connection: Connection
) -> None:
    with divided(tmp_path / "broker", 2) as broker:
        kill_again_and_again(broker, database, connection, (part(0), part(1)))


@pytest.mark.parametrize("broker", ["mosquitto"], indirect=True)
def test_a_killed_worker_of_a_shared_subscription_loses_and_doubles_nothing(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    kill_again_and_again(broker, database, connection, (shared(0), shared(1)))


def kill_again_and_again(
    broker: Broker,
    database: DatabaseSettings,
    connection: Connection,
    workers: Sequence[dict[str, str]],
) -> None:
    """Of two workers kill the first in the middle of its batches, and count in the end."""
    chance = random.Random(1)
    rounds = 8
    victim, survivor = workers
    with ExitStack() as stack:
        with running(broker, database, **victim):
            pass  # its session exists before the first message
        stack.enter_context(running(broker, database, **survivor))
        for turn in range(rounds):
            before = stored_by(connection, victim["client_id"])
            send(broker, fleet_payloads(turn * 30, turn * 30 + 30))
            worker = start(broker, database, victim)
            try:
                eventually(lambda: stored_by(connection, victim["client_id"]) > before)  # noqa: B023
                time.sleep(chance.uniform(0, 0.05))
            finally:
                worker.kill()
                worker.wait()
        stack.enter_context(running(broker, database, **victim))
        everything = rounds * 30 * len(AIRCRAFT)
        eventually(lambda: totals(connection).stored == everything, timeout_s=30)

    account = totals(connection)
    assert account.received == account.stored + account.duplicate
    assert connection.execute("SELECT count(*) FROM telemetry").fetchone() == (account.stored,)
    assert stored_by(connection, survivor["client_id"]) > 0


def stored_by(connection: Connection, worker: str) -> int:
    [(stored,)] = connection.execute(
        "SELECT coalesce(sum(stored), 0) FROM ingest_accounts WHERE worker = %s", (worker,)
    ).fetchall()
    return int(stored)


def start(
    broker: Broker, database: DatabaseSettings, worker: dict[str, str]
) -> subprocess.Popen[bytes]:
    variables = environment(broker.settings()) | environment(database)
    for name, value in {**worker, "metrics_port": "0", "batch_max_samples": "20"}.items():
        variables[f"SORAMICHI_INGEST_{name.upper()}"] = value
    return subprocess.Popen([sys.executable, "-m", "ingest"], env={**os.environ, **variables})


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_two_workers_with_the_same_samples_wait_for_each_other_but_never_in_a_ring(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    messages = [*fleet_payloads(0, 50), *((topic, b"bad") for topic, _ in fleet_payloads(0, 1))]
    random.Random(1).shuffle(messages)
    with ExitStack() as workers:
        for name in ("twin-0", "twin-1"):
            workers.enter_context(running(broker, database, client_id=name, batch_max_samples=60))
        send(broker, messages)
        eventually(lambda: totals(connection).received == 2 * len(messages))

    stored = 50 * len(AIRCRAFT)
    bad = len(AIRCRAFT)
    assert totals(connection) == Account(2 * (stored + bad), stored, stored + bad, bad)
    [(deadlocks,)] = connection.execute(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    ).fetchall()
    assert deadlocks == 0


def test_more_and_then_fewer_workers_lose_nothing(
    tmp_path: Path, database: DatabaseSettings, connection: Connection
) -> None:
    """First the readers of the new parts, then the broker's division, then the surplus readers."""
    undivided = {"client_id": "worker-all"}
    with divided(tmp_path / "broker", 1) as broker:
        for worker in (undivided, part(0), part(1)):
            with running(broker, database, **worker):
                pass  # its session now exists at the broker
        send(broker, fleet_payloads(0, 5))
        redivide(broker, 2)
        send(broker, fleet_payloads(5, 10))
        redivide(broker, 1)
        send(broker, fleet_payloads(10, 15))
        with ExitStack() as workers:
            for worker in (undivided, part(0), part(1)):
                workers.enter_context(running(broker, database, **worker))
            eventually(lambda: totals(connection).stored == 15 * len(AIRCRAFT))

    assert totals(connection).received == 15 * len(AIRCRAFT)


def redivide(broker: NatsBroker, workers: int) -> None:
    broker.stop()
    broker.nats.workers = workers
    broker.restart()


@pytest.mark.parametrize("broker", ["mosquitto"], indirect=True)
def test_workers_share_a_subscription_where_the_broker_offers_it(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    with ExitStack() as workers:
        for number in range(2):
            workers.enter_context(running(broker, database, **shared(number)))
        send(broker, fleet_payloads(0, 20))
        eventually(lambda: totals(connection).stored == 20 * len(AIRCRAFT))

    books = connection.execute("SELECT stored FROM ingest_accounts WHERE stored > 0").fetchall()
    assert len(books) == 2
