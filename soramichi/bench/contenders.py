"""Who is measured beside whom: how each consumer is started as a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from soramichi.bench.stage import Stage
from soramichi.embedded.processes import Child
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings, DatabaseSettings, environment

PEER = Path(__file__).parent / "peer"
TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Consumer:
    """How one is started, and whether it stores; `workers` share the stream."""

    start: Callable[[Stage, dict[str, str], int], Sequence[Child]]
    stores: bool = True
    workers: int = 1


def _program(name: str) -> Callable[[Stage, dict[str, str], int], Sequence[Child]]:
    def start(where: Stage, variables: dict[str, str], messages: int) -> Sequence[Child]:
        line = [sys.executable, "-m", "soramichi.bench.consumers", name, str(messages)]
        return [where.run(name, line, variables)]

    return start


def _ours(filters: Sequence[str]) -> Callable[[Stage, dict[str, str], int], Sequence[Child]]:
    def start(where: Stage, variables: dict[str, str], _messages: int) -> Sequence[Child]:
        return [
            where.run(
                "ingest",
                [sys.executable, "-m", "ingest"],
                variables
                | {
                    "SORAMICHI_INGEST_CLIENT_ID": f"bench-{number}",
                    "SORAMICHI_INGEST_TOPIC_FILTER": topic_filter,
                    "SORAMICHI_INGEST_METRICS_PORT": "0",
                },
            )
            for number, topic_filter in enumerate(filters)
        ]

    return start


def _node(where: Stage, variables: dict[str, str], messages: int) -> Sequence[Child]:
    database = conninfo_to_dict(variables["SORAMICHI_DATABASE_URL"])
    secret = Path(variables["SORAMICHI_DATABASE_PASSWORD_FILE"]).read_text()
    broker_secret = variables.get("SORAMICHI_BROKER_PASSWORD_FILE")
    peer = {
        "HOST": variables["SORAMICHI_BROKER_HOST"],
        "PORT": variables["SORAMICHI_BROKER_PORT"],
        "MQTT_USER": variables.get("SORAMICHI_BROKER_USERNAME", ""),
        "MQTT_PASSWORD": Path(broker_secret).read_text() if broker_secret else "",
        "DATABASE": "postgresql://{user}:{}@{host}:{port}/{dbname}".format(secret, **database),
    }
    line = [node_program() or "node", str(peer_folder() / "peer.mjs"), str(messages)]
    return [where.run("node", line, peer)]


def node_program() -> str | None:
    """Node from the wheel beside our Python, else the one on the path, else None."""
    beside = Path(sysconfig.get_path("scripts")) / "node"
    return str(beside) if beside.exists() else shutil.which("node")


def peer_folder() -> Path:
    """Where the peer and its packages are; installed under build/ at first use.

    Raises `Unavailable` with npm's words when they cannot be had.
    """
    folder = Path("build/bench-peer").resolve()
    shutil.copytree(PEER, folder, dirs_exist_ok=True)
    if not (folder / "node_modules").is_dir():
        npm = Path(node_program() or "node").with_name("npm")
        done = subprocess.run(
            [str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Unavailable(f"the node peer cannot be installed: {done.stderr.strip()[-300:]}")
    return folder


def consumers(kind: str) -> dict[str, Consumer]:
    """Those measured on a kind of broker, by name."""
    plain = "soramichi/v1/+/+/telemetry"
    two = [f"{plain}/0", f"{plain}/1"] if kind == "nats" else [f"$share/ingest/{plain}"] * 2
    found = {
        "transport": Consumer(_program("reader"), stores=False),
        "paho_idle": Consumer(_program("paho"), stores=False),
        "tutorial": Consumer(_program("tutorial")),
        "ours": Consumer(_ours([plain])),
        "ours_two_workers": Consumer(_ours(two), workers=2),
    }
    if node_program():
        found["node"] = Consumer(_node)
    return found


def variables(broker: BrokerSettings, database: DatabaseSettings) -> dict[str, str]:
    """How a consumer finds its servers."""
    return environment(broker) | environment(database) | {"PYTHONUNBUFFERED": "1"}


def await_word(word: str, child: Child) -> None:
    """Return once it has said so. Raises `Unavailable` with its log when it never does."""
    deadline = time.monotonic() + TIMEOUT_S
    while word not in child.command.log.read_text():
        if child.exit_code is not None or time.monotonic() > deadline:
            raise Unavailable(f"{child.command.name} is not {word}; its log:\n{child.log_tail()}")
        time.sleep(0.01)
