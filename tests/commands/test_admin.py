"""`migrate`, `doctor` and `symposium` as those who run the platform meet them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from soramichi.settings import DatabaseSettings, environment
from tests.servers import Broker, DatabaseServer


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "soramichi", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


NOWHERE = {
    "SORAMICHI_BROKER_PORT": "1",
    "SORAMICHI_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
}


def test_doctor_names_every_fault_and_what_to_do_about_it() -> None:
    done = run("doctor", "--json", **NOWHERE)

    findings = {one["check"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 1
    assert [name for name, one in findings.items() if not one["ok"]] == [
        "broker", "database", "extension", "clock",
    ]  # fmt: skip
    assert all(one["advice"] for one in findings.values())


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_doctor_finds_a_sound_platform_sound(broker: Broker, database: DatabaseSettings) -> None:
    done = run("doctor", **environment(broker.settings()), **environment(database))

    assert done.returncode == 0, done.stdout
    assert "NO" not in done.stdout


def test_migrate_says_what_it_did_and_then_that_nothing_is_due(
    database_server: DatabaseServer,
) -> None:
    empty = database_server.create(template=None)
    first = run("migrate", "--json", **environment(empty))
    second = run("migrate", **environment(empty))
    database_server.drop(empty)

    assert json.loads(first.stdout)["applied"][0] == "0001_registry"
    assert (second.returncode, "up to date" in second.stdout) == (0, True)


def test_a_command_without_its_database_is_one_clear_line(tmp_path: Path) -> None:
    done = run("symposium", "list", **NOWHERE)

    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "soramichi doctor" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_database_without_a_schema_is_told_how_to_get_one(
    database_server: DatabaseServer,
) -> None:
    empty = database_server.create(template=None)
    done = run("symposium", "list", **environment(empty))
    database_server.drop(empty)

    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "soramichi migrate" in done.stderr


def test_a_symposium_is_made_publishes_and_withdraws(database: DatabaseSettings) -> None:
    variables = environment(database)
    made = run(
        "symposium", "create", "yokkaichi", "--name-ja", "四日市シンポジウム",
        "--name-en", "Yokkaichi symposium", "--starts", "2026-11-28T10:00:00+09:00",
        "--ends", "2026-11-28T16:00:00+09:00", **variables,
    )  # fmt: skip
    run("symposium", "publish", "yokkaichi", "--aircraft", "JA01", "--flight", "F1", **variables)
    run("symposium", "withdraw", "yokkaichi", "--flight", "F1", **variables)
    listed = run("symposium", "list", "--json", **variables)

    assert made.returncode == 0, made.stderr
    [one] = json.loads(listed.stdout)
    assert one["starts_at"] == "2026-11-28T01:00:00+00:00"
    assert one["published"] == [{"kind": "aircraft", "id": "JA01"}]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("create", "x", "--name-ja", "あ", "--name-en", "a", "--starts", "tomorrow"), "tomorrow"),
        (("create", "x", "--name-ja", "あ", "--name-en", "a", "--starts", "2026-11-28"), "zone"),
        (("publish", "x"), "--operator"),
    ],
)
def test_a_symposium_that_makes_no_sense_is_told_why(arguments: tuple[str, ...], word: str) -> None:
    done = run("symposium", *arguments)

    assert done.returncode == 2
    assert word in done.stderr


def test_an_unknown_symposium_is_a_no(database: DatabaseSettings) -> None:
    done = run("symposium", "publish", "none", "--aircraft", "JA01", **environment(database))

    assert done.returncode == 1
    assert "none" in done.stderr
