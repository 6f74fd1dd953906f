"""Putting back what was rejected: nothing lost, the books balanced, by the command itself."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from ingest import rejecting, sorting
from ingest.inbox import Received
from ingest.screening import Limits
from ingest.writer import Writer
from soramichi.commands.quarantine import printable, quarantine
from soramichi.domain import wire
from soramichi.errors import MalformedTelemetry
from soramichi.settings import DatabaseSettings
from soramichi.store import pool
from soramichi.store import quarantine as store
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account
from tests.builders import A_SAMPLE, a_payload, a_sample

TOPIC = wire.telemetry_topic("mie-demo", "JA01")
EARLY = a_payload('"time":"1999-12-31T23:59:59Z"', '"seq":7', '"flight":"F1"')


@pytest.fixture
def writer(database: DatabaseSettings) -> Writer:
    limits = Limits(
        oldest=datetime(2000, 1, 1, tzinfo=UTC),
        future_skew=timedelta(minutes=5),
        future_limit=timedelta(days=1),
    )
    return Writer(
        lambda: pool.connect(database, application="test"), "w", limits, timedelta(minutes=5)
    )


@pytest.fixture(autouse=True)
def _environment(database: DatabaseSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SORAMICHI_DATABASE_URL", database.url)
    if database.password_file:
        monkeypatch.setenv("SORAMICHI_DATABASE_PASSWORD_FILE", str(database.password_file))


def receive(writer: Writer, *payloads: bytes, topic: str = TOPIC) -> None:
    moment = A_SAMPLE.time + timedelta(seconds=1)
    writer.settle([Received(topic, payload, 1, 0, moment) for payload in payloads])


def run(*arguments: str, status: int = 0) -> Any:
    result = CliRunner().invoke(quarantine, [*arguments, "--json"])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def books(connection: Connection) -> Account:
    total = sum(store.accounts(connection).values(), start=Account())
    assert total.received == total.stored + total.duplicate + total.quarantined
    return total


def test_a_row_is_listed_and_shown_with_its_reason_and_its_exact_bytes(writer: Writer) -> None:
    receive(writer, b"\x1b[2J\xff not json", EARLY)

    listed = run("list")
    shown = run("show", str(listed[1]["id"]))

    assert [row["reason"] for row in listed] == ["time-too-old", "not-json"]
    assert base64.b64decode(shown["original_base64"]) == b"\x1b[2J\xff not json"
    assert shown["original"] == r"\x1b[2J\xff not json"
    assert run("list", "--reason", "not-json") == listed[1:]
    assert run("list", "--aircraft", "JA02") == []


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        (b"\x07\r\n", r"\x07\r\n"),
        ("空みち".encode(), "空みち"),
        ("a\u202eb\u200b".encode(), r"a\u202eb\u200b"),
        ("\u009b2J\u2028".encode(), r"\x9b2J\u2028"),
    ],
)
def test_bytes_cannot_command_a_terminal(raw: bytes, safe: str) -> None:
    assert printable(raw) == safe


def test_after_a_fix_a_row_is_stored_and_moves_in_the_books(
    writer: Writer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(writer, EARLY, a_payload())
    assert books(connection) == Account(received=2, stored=1, quarantined=1)
    monkeypatch.setenv("SORAMICHI_INGEST_OLDEST_TIME", "1990-01-01T00:00:00Z")

    [result] = run("retry", "--all")

    assert result["outcome"] == "settled"
    assert books(connection) == Account(received=2, stored=2)
    assert connection.execute("SELECT seq_stored::text FROM flights WHERE label = 'F1'").fetchone()
    assert run("list") == []
    [settled] = run("list", "--settled")
    assert settled["settled_as"] == "1 stored"
    shown = run("show", str(settled["id"]))
    assert base64.b64decode(shown["original_base64"]) == EARLY


def test_what_is_put_back_is_screened_by_the_speeds_that_are_set(
    writer: Writer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = EARLY.replace(b"23:59:59Z", b"23:59:58Z")
    receive(writer, there, EARLY.replace(b"34.3521", b"34.3541"))  # 222 m in a second
    monkeypatch.setenv("SORAMICHI_INGEST_OLDEST_TIME", "1990-01-01T00:00:00Z")
    monkeypatch.setenv("SORAMICHI_INGEST_MAX_SPEED_UNKNOWN_MPS", "50")

    run("retry", "--all")

    rows = connection.execute("SELECT flags FROM telemetry ORDER BY time").fetchall()
    assert rows == [(None,), (["implied-speed"],)]


def test_without_a_fix_nothing_changes(writer: Writer, connection: Connection) -> None:
    receive(writer, EARLY)
    before = run("list")

    [result] = run("retry", "--all", status=1)

    assert (result["outcome"], result["reason"]) == ("rejected", "time-too-old")
    assert run("list") == before
    assert books(connection) == Account(received=1, quarantined=1)
    assert connection.execute("SELECT count(*) FROM flights").fetchone() == (0,)


def test_what_was_stored_meanwhile_becomes_a_duplicate(
    writer: Writer, connection: Connection
) -> None:
    receive(writer, a_payload('"track_deg":10'), a_payload())
    assert books(connection) == Account(received=2, stored=1, quarantined=1)
    connection.execute("UPDATE telemetry SET track_deg = NULL")  # the first is found to be wrong

    run("retry", "--reason", "conflicting-duplicate")

    assert books(connection) == Account(received=2, stored=1, duplicate=1)


def test_a_whole_payload_is_booked_as_what_it_holds(connection: Connection) -> None:
    """An array kept whole, by an earlier release, comes back as its samples, each in its place."""
    good = [a_sample(time=A_SAMPLE.time + timedelta(seconds=n)) for n in range(3)]
    bad = a_payload('"latitude_deg":91')
    array = b"[" + b",".join([*(wire.encode(one) for one in good), bad]) + b"]"
    refused = MalformedTelemetry("store-refused", detail="for a while")
    store.put(connection, [rejecting.unowned(Received(TOPIC, array, 1, 0, A_SAMPLE.time), refused)])
    store.book(connection, "worker", {sorting.NOBODY: Account(received=1, quarantined=1)})
    assert books(connection) == Account(received=1, quarantined=1)

    [result] = run("retry", "--all")

    assert result["books"] == {"received": 3, "stored": 3, "duplicate": 0, "quarantined": 0}
    assert books(connection) == Account(received=4, stored=3, quarantined=1)
    assert [row["reason"] for row in run("list")] == ["out-of-range"]


def test_what_the_database_still_refuses_waits_until_it_does_not(
    writer: Writer, connection: Connection
) -> None:
    connection.execute("ALTER TABLE telemetry ADD CONSTRAINT beast CHECK (altitude_m <> 666)")
    beast = a_payload('"altitude_m":666', '"seq":3', '"flight":"F1"')
    writer.refuse([Received(TOPIC, beast, 1, 0, A_SAMPLE.time)], "constraint beast")

    [refused] = run("retry", "--all", status=1)
    connection.execute("ALTER TABLE telemetry DROP CONSTRAINT beast")
    [settled] = run("retry", "--all")

    assert (refused["reason"], settled["outcome"]) == ("store-refused", "settled")
    assert books(connection) == Account(received=1, stored=1)
    assert connection.execute("SELECT seq_stored::text FROM flights").fetchone() == ("{[3,4)}",)


def test_a_row_is_settled_once(
    writer: Writer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(writer, EARLY)
    monkeypatch.setenv("SORAMICHI_INGEST_OLDEST_TIME", "1990-01-01T00:00:00Z")
    [row] = run("list")
    run("retry", str(row["id"]))

    assert run("retry", str(row["id"]), status=1)[0]["outcome"] == "not-waiting"
    assert run("retry", "999999", status=1)[0]["outcome"] == "not-waiting"
    assert books(connection) == Account(received=1, stored=1)


def test_a_retry_that_names_no_rows_is_refused() -> None:
    result = CliRunner().invoke(quarantine, ["retry"])

    assert "name the rows" in str(result.exception)


def test_people_read_lines_in_both_languages(writer: Writer) -> None:
    receive(writer, EARLY)

    lines = CliRunner().invoke(quarantine, ["list"]).stdout
    outcome = CliRunner().invoke(quarantine, ["retry", "--all"])

    assert "time-too-old (time)" in lines
    assert "rejected again / 再度不可: time-too-old" in outcome.stdout
    assert outcome.exit_code == 1
