"""Ingest between a real broker and a real database."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from paho.mqtt.client import Client

from ingest.service import Service
from soramichi import mqtt
from soramichi.domain import wire
from soramichi.settings import DatabaseSettings, IngestSettings
from soramichi.store import flights, pool, quarantine
from soramichi.store.flights import Key
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account
from tests.builders import A_SAMPLE, a_payload, a_sample
from tests.proxy import Proxy
from tests.servers import Broker

TOPIC = wire.telemetry_topic("mie-demo", "JA01")


@contextmanager
def running(broker: Broker, database: DatabaseSettings, **settings: Any) -> Iterator[Service]:
    """An ingest service in a thread; ended in order."""
    reached = broker.settings().model_copy(update=settings.pop("reach", {}))
    chosen = IngestSettings(metrics_port=0, receipt_interval_ms=100, **settings)
    service = Service(reached, database, chosen)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        eventually(service._subscriber.connected.is_set)
        yield service
    finally:
        service.stop()
        thread.join(20)
        assert not thread.is_alive()


@contextmanager
def publisher(broker: Broker, user: str = "mie-demo") -> Iterator[Client]:
    client = mqtt.client(broker.settings(user), f"pub-{user}", durable=False)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    eventually(client.is_connected)
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def publish(client: Client, *payloads: bytes, topic: str = TOPIC) -> None:
    for sent in [client.publish(topic, payload, qos=1) for payload in payloads]:
        sent.wait_for_publish(10)
        assert sent.is_published()


def eventually(condition: Callable[[], bool], *, timeout_s: float = 15.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)


def totals(connection: Connection) -> Account:
    return sum(quarantine.accounts(connection).values(), start=Account())


def payloads(first: int, last: int, **members: Any) -> list[bytes]:
    return [
        wire.encode(
            a_sample(time=A_SAMPLE.time + timedelta(seconds=n), seq=n, flight="F1", **members)
        )
        for n in range(first, last)
    ]


def test_samples_arrays_and_garbage_all_end_somewhere(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    array = b"[" + b",".join(payloads(10, 30)) + b"]"
    with running(broker, database), publisher(broker) as client:
        publish(client, *payloads(0, 10), array, array, b"garbage", a_payload('"latitude_deg":91'))
        eventually(lambda: totals(connection).received == 52)

    assert totals(connection) == Account(received=52, stored=30, duplicate=20, quarantined=2)
    assert connection.execute("SELECT count(*) FROM telemetry").fetchone() == (30,)
    rejected = connection.execute("SELECT original, reason FROM quarantine ORDER BY 2").fetchall()
    assert rejected == [
        (b"garbage", "not-json"),
        (a_payload('"latitude_deg":91'), "out-of-range"),
    ]


def test_a_megabyte_is_kept_as_one_rejected_item(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    megabyte = b"[" + b" " * 1_048_574 + b"]"
    with running(broker, database), publisher(broker) as client:
        publish(client, megabyte, *payloads(0, 1))
        eventually(lambda: totals(connection).received == 2)

    assert totals(connection) == Account(received=2, stored=1, quarantined=1)
    rows = connection.execute("SELECT original, reason, detail FROM quarantine").fetchall()
    assert rows == [(megabyte, "too-large", "1048576 bytes, at most 524288")]


def test_what_arrives_while_ingest_is_away_waits_at_the_broker(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    with running(broker, database):
        pass
    with publisher(broker) as client:
        publish(client, *payloads(0, 200))

    with running(broker, database):
        eventually(lambda: totals(connection).stored == 200)


def test_receipts_tell_what_is_settled_and_what_is_missing(
    broker: Broker, database: DatabaseSettings
) -> None:
    heard: list[wire.Receipt] = []
    with running(broker, database), publisher(broker) as client:
        client.on_message = lambda _c, _u, message: heard.append(
            msgspec.json.decode(message.payload, type=wire.Receipt)
        )
        client.subscribe(wire.receipt_topic("mie-demo", "JA01"), qos=1)
        bad = wire.encode(a_sample(seq=5, flight="F1")).replace(b"34.3521", b"91")
        publish(client, *payloads(0, 4), bad, *payloads(8, 10))
        eventually(lambda: bool(heard) and heard[-1].settled_through == 9)

    last = heard[-1]
    assert (last.flight, last.settled_from, last.committed_through) == ("F1", 0, 3)
    assert last.missing == [(4, 4), (6, 7)]
    assert last.quarantined == 1


def test_an_aircraft_belongs_to_the_operator_who_came_first(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    foreign = wire.telemetry_topic("rival", "JA01")
    with running(broker, database):
        with publisher(broker) as client:
            publish(client, *payloads(0, 1))
            eventually(lambda: totals(connection).stored == 1)
        with publisher(broker, "rival") as client:
            publish(client, *payloads(1, 3), topic=foreign)
            eventually(lambda: totals(connection).quarantined == 2)

    [(reason,)] = connection.execute("SELECT DISTINCT reason FROM quarantine").fetchall()
    assert reason == "foreign-aircraft"


def test_a_database_that_goes_away_loses_and_doubles_nothing(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    stop = threading.Event()

    def cut_sessions() -> None:
        while not stop.wait(0.15):
            with contextlib.suppress(psycopg.Error):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'cut-me' AND datname = current_database()"
                )

    cutter = threading.Thread(target=cut_sessions)
    with running(broker, database, client_id="cut-me"), publisher(broker) as client:
        cutter.start()
        for start in range(0, 1_000, 100):
            publish(client, *payloads(start, start + 100))
            time.sleep(0.1)
        stop.set()
        cutter.join()
        with pool.connect(database, application="reader") as reader:
            reader.autocommit = True
            eventually(lambda: totals(reader).stored == 1_000)
            account = totals(reader)

    assert account.received == account.stored + account.duplicate + account.quarantined
    assert account.quarantined == 0


def test_a_broker_that_is_killed_and_comes_back_is_read_again(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    with running(broker, database) as service:
        with publisher(broker) as client:
            publish(client, *payloads(0, 50))
            eventually(lambda: totals(connection).stored == 50)
        broker.kill()
        eventually(lambda: not service._subscriber.connected.is_set())
        broker.restart()
        eventually(service._subscriber.connected.is_set)
        with publisher(broker) as client:
            publish(client, *payloads(50, 100))
            eventually(lambda: totals(connection).stored == 100)


def test_a_broker_that_accepts_but_stays_silent_is_left_and_found_again(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    patience = {"heartbeat_interval_s": 0.1, "heartbeat_timeout_s": 0.5}
    with (
        Proxy(broker.port) as proxy,
        running(broker, database, reach={"port": proxy.port}, **patience) as service,
        publisher(broker) as client,
    ):
        eventually(lambda: service._subscriber.heartbeat_age_s() < 1)
        proxy.stall()
        eventually(lambda: not service._subscriber.connected.is_set())
        publish(client, *payloads(0, 20))
        # Connections opened now are as silent; none of them passes for good.
        time.sleep(1.5)
        assert not service._subscriber.connected.is_set()
        proxy.restore()
        eventually(lambda: totals(connection).stored == 20)
        eventually(lambda: service._subscriber.heartbeat_age_s() < 1)


@pytest.mark.parametrize("broker", ["mosquitto"], indirect=True)
def test_a_blocked_database_stops_the_reading_and_not_the_connection(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    """For longer than the keepalive after which either side would give the other up."""
    # Two batches of 13 messages leave the inbox; what stays behind must fill it.
    small: dict[str, Any] = {
        "inbox_max_messages": 50,
        "batch_max_samples": 5_000,
        "reach": {"keepalive_s": 5},
    }
    big = [b"[" + b",".join(payloads(n, n + 400)) + b"]" for n in range(0, 40_000, 400)]
    with running(broker, database, **small) as service, publisher(broker) as client:
        with connection.transaction():
            connection.execute("LOCK TABLE aircraft")
            publish(client, *big)
            eventually(service._subscriber.inbox.full)
            time.sleep(8.5)
            # What one read brings may come on top, and no more.
            assert len(service._subscriber.inbox) < 60
            assert service._subscriber.client.is_connected()
        with pool.connect(database, application="reader") as reader:
            reader.autocommit = True
            eventually(lambda: totals(reader).received == 40_000)
            assert totals(reader) == Account(received=40_000, stored=40_000)


def test_a_message_the_database_refuses_is_kept_apart_from_the_rest(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    connection.execute("ALTER TABLE telemetry ADD CHECK (altitude_m <> 666)")
    poison = payloads(5, 6, altitude_m=666.0)
    with running(broker, database, batch_max_age_ms=500), publisher(broker) as client:
        publish(client, *payloads(0, 5), *poison, *payloads(6, 10))
        eventually(lambda: totals(connection).received == 10)

    assert totals(connection) == Account(received=10, stored=9, quarantined=1)
    assert connection.execute("SELECT original, reason FROM quarantine").fetchall() == [
        (poison[0], "store-refused")
    ]


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_a_quarantine_that_cannot_be_written_is_waited_for(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    """The message stays unacknowledged, the worker stays alive, and the books agree afterwards."""
    connection.execute("ALTER TABLE telemetry ADD CHECK (altitude_m <> 666)")
    connection.execute("ALTER TABLE quarantine RENAME TO quarantine_in_repair")
    with running(broker, database) as service, publisher(broker) as client:
        publish(client, *payloads(5, 6, altitude_m=666.0))
        failed = service.metrics.failed_commits._value.get
        eventually(lambda: failed() >= 3)
        assert service._subscriber.in_flight() == 1
        connection.execute("ALTER TABLE quarantine_in_repair RENAME TO quarantine")
        publish(client, *payloads(6, 10))
        eventually(lambda: totals(connection).received == 5)

    assert totals(connection) == Account(received=5, stored=4, quarantined=1)


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_a_sample_the_database_refuses_is_settled_for_its_publisher(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    """Or a bridge would send it again for ever."""
    connection.execute("ALTER TABLE telemetry ADD CHECK (altitude_m <> 666)")
    array = b"[" + b",".join([*payloads(0, 3), *payloads(3, 4, altitude_m=666.0)]) + b"]"
    with running(broker, database), publisher(broker) as client:
        publish(client, array, *payloads(4, 5))
        eventually(lambda: totals(connection).received == 5)

    assert totals(connection) == Account(received=5, stored=1, quarantined=4)
    [(_, receipt)] = flights.receipts(connection, [Key("mie-demo", "JA01", "F1", None)])
    assert (receipt.settled_from, receipt.settled_through, receipt.missing) == (0, 4, [])


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_a_jump_is_stored_flagged_and_never_the_latest_state(
    broker: Broker, database: DatabaseSettings, connection: Connection
) -> None:
    far = payloads(5, 6, latitude_deg=43.1)
    with running(broker, database), publisher(broker) as client:
        publish(client, *payloads(0, 5), *far)
        eventually(lambda: totals(connection).stored == 6)

    flagged = connection.execute("SELECT seq, flags FROM telemetry WHERE flags IS NOT NULL")
    assert flagged.fetchall() == [(5, ["implied-speed"])]
    assert connection.execute("SELECT seq FROM latest_state").fetchall() == [(4,)]


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_live_states_are_announced_after_the_commit(
    broker: Broker, database: DatabaseSettings
) -> None:
    heard: list[wire.LiveState] = []
    listener = mqtt.client(broker.settings(), "listener", durable=False)
    listener.on_message = lambda _c, _u, message: heard.extend(
        wire.decode_live(bytes(message.payload))
    )
    listener.connect("127.0.0.1", broker.port)
    listener.subscribe(wire.LIVE_TOPIC)
    listener.loop_start()
    # A commit for each sample, and of those within half a second only the last is told.
    settings = {"live_interval_ms": 500, "batch_max_samples": 1}
    with running(broker, database, **settings), publisher(broker) as client:
        publish(client, *payloads(0, 40), payloads(39, 40)[0])
        eventually(lambda: bool(heard) and heard[-1].sample.seq == 39)
    listener.disconnect()
    listener.loop_stop()

    assert (heard[-1].aircraft_id, heard[-1].operator_id) == ("JA01", "mie-demo")
    seqs = [state.sample.seq or 0 for state in heard]
    assert seqs == sorted(set(seqs))
    assert len(seqs) < 40
