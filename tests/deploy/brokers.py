"""Real brokers on free loopback ports, started from the files in deploy/ as they are."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soramichi.commands.broker_accounts import Accounts
from soramichi.embedded.folder import free_port
from soramichi.embedded.nats import nats_server
from soramichi.embedded.processes import Child, Command, wait_until
from soramichi.settings import BrokerSettings
from tests.servers import missing

DEPLOY = Path(__file__).parents[2] / "deploy"


def a_project(folder: Path, *operators: str) -> Accounts:
    """A copy of compose.yaml and deploy/ with accounts of its own."""
    shutil.copytree(DEPLOY, folder / "deploy", ignore=shutil.ignore_patterns("accounts", "secrets"))
    shutil.copy(DEPLOY.parent / "compose.yaml", folder)
    accounts = Accounts(folder)
    accounts.prepare()
    for operator in operators:
        accounts.add(operator)
    return accounts


@dataclass
class Broker:
    """A running broker and how to connect to it."""

    project: Path
    port: int
    child: Child
    monitoring: int = 0
    tls_ca_file: Path | None = None
    host: str = "127.0.0.1"
    environment: dict[str, str] = field(default_factory=dict)

    def settings(self, user: str) -> BrokerSettings:
        return BrokerSettings(
            host=self.host,
            port=self.port,
            username=user,
            password_file=Accounts(self.project).password_file(user),
            tls_ca_file=self.tls_ca_file,
        )

    def log(self) -> str:
        return self.child.command.log.read_text(errors="replace")

    def healthy(self) -> bool:
        """What the health check of compose.yaml asks: JetStream is current, every stream too."""
        with contextlib.suppress(OSError):
            url = f"http://127.0.0.1:{self.monitoring}/healthz"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(json.load(answer)["status"] == "ok")
        return False


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def start_nats(project: Path, name: str, config: str = "single.conf", **environment: str) -> Broker:
    """One node from deploy/nats/`config`; returns once the process listens (not yet healthy)."""
    port, monitoring = free_port(), free_port()
    values = {
        "NATS_NODE": name,
        "NATS_STORE": str(project / name),
        "NATS_MAX_STORE": "1GB",
        "NATS_MQTT": f'"127.0.0.1:{port}"',
        "NATS_MONITORING": f'"127.0.0.1:{monitoring}"',
        **environment,
    }
    child = Child(
        Command(
            name=name,
            arguments=[nats_server(), "--config", str(project / "deploy" / "nats" / config)],
            log=project / f"{name}.log",
            environment=values,
        )
    )
    return Broker(project, port, child, monitoring, environment=values)


@contextlib.contextmanager
def nats(project: Path, config: str = "single.conf", **environment: str) -> Iterator[Broker]:
    """One healthy node."""
    broker = start_nats(project, "nats", config, **environment)
    try:
        wait_until(broker.healthy, broker.child, timeout_s=20)
        yield broker
    finally:
        broker.child.stop()


def start_cluster(project: Path) -> list[Broker]:
    """Three nodes from cluster.conf, named `node-0` to `node-2` (not yet healthy)."""
    ports = [free_port() for _ in range(3)]
    routes = ", ".join(f'"nats-route://127.0.0.1:{port}"' for port in ports)
    return [
        start_nats(
            project,
            f"node-{number}",
            "cluster.conf",
            NATS_CLUSTER=f'"127.0.0.1:{port}"',
            NATS_ROUTES=f"[{routes}]",
        )
        for number, port in enumerate(ports)
    ]


def message_stream(node: Broker) -> dict[str, Any]:
    """How a node sees the group of the stream that holds every message."""
    groups: list[dict[str, Any]] = [
        stream["cluster"]
        for account in _jetstream(node).get("account_details") or ()
        for stream in account.get("stream_detail") or ()
        if stream["name"] == "$MQTT_msgs"
    ]
    return groups[0] if groups else {}


def meta_leader(node: Broker) -> str | None:
    """The name of the node that decides where streams live, as a node sees it."""
    leader: str | None = _jetstream(node).get("meta_cluster", {}).get("leader")
    return leader


def _jetstream(node: Broker) -> Any:
    url = f"http://127.0.0.1:{node.monitoring}/jsz?streams=true"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


@contextlib.contextmanager
def mosquitto(project: Path) -> Iterator[Broker]:
    """mosquitto with the committed configuration, its paths and port moved to `project`."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        missing("mosquitto")
    assert program is not None
    port = free_port()
    deploy = project / "deploy"
    data = project / "mosquitto-data"
    data.mkdir()
    config = deploy / "mosquitto" / "mosquitto.conf"
    moved = (
        config.read_text()
        .replace("listener 1883", f"listener {port} 127.0.0.1")
        .replace("accounts/", f"{deploy}/accounts/")
        .replace("acl_file ", f"acl_file {deploy}/")
        .replace("persistence_location data/", f"persistence_location {data}/")
    )
    # Started by root, mosquitto would turn into a user who may not enter the folder of the test.
    config.write_text(moved + ("user root\n" if os.geteuid() == 0 else ""))
    child = Child(
        Command(
            name="mosquitto",
            arguments=[program, "-c", str(config)],
            log=project / "mosquitto.log",
        )
    )
    try:
        wait_until(lambda: _listens(port), child, timeout_s=10)
        yield Broker(project, port, child)
    finally:
        child.stop()
