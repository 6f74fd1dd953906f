"""The watch on a real database and broker: what was committed is told once, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import shapely

from ingest.inbox import Received
from ingest.screening import Limits
from ingest.writer import Writer
from soramichi import mqtt
from soramichi.domain import wire
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import offset
from soramichi.domain.position import Position
from soramichi.domain.telemetry import OperationalStatus, TelemetrySample
from soramichi.settings import BrokerSettings, DatabaseSettings, WatchSettings, environment
from soramichi.store import corridors, geozones, pool
from soramichi.store.corridors import CorridorRecord
from soramichi.store.geozones import ZoneRecord
from soramichi.store.pool import Connection
from tests.builders import a_sample
from tests.servers import Broker, a_broker
from watch.service import Service

HERE = Position(latitude_deg=34.5, longitude_deg=136.9)
SETTINGS = WatchSettings(interval_ms=50, lateness_s=0.0, metrics_port=0)
LIMITS = Limits(
    oldest=datetime(2000, 1, 1, tzinfo=UTC),
    future_skew=timedelta(minutes=5),
    future_limit=timedelta(days=1),
)


def eastward(start: datetime, seconds: Sequence[int], **members: Any) -> list[TelemetrySample]:
    """20 m/s to the east, 100 m up, in the air."""
    found = []
    for second in seconds:
        where = offset(HERE, east_m=20.0 * second, north_m=0.0)
        own = {
            "time": start + timedelta(seconds=second),
            "latitude_deg": where.latitude_deg,
            "longitude_deg": where.longitude_deg,
            "altitude_m": 100.0,
            "status": OperationalStatus.AIRBORNE,
            "accuracy_h_m": 3.0,
            "accuracy_v_m": 5.0,
            "seq": second,
            "flight": "F1",
        }
        found.append(a_sample(**(own | members)))
    return found


class Ingest:
    """Commits samples as ingest does."""

    def __init__(self, database: DatabaseSettings) -> None:
        self._writer = Writer(
            lambda: pool.connect(database, application="test"), "test", LIMITS, timedelta(minutes=5)
        )

    def commit(
        self, samples: Sequence[TelemetrySample], *, aircraft: str = "JA01",
        received_at: datetime | None = None,
    ) -> None:  # fmt: skip
        topic = wire.telemetry_topic("mie-demo", aircraft)
        for start in range(0, len(samples), 500):
            part = samples[start : start + 500]
            at = received_at or datetime.now(UTC)
            self._writer.settle([Received(topic, wire.encode(part), 1, 0, at)])


def add_zone(connection: Connection, west_m: float, east_m: float) -> None:
    corners = [(west_m, -500.0), (east_m, -500.0), (east_m, 500.0), (west_m, 500.0)]
    area = shapely.Polygon([offset(HERE, east_m=x, north_m=y).lonlat for x, y in corners])
    feature = {
        "type": "Feature",
        "properties": {"identifier": "Z1", "name": "Z", "source": "test"},
        "geometry": shapely.geometry.mapping(area),
    }
    geozones.put(
        connection,
        [ZoneRecord("test", "Z1", Name(ja="区域", en="Zone"), "PROHIBITED", area.bounds, None, None,
                    [feature], feature)],
    )  # fmt: skip


def told(connection: Connection) -> list[str]:
    rows = connection.execute("SELECT kind FROM flight_events ORDER BY observed_at, event_id")
    return [kind for (kind,) in rows]


def a_service(database: DatabaseSettings, **settings: Any) -> Service:
    """Without a broker: what it tells waits to be announced."""
    return Service(BrokerSettings(), database, SETTINGS.model_copy(update=settings))


def watched(service: Service) -> None:
    while service.turn():
        pass


def test_a_zone_entered_and_left_is_told_once_however_often_it_is_sent(
    database: DatabaseSettings, connection: Connection
) -> None:
    add_zone(connection, 205.0, 1_205.0)
    ingest, service, start = Ingest(database), a_service(database), datetime.now(UTC)
    samples = eastward(start - timedelta(seconds=90), range(80))
    for at in range(0, 80, 7):
        ingest.commit(samples[at : at + 7])
        watched(service)
    ingest.commit(samples)
    watched(service)
    # Another watcher that knows nothing of the first takes it up where it stands.
    watched(a_service(database))

    assert told(connection) == ["geozone_entered", "geozone_exited"]


def test_late_samples_tell_nothing_again(
    database: DatabaseSettings, connection: Connection
) -> None:
    add_zone(connection, 205.0, 1_205.0)
    ingest, service, start = Ingest(database), a_service(database), datetime.now(UTC)
    samples = eastward(start - timedelta(seconds=90), range(80))
    ingest.commit(samples[::2])
    watched(service)
    first = told(connection)
    ingest.commit(samples[1::2])
    watched(service)

    assert first == told(connection) == ["geozone_entered", "geozone_exited"]
    assert connection.execute("SELECT count(*) FROM telemetry").fetchone() == (80,)


def test_a_watch_begun_anew_from_its_samples_tells_nothing_again(
    database: DatabaseSettings, connection: Connection
) -> None:
    """As after a restore: the same samples give the same events at the same times."""
    add_zone(connection, 205.0, 1_205.0)
    Ingest(database).commit(eastward(datetime.now(UTC) - timedelta(seconds=90), range(80)))
    watched(a_service(database))
    before = connection.execute("SELECT event_id, observed_at FROM flight_events").fetchall()
    connection.execute("DELETE FROM flight_watches")
    watched(a_service(database))

    assert len(before) == 2
    after = connection.execute("SELECT event_id, observed_at FROM flight_events").fetchall()
    assert sorted(after) == sorted(before)


def test_what_came_out_of_order_within_the_allowance_is_judged_in_order(
    database: DatabaseSettings, connection: Connection
) -> None:
    add_zone(connection, 205.0, 1_205.0)
    # Longer than a busy machine takes for the first half of this test.
    ingest, service = Ingest(database), a_service(database, lateness_s=4.0)
    samples = eastward(datetime.now(UTC) - timedelta(seconds=90), range(80))
    ingest.commit(samples[40:])
    watched(service)
    assert told(connection) == []
    ingest.commit(samples[:40])
    time.sleep(4.1)
    watched(service)

    assert told(connection) == ["geozone_entered", "geozone_exited"]


def test_a_state_that_cannot_be_read_is_begun_anew(
    database: DatabaseSettings, connection: Connection
) -> None:
    add_zone(connection, 205.0, 1_205.0)
    ingest, start = Ingest(database), datetime.now(UTC) - timedelta(seconds=90)
    ingest.commit(eastward(start, range(5)))
    watched(a_service(database))
    connection.execute("UPDATE flight_watches SET state = '{\"last\": 5}'")
    ingest.commit(eastward(start, range(5, 80)))
    watched(a_service(database))

    assert told(connection) == ["geozone_entered", "geozone_exited"]


def test_doubted_samples_tell_nothing(database: DatabaseSettings, connection: Connection) -> None:
    add_zone(connection, 205.0, 1_205.0)
    ingest, service = Ingest(database), a_service(database)
    start = datetime.now(UTC) - timedelta(seconds=60)
    here = eastward(start, range(20), longitude_deg=HERE.longitude_deg)
    teleport = eastward(start + timedelta(milliseconds=500), [8], longitude_deg=136.0, seq=900)
    ingest.commit(sorted([*here, *teleport], key=lambda one: one.time))
    watched(service)

    flags = connection.execute("SELECT count(*) FROM telemetry WHERE flags IS NOT NULL").fetchone()
    assert (flags, told(connection)) == ((1,), [])


def test_silence_in_the_air_is_told_by_the_clock_and_ends_with_the_next_sample(
    database: DatabaseSettings, connection: Connection
) -> None:
    ingest, service = Ingest(database), a_service(database, link_silence_s=4.0)
    start = datetime.now(UTC) - timedelta(seconds=5)
    ingest.commit(eastward(start, range(5)))
    watched(service)
    assert told(connection) == []
    time.sleep(4.1)
    watched(service)
    watched(service)
    assert told(connection) == ["link_lost"]
    ingest.commit(eastward(start, range(6, 8)))
    watched(service)

    assert told(connection) == ["link_lost", "link_recovered"]


def test_a_stored_corridor_is_what_its_aircraft_is_held_to(
    database: DatabaseSettings, connection: Connection
) -> None:
    line = [[*offset(HERE, east_m=x, north_m=900.0).lonlat, 100.0] for x in (0.0, 9_000.0)]
    feature = {
        "type": "Feature",
        "properties": {"name": "plan", "height_datum": "AMSL", "width_m": 200.0},
        "geometry": {"type": "LineString", "coordinates": line},
    }
    ingest, start = Ingest(database), datetime.now(UTC) - timedelta(seconds=300)
    ingest.commit(eastward(start, [0]))
    record = CorridorRecord("C1", Name(ja="経路", en="plan"), feature, aircraft_id="JA01")
    corridors.put(connection, [record])
    ingest.commit(eastward(start, range(1, 240)))
    watched(a_service(database))

    [(kind, by_m)] = connection.execute(
        "SELECT kind, evidence ->> 'by_m' FROM flight_events"
    ).fetchall()
    assert kind == "corridor_never_entered"
    assert float(by_m) == pytest.approx(800.0, abs=0.5)


# ---- with a broker --------------------------------------------------------------------------


@contextmanager
def hearing(broker: Broker) -> Iterator[list[tuple[str, Any]]]:
    """What the operator hears on its event topics."""
    heard: list[tuple[str, Any]] = []
    client = mqtt.client(broker.settings("mie-demo"), "operator", durable=False)
    ready: list[bool] = []
    client.on_connect = lambda c, *_: c.subscribe("soramichi/v1/mie-demo/+/event", qos=1)
    client.on_subscribe = lambda *_: ready.append(True)
    client.on_message = lambda _c, _u, m: heard.append((m.topic, msgspec.json.decode(m.payload)))
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    until(lambda: bool(ready))
    yield heard
    client.disconnect()
    client.loop_stop()


def until(true: Any, *, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Watcher:
    """`python -m watch` as a process of its own."""

    def __init__(self, database: DatabaseSettings, broker: Broker, log: Path, **own: Any) -> None:
        settings = SETTINGS.model_copy(update=own)
        self._environment = (
            os.environ | environment(broker.settings()) | environment(database)
            | environment(settings)
        )  # fmt: skip
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "watch"], env=self._environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(20) == 0


def test_an_event_reaches_its_operator_once_stored(
    database: DatabaseSettings, connection: Connection, broker: Broker, tmp_path: Path
) -> None:
    add_zone(connection, 205.0, 1_205.0)
    with hearing(broker) as heard:
        watcher = Watcher(database, broker, tmp_path / "watch.log")
        Ingest(database).commit(eastward(datetime.now(UTC) - timedelta(seconds=40), range(30)))
        until(lambda: heard)
        watcher.stop()

    [(topic, event)] = heard
    assert topic == "soramichi/v1/mie-demo/JA01/event"
    assert (event["kind"], event["aircraft"], event["flight"]) == ("geozone_entered", "JA01", "F1")
    assert event["evidence"]["zone"]["identifier"] == "Z1"
    [(event_id, announced)] = connection.execute(
        "SELECT event_id, published_at IS NOT NULL FROM flight_events"
    ).fetchall()
    assert (event_id, announced) == (event["id"], True)


def test_the_word_of_the_broker_that_a_publisher_is_gone_is_heard(
    database: DatabaseSettings, connection: Connection, tmp_path: Path
) -> None:
    """The will names the other aircraft of the connection; nobody speaks for another's."""
    ingest, now = Ingest(database), datetime.now(UTC)
    for aircraft in ("JA01", "JA02"):
        ingest.commit(eastward(now - timedelta(seconds=5), range(5)), aircraft=aircraft)
    with a_broker("nats", tmp_path / "broker") as broker:
        watcher = Watcher(database, broker, tmp_path / "watch.log", link_offline_s=0.5)
        until(lambda: connection.execute("SELECT count(*) FROM flight_watches").fetchone() == (2,))
        for user in ("rival", "mie-demo"):
            assert told(connection) == []
            client = mqtt.client(broker.settings(user), user, durable=False)
            client.connect("127.0.0.1", broker.port)
            client.loop_start()
            # What no id can be is passed over, and does not hold up what follows.
            status = wire.Status(online=False, time=now, also=["\0", "JA02"])
            topic = wire.status_topic(user, "JA01")
            payload = wire.encode_message(status)
            client.publish(topic, payload, qos=1, retain=True).wait_for_publish(5)
            client.disconnect()
            client.loop_stop()
            time.sleep(1.5 if user == "rival" else 0.0)
        until(lambda: len(told(connection)) == 2)
        watcher.stop()

    causes = connection.execute("SELECT kind, evidence ->> 'cause' FROM flight_events").fetchall()
    assert causes == [("link_lost", "offline")] * 2


