"""The brokers that the plan can be carried out on."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soramichi.embedded.folder import DataFolder, free_port
from soramichi.embedded.nats import Nats
from soramichi.embedded.processes import Child, Command, wait_until
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings
from tests.deploy import brokers as deployed

PARTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerUnderTest:
    """A started broker of one node or three, each with its port.

    `user` says how a user connects, `deals_out` whether it shares messages out
    among workers. `stream_leader` and `cluster_leader` say which node leads
    now, None when none does; `healthy` whether every node is up and has caught
    up, so that one may be spared.
    """

    nodes: Sequence[Child]
    ports: Sequence[int]
    user: Callable[[str], BrokerSettings]
    deals_out: bool = False
    stream_leader: Callable[[], int | None] = lambda: 0
    cluster_leader: Callable[[], int | None] = lambda: 0
    healthy: Callable[[], bool] = lambda: True


class ImpatientNats(Nats):
    """The embedded broker with another `ack_wait`."""

    ack_wait_s = 10.0

    def _config(self, pid_file: Path) -> Mapping[str, Any]:
        config = dict(super()._config(pid_file))
        return config | {"mqtt": config["mqtt"] | {"ack_wait": f"{self.ack_wait_s:g}s"}}


def start(
    kind: str, folder: DataFolder, *, operators: Sequence[str], workers: int, ack_wait_s: float
) -> BrokerUnderTest:
    """Start `nats`, `mosquitto` or `cluster`. Raises `Unavailable` when it cannot be."""
    if kind == "mosquitto":
        return _mosquitto(folder)
    if kind == "cluster":
        assert workers == PARTS, "cluster.conf deals the aircraft out to two workers"
        return _cluster(folder, operators)
    nats = ImpatientNats(folder, operators=operators, workers=workers)
    nats.ack_wait_s = ack_wait_s
    return BrokerUnderTest(nodes=[nats.start()], ports=[nats.port], user=nats.settings)


def _cluster(folder: DataFolder, operators: Sequence[str]) -> BrokerUnderTest:
    """Three nodes from the committed configuration, its ack_wait included."""
    project = folder.path / "project"
    project.mkdir()
    deployed.a_project(project, *operators)
    nodes = deployed.start_cluster(project)
    for node in nodes:
        wait_until(node.healthy, node.child, timeout_s=60)

    def leader(ask: Callable[[deployed.Broker], str | None]) -> int | None:
        for node in nodes:
            with contextlib.suppress(OSError):
                name = ask(node)
                return None if not name else int(name.removeprefix("node-"))
        return None

    return BrokerUnderTest(
        nodes=[node.child for node in nodes],
        ports=[node.port for node in nodes],
        user=nodes[0].settings,
        stream_leader=lambda: leader(lambda node: deployed.message_stream(node).get("leader")),
        cluster_leader=lambda: leader(deployed.meta_leader),
        healthy=lambda: all(node.healthy() for node in nodes),
    )


def _mosquitto(folder: DataFolder) -> BrokerUnderTest:
    """With its limits lifted, as it must be, and its stock autosave every half an hour."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise Unavailable("mosquitto is not installed; apt-get install mosquitto")
    port = free_port()
    config = folder.path / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
        f"persistence_location {folder.path}/\nmax_queued_messages 0\nmax_inflight_messages 2000\n"
        + ("user root\n" if os.geteuid() == 0 else "")
    )
    command = [program, "-c", str(config)]
    child = Child(Command(name="mosquitto", arguments=command, log=folder.log("mosquitto")))
    # Nothing of NATS is started: only its way of asking whether a port answers.
    wait_until(Nats(folder, port=port).answers, child, timeout_s=10)
    return BrokerUnderTest(
        nodes=[child],
        ports=[port],
        user=lambda user: BrokerSettings(port=port, username=user),
        deals_out=True,
    )
