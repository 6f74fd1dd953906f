"""The demo as its user meets it: one command, an orderly end, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psutil
import psycopg
import pytest

PROGRAM = [sys.executable, "-m", "soramichi", "demo", "--json", "--port", "0"]


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A demo that says it is ready; killed at the end if it still runs."""
    process = subprocess.Popen(
        [*PROGRAM, "--data-dir", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("Ctrl-C"):
                break
        else:
            pytest.fail("".join(said))
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> dict[str, object]:
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    summary = json.loads(out)
    assert isinstance(summary, dict)
    return summary


def processes_of(folder: Path) -> dict[str, psutil.Process]:
    """The servers and workers that belong to this folder, by name."""
    found = {}
    for process in psutil.process_iter(["cmdline", "environ"]):
        line = " ".join(process.info["cmdline"] or [])
        variables = process.info["environ"] or {}
        if f"{folder}/" not in line and not any(f"{folder}/" in v for v in variables.values()):
            continue
        for name in ("postgres -D", "nats-server", "-m ingest", "-m api", "-m simulators"):
            if name in line:
                found[name.split()[-1] if name.startswith("-m") else name.split()[0]] = process
    return found


def wait_until_gone(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while processes_of(folder):
        assert time.monotonic() < deadline, processes_of(folder)
        time.sleep(0.05)


def kill_until_it_comes_back(folder: Path, name: str) -> None:
    killed = processes_of(folder)[name]
    killed.kill()
    deadline = time.monotonic() + 60
    while (found := processes_of(folder).get(name)) is None or found.pid == killed.pid:
        assert time.monotonic() < deadline, name
        time.sleep(0.05)


def stored(folder: Path, aircraft: str = "%") -> list[tuple[datetime, float, str]]:
    """Time, altitude and datum of the rows in `telemetry`, from the running demo's database."""
    lines = (folder / "running.env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    password = Path(variables["SORAMICHI_DATABASE_PASSWORD_FILE"]).read_text()
    with psycopg.connect(variables["SORAMICHI_DATABASE_URL"], password=password) as connection:
        return connection.execute(
            "SELECT time, altitude_m, altitude_datum FROM soramichi.telemetry"
            " WHERE aircraft_id LIKE %s ORDER BY time",
            (aircraft,),
        ).fetchall()


def wait_for_rows(folder: Path, *, more_than: int = 0) -> int:
    """How many rows there are once there are more than so many."""
    deadline = time.monotonic() + 60
    while (found := len(stored(folder))) <= more_than:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def test_a_timed_demo_accounts_for_every_sample_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "--data-dir", str(tmp_path), "--duration", "4", "--fleet", "20"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    books = json.loads(done.stdout)
    assert books["published"] == books["stored"] + books["duplicate"] + books["quarantined"] > 50
    assert books["quarantined"] == 0
    assert processes_of(tmp_path) == {}


def test_the_second_start_keeps_the_data_whether_ended_or_killed(tmp_path: Path) -> None:
    with demo(tmp_path) as first:
        wait_for_rows(tmp_path)
        kept = end(first, signal.SIGINT)["stored"]
    wait_until_gone(tmp_path)
    with demo(tmp_path) as second:
        assert isinstance(kept, int)
        before_kill = wait_for_rows(tmp_path, more_than=kept)
        second.kill()
    wait_until_gone(tmp_path)
    with demo(tmp_path) as third:
        assert len(stored(tmp_path)) >= before_kill
        end(third)
    wait_until_gone(tmp_path)


def test_whatever_is_killed_comes_back_and_no_sample_is_missing(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        wait_for_rows(tmp_path)
        for name in ("ingest", "nats-server", "api", "postgres"):
            kill_until_it_comes_back(tmp_path, name)
        books = end(running)

    assert books["balanced"] is True, books
    assert books["stored"] == books["published"] != 0, books


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*PROGRAM[:-1], str(port), "--data-dir", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 3
    assert f"port {port} on 127.0.0.1" in done.stderr
    assert processes_of(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_named() -> None:
    done = subprocess.run(
        [*PROGRAM, "--data-dir", "/dev/null/data"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 3
    assert "/dev/null/data cannot be written" in done.stderr


def test_a_folder_in_use_names_who_uses_it(tmp_path: Path) -> None:
    with demo(tmp_path) as first:
        done = subprocess.run(
            [*PROGRAM, "--data-dir", str(tmp_path)], capture_output=True, text=True, check=False
        )

        assert done.returncode == 3
        assert f"in use by process {first.pid}" in done.stderr
        end(first)


def test_a_folder_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    with demo(tmp_path) as first:
        lines = (tmp_path / "running.env").read_text().splitlines()
        variables = dict(line.split("=", 1) for line in lines)
        password = Path(variables["SORAMICHI_DATABASE_PASSWORD_FILE"]).read_text()
        with psycopg.connect(variables["SORAMICHI_DATABASE_URL"], password=password) as connection:
            connection.execute(
                "INSERT INTO soramichi.schema_migrations (version, name, variant, checksum)"
                " VALUES (9999, 'later', '', 'x')"
            )
        end(first)

    done = subprocess.run(
        [*PROGRAM, "--data-dir", str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 3
    assert "schema 9999" in done.stderr
    wait_until_gone(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="already an ordinary user")
def test_an_ordinary_user_can_run_it_too(tmp_path: Path) -> None:
    python = Path(sys.executable).resolve()
    unreachable = [p for p in python.parents if not p.stat().st_mode & 0o001]
    if unreachable:
        pytest.skip(f"an ordinary user cannot enter {unreachable[0]}, where this Python is")
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    for parent in tmp_path.parents:
        if parent.owner() == "root" and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *PROGRAM,
         "--data-dir", str(folder / "data"), "--duration", "2"],
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["balanced"] is True