def test_killed_watchers_lose_and_double_nothing(
    database: DatabaseSettings, connection: Connection, tmp_path: Path
) -> None:
    """Twelve aircraft through a zone, sent twice and out of order, two watchers, eight kills."""
    add_zone(connection, 205.0, 1_205.0)
    ingest, now = Ingest(database), datetime.now(UTC)
    craft = [f"JA{number:02}" for number in range(12)]
    with a_broker("nats", tmp_path / "broker") as broker, hearing(broker) as heard:
        watchers = [Watcher(database, broker, tmp_path / f"{n}.log") for n in range(2)]
        samples = eastward(now - timedelta(seconds=90), range(80))
        for turn in range(8):
            part = samples[turn * 10 : turn * 10 + 10]
            for one in craft:
                ingest.commit([*reversed(part), *part][: 10 + turn], aircraft=one)
                ingest.commit(part, aircraft=one)
            time.sleep(0.4)
            watchers[turn % 2].kill()
            watchers[turn % 2].start()
        until(lambda: connection.execute(
            "SELECT count(*) FROM flight_events WHERE published_at IS NOT NULL"
        ).fetchone() == (24,), timeout_s=60)  # fmt: skip
        for watcher in watchers:
            watcher.kill()

    rows = connection.execute(
        "SELECT aircraft_id, kind, count(*) FROM flight_events GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    assert rows == [(one, kind, 1) for one in craft
                    for kind in ("geozone_entered", "geozone_exited")]  # fmt: skip
    assert len({event["id"] for _, event in heard}) == 24
