"""`soramichi simulate` and `replay` as a person runs them, against a real broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from soramichi.embedded.folder import free_port
from tests.simulators.conftest import Broker, samples_in, wait_for

ROOT = Path(__file__).parents[2]
PX4 = ROOT.parent / "shared" / "data" / "flights" / "px4_real_log_small.ulg"


def environment(
    port: int, broker: Broker | None = None, folder: Path | None = None
) -> dict[str, str]:
    own = {"SORAMICHI_BROKER_PORT": str(port)}
    if broker and folder:
        credentials = folder / "credentials.json"
        credentials.write_text(json.dumps(broker.passwords))
        own["SORAMICHI_SIMULATE_CREDENTIALS_FILE"] = str(credentials)
    return {**os.environ, **own}


def run(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        env=env,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


def test_the_scenarios_are_listed() -> None:
    listed = run("simulators", "--list", "--json", env=dict(os.environ))

    assert [row["scenario"] for row in json.loads(listed.stdout)] == [
        "spain-village-centrair",
        "toba-island-loop",
        "kuzushima-circuit",
        "fleet",
    ]


@pytest.mark.broker
def test_simulate_ends_after_its_duration_with_all_receipted(
    broker: Broker, tmp_path: Path
) -> None:
    env = environment(broker.settings.port, broker, tmp_path)
    with broker.listening() as heard:
        done = run(
            "soramichi", "simulate", "--fleet", "20", "--speed", "10", "--duration", "4",
            "--faults", "drop=0.05,duplicate=0.05,reorder=0.05", "--json", env=env,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        wait_for(lambda: len(samples_in(heard)) >= report["published"], 10)

    got = samples_in(heard)
    assert report["unreceipted"] == 0
    assert set(report["operators"]) == {"mie-demo", "toba-tourism", "minami-ise", "fleet"}
    # Every sample is of a flight, and is numbered in it; the bridge may send one again, and leaves
    # out the second copy of one that still waits for its receipt.
    alike = {(sample.flight, sample.seq): sample for sample in got}
    assert all(alike[sample.flight, sample.seq] == sample for sample in got)
    assert report["published"] == sum(report["operators"].values())
    assert len(alike) <= report["published"] <= len(alike) + report["duplicated"]
    assert report["published"] <= len(got)
    assert report["published"] > 600


@pytest.mark.broker
@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_sigterm_ends_an_endless_simulation_cleanly(broker: Broker, tmp_path: Path) -> None:
    env = environment(broker.settings.port, broker, tmp_path)
    with broker.listening() as heard:
        process = subprocess.Popen(
            [sys.executable, "-m", "soramichi", "simulate", "toba-island-loop", "--json"],
            stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT,
        )  # fmt: skip
        wait_for(lambda: len(samples_in(heard)) > 5, 20)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert json.loads(out)["unreceipted"] == 0


@pytest.mark.broker
@pytest.mark.skipif(not PX4.exists(), reason="../shared/data is not here")
def test_a_real_px4_log_is_replayed_whole(broker: Broker, tmp_path: Path) -> None:
    env = environment(broker.settings.port, broker, tmp_path)
    with broker.listening() as heard:
        done = run("soramichi", "replay", str(PX4), "--speed", "max", "--json", env=env)
        wait_for(lambda: len(samples_in(heard)) == 32, 10)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["published"] == 32
    topics = {topic for topic, _, _ in heard if topic.endswith("telemetry")}
    assert topics == {"soramichi/v1/replay/px4_real_log_small/telemetry"}
    assert [s.seq for s in samples_in(heard)] == list(range(32))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("simulate", "--faults", "lose=1"), "--faults"),
        (("simulate", "nowhere"), "spain-village-centrair"),
        (("simulate", "--rate", "0"), "rate"),
        (("replay", "no-such-file.gpx"), "cannot be read"),
        (("replay", __file__), "none of the known kinds"),
        (("replay", __file__, "--speed", "-1"), "--speed"),
        (("replay", __file__, "--aircraft", "a/b"), "--aircraft"),
    ],
)
def test_bad_input_is_one_clear_message_and_exit_2(arguments: tuple[str, ...], says: str) -> None:
    done = run("soramichi", *arguments, env=environment(free_port()))

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
