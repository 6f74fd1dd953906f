"""What one worker tells about itself: figures for Prometheus, and logs without a secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from soramichi.embedded.folder import free_port
from soramichi.settings import BrokerSettings, DatabaseSettings, environment
from tests.builders import a_payload
from tests.ingest.test_service import eventually, payloads, publish, publisher
from tests.servers import Broker

CLIENT_ID = "worker-nobody-may-guess"
BAD = b"garbage"


@contextmanager
def a_worker(
    broker: BrokerSettings, database: DatabaseSettings, log: Path, metrics_port: int
) -> Iterator[None]:
    variables = environment(broker) | environment(database)
    variables |= {
        "SORAMICHI_INGEST_CLIENT_ID": CLIENT_ID,
        "SORAMICHI_INGEST_METRICS_PORT": str(metrics_port),
        "SORAMICHI_INGEST_HEARTBEAT_INTERVAL_S": "1",
        "SORAMICHI_LOG_FORMAT": "json",
        "SORAMICHI_LOG_LEVEL": "DEBUG",
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "ingest"], env={**os.environ, **variables}, stderr=file
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def figures(port: int) -> dict[str, float]:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
        return {
            name: float(value)
            for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")
        }
    return {}


def test_every_figure_is_there_and_adds_up(
    broker: Broker, database: DatabaseSettings, tmp_path: Path
) -> None:
    port = free_port()
    good = payloads(0, 20)
    sample = 'soramichi_ingest_samples_total{{operator="mie-demo",outcome="{}"}}'.format
    with a_worker(broker.settings(), database, tmp_path / "log", port):
        eventually(lambda: figures(port).get("soramichi_ingest_broker_connected") == 1.0)
        with publisher(broker) as client:
            publish(client, *good, *good[:5], BAD)
            publish(client, BAD, a_payload('"latitude_deg":95'))
        eventually(lambda: figures(port).get(sample("received")) == 28.0)
        eventually(lambda: figures(port)["soramichi_ingest_heartbeat_age_seconds"] < 10.0)
        eventually(lambda: figures(port)["soramichi_ingest_broker_in_flight"] == 0.0)
        found = figures(port)

    assert [found[sample(one)] for one in ("stored", "duplicate", "quarantined")] == [20, 6, 2]
    # The same bad bytes again are a duplicate, here as in the books.
    assert found['soramichi_ingest_quarantined_total{reason="not-json"}'] == 1.0
    assert found['soramichi_ingest_quarantined_total{reason="out-of-range"}'] == 1.0
    assert found["soramichi_ingest_batch_messages_sum"] == 28.0
    assert 1.0 <= found["soramichi_ingest_commit_seconds_count"] <= 28.0
    assert 0.0 < found["soramichi_ingest_commit_seconds_sum"] < 60.0
    assert found["soramichi_ingest_queue_messages"] == 0.0


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_logs_are_json_and_hold_no_secret_whatever_fails(
    broker: Broker, database: DatabaseSettings, tmp_path: Path
) -> None:
    log, wrong = tmp_path / "log", tmp_path / "wrong"
    wrong.write_text("not-the-password")
    # An operator may not read what everybody publishes, and the database knows neither the role nor
    # the password.
    settings = broker.settings("rival")
    url = make_conninfo(database.url, user="stranger")
    refused = database.model_copy(update={"url": url, "password_file": wrong})
    with a_worker(settings, refused, log, 0):
        eventually(lambda: "does not let us read" in log.read_text())
        eventually(lambda: "database cannot be reached" in log.read_text())

    text = log.read_text()
    assert all({"time", "level", "logger", "message"} <= set(json.loads(one)) for one in
               text.splitlines())  # fmt: skip
    for secret in (settings.secret(), "not-the-password", CLIENT_ID):
        assert secret
        assert secret not in text
