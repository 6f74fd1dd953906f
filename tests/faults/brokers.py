"""The brokers that the plan can be carried out on."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class BrokerUnderTest:
    """A started broker: how a user of it connects, and whether it deals out what workers share."""

    child: Child
    port: int
    user: Callable[[str], BrokerSettings]
    deals_out: bool


class ImpatientNats(Nats):
    """The embedded broker with another `ack_wait`."""

    ack_wait_s = 10.0

    def _config(self, pid_file: Path) -> Mapping[str, Any]:
        config = dict(super()._config(pid_file))
        return config | {"mqtt": config["mqtt"] | {"ack_wait": f"{self.ack_wait_s:g}s"}}


def start(
    kind: str, folder: DataFolder, *, operators: Sequence[str], workers: int, ack_wait_s: float
) -> BrokerUnderTest:
    """Start `nats` or `mosquitto`. Raises `Unavailable` when it cannot be."""
    if kind == "mosquitto":
        return _mosquitto(folder)
    nats = ImpatientNats(folder, operators=operators, workers=workers)
    nats.ack_wait_s = ack_wait_s
    return BrokerUnderTest(nats.start(), nats.port, nats.settings, deals_out=False)


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
        child, port, lambda user: BrokerSettings(port=port, username=user), deals_out=True
    )
