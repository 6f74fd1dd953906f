"""`soramichi bridge` as an operator runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from soramichi.bridge import Bridge, BrokerAddress
from soramichi.commands.bridge import bridge as command
from soramichi.embedded.folder import free_port
from soramichi.errors import BadSettings
from tests.bridge.brokers import Broker
from tests.bridge.receiver import Receiver
from tests.bridge.samples import stretch

pytestmark = pytest.mark.broker


def start(port: int, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "SORAMICHI_BROKER_PORT": str(port),
        "SORAMICHI_OPERATOR": "mie",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "soramichi.bridge", "--json", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def lines(first: int, end: int) -> str:
    samples = stretch(first, end)
    return "".join(json.dumps({"aircraft": name, **own}) + "\n" for name, own in samples)


def status(spool: Path) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(command, ["--spool", str(spool), "--status", "--json"])
    return result.exit_code, json.loads(result.stdout)["outstanding"]


def test_lines_are_forwarded_receipted_and_accounted_for(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    process = start(mosquitto.port, "--spool", str(tmp_path / "s"), "--drain", "10")
    out, err = process.communicate(lines(0, 700))
    assert process.returncode == 0, err
    report = json.loads(out)
    assert report["counts"]["accepted"] == report["counts"]["receipted"] == 700
    assert report["outstanding"]["samples"] == 0
    assert {key[0] for key in receiver.stored} == {"JA01"}
    assert not any("aircraft" in sample for sample in receiver.stored.values())


def test_a_bad_line_is_named_and_the_others_go_through(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    process = start(mosquitto.port, "--spool", str(tmp_path / "s"), "--drain", "10")
    out, err = process.communicate(lines(0, 3) + "nonsense\n" + lines(3, 5).rstrip("\n"))
    assert process.returncode == 2
    assert "refused: a sample must be a JSON object" in err
    assert json.loads(out)["counts"]["refused"] == 1
    assert len(receiver.stored) == 5


def test_sigterm_ends_it_and_says_how_many_stay(tmp_path: Path) -> None:
    process = start(free_port(), "--spool", str(tmp_path / "s"))
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(lines(0, 40))
    process.stdin.flush()
    assert "no connection to the broker" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 1
    assert json.loads(out)["outstanding"]["samples"] == 40
    assert status(tmp_path / "s") == (1, json.loads(out)["outstanding"])


def test_status_can_be_asked_while_a_bridge_runs(tmp_path: Path) -> None:
    address = BrokerAddress("127.0.0.1", free_port())
    with Bridge(address, operator_id="mie", spool=tmp_path / "s") as running:
        running.publish_all(stretch(0, 12))
        code, outstanding = status(tmp_path / "s")
    assert (code, outstanding["samples"]) == (1, 12)
    assert outstanding["flights"][0]["aircraft_id"] == "JA01"


def test_at_the_bound_stdin_waits_and_nothing_is_lost(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    receiver.silent = True
    arguments = ("--spool", str(tmp_path / "s"), "--max-bytes", "150000", "--drain", "10")
    process = start(mosquitto.port, *arguments)
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(lines(0, 800))
    process.stdin.flush()
    assert "waiting" in process.stderr.readline()
    receiver.silent = False
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert len(receiver.stored) == 800


def test_a_damaged_spool_stops_it_until_it_is_set_aside(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    spool = tmp_path / "s"
    spool.write_bytes(b"broken " * 5000)
    process = start(mosquitto.port, "--spool", str(spool))
    _, err = process.communicate(lines(0, 1))
    assert process.returncode == 2
    assert "--set-aside-damaged" in err
    process = start(mosquitto.port, "--spool", str(spool), "--set-aside-damaged")
    process.communicate(lines(0, 1))
    assert process.returncode == 0
    assert len(receiver.stored) == 1
    assert [path.read_bytes() for path in tmp_path.glob("s.damaged-*")] == [b"broken " * 5000]


def test_a_spool_in_use_is_not_set_aside(tmp_path: Path) -> None:
    spool = tmp_path / "s"
    with Bridge(BrokerAddress("127.0.0.1", free_port()), operator_id="mie", spool=spool) as running:
        running.publish_all(stretch(0, 12))
        process = start(free_port(), "--spool", str(spool), "--set-aside-damaged")
        _, err = process.communicate(lines(0, 1))
        assert process.returncode == 3
        assert "in use by another bridge" in err
        assert list(tmp_path.glob("s.damaged-*")) == []
    assert status(spool)[1]["samples"] == 12


def test_a_password_comes_from_its_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    environment = {
        "SORAMICHI_BROKER_HOST": "broker.example",
        "SORAMICHI_BROKER_USERNAME": "mie",
        "SORAMICHI_BROKER_PASSWORD_FILE": str(tmp_path / "secret"),
    }
    address = BrokerAddress.from_environment(environment)
    assert (address.host, address.port, address.password) == ("broker.example", 1883, "hush")
    assert "hush" not in repr(address)
    with pytest.raises(BadSettings, match="PORT"):
        BrokerAddress.from_environment({"SORAMICHI_BROKER_PORT": "mqtt"})
