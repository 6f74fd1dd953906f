"""`python -m api` as an administrator meets it who set it up wrongly."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path


def started(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = started(SORAMICHI_API_PORT=port)

    assert done.returncode == 3
    assert f"port {port} on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_host_that_is_not_ours_is_not_called_a_taken_port() -> None:
    done = started(SORAMICHI_API_HOST="192.0.2.1", SORAMICHI_API_PORT="0")

    assert done.returncode == 3
    assert "192.0.2.1" in done.stderr
    assert "in use" not in done.stderr


def test_a_setting_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    faults = {
        "SORAMICHI_API_PORT": ("99999", "SORAMICHI_API_PORT"),
        "SORAMICHI_API_STAFF_TOKEN_FILE": (str(tmp_path / "token"), "is empty"),
        "SORAMICHI_API_TERRAIN_FOLDER": (str(tmp_path / "hills"), "is no folder"),
        "SORAMICHI_API_POPULATION_FILE": (str(tmp_path / "people.csv"), "is no file"),
    }
    for variable, (value, told) in faults.items():
        done = started(**{variable: value})
        assert done.returncode == 2, variable
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_server_that_only_shows_flights_does_not_load_the_compiler() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import api.app, sys; sys.exit('numba' in sys.modules)"],
        timeout=60,
        check=False,
    )

    assert done.returncode == 0
