"""The NATS server from the wheel: JetStream on disk behind an MQTT listener.

Every user has a password and may speak only on its own subjects. An MQTT topic
`a/b/c` is the subject `a.b.c`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from soramichi.embedded.folder import DataFolder, free_port
from soramichi.embedded.processes import Child, Command, end_leftover, wait_until
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings

PLATFORM = "platform"


def permissions(user: str) -> dict[str, Any]:
    """What one user may say and hear: the platform everything of ours, an operator its own.

    `$MQTT.sub.>` is where the server itself delivers QoS 1 messages to a session.
    """
    if user == PLATFORM:
        return {
            "publish": [
                "soramichi.v1.*.*.receipt",
                "soramichi.v1.*.*.event",
                "soramichi.v1.live",
                "soramichi.v1.heartbeat.*",
            ],
            "subscribe": ["soramichi.v1.>", "$MQTT.sub.>"],
        }
    own = f"soramichi.v1.{user}.*"
    return {
        # Below telemetry is a worker's part, where a cluster divides the work: NATS judges the
        # right to publish after it has mapped the topic to its part.
        "publish": [f"{own}.telemetry", f"{own}.telemetry.*", f"{own}.status"],
        "subscribe": [f"{own}.receipt", f"{own}.event", f"{own}.status", "$MQTT.sub.>"],
    }


def mappings(workers: int) -> dict[str, str]:
    """How telemetry is divided over ingest workers: {} for one, who reads what was published.

    The samples of an aircraft always reach the same worker, number 0 to
    `workers` - 1, which reads `soramichi/v1/+/+/telemetry/NUMBER`. The right to
    publish is judged after this mapping.
    """
    if workers == 1:
        return {}
    part = f"{{{{partition({workers},1,2)}}}}"
    to = f"soramichi.v1.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}.telemetry.{part}"
    return {"soramichi.v1.*.*.telemetry": to}


class Nats:
    """One broker that keeps its streams in `folder/nats`; `workers` share its telemetry."""

    def __init__(
        self,
        folder: DataFolder,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        operators: Sequence[str] = (),
        workers: int = 1,
    ) -> None:
        self.host = host
        self.port = port or free_port(host)
        self.operators = tuple(operators)
        self.workers = workers
        self._folder = folder
        self._data = folder.path / "nats"
        self.child: Child | None = None

    def settings(self, user: str = PLATFORM) -> BrokerSettings:
        """How a client connects as `user`."""
        return BrokerSettings(
            host="127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host,  # noqa: S104
            port=self.port,
            username=user,
            password_file=self._folder.secret(f"mqtt-{user}"),
        )

    def start(self) -> Child:
        """Start it and return once it listens. Raises `Unavailable` with the end of its log."""
        self._data.mkdir(exist_ok=True)
        pid_file = self._data / "nats.pid"
        config = self._data / "nats.json"
        end_leftover(pid_file, needle=str(config), stop_signal=signal.SIGTERM)
        config.touch(mode=0o600)
        config.write_text(json.dumps(self._config(pid_file), indent=2))
        self.child = Child(
            Command(
                name="nats",
                arguments=[nats_server(), "--config", str(config)],
                log=self._folder.log("nats"),
            )
        )
        wait_until(self.answers, self.child, timeout_s=30)
        return self.child

    def answers(self) -> bool:
        """Whether the MQTT listener accepts a connection right now."""
        with contextlib.suppress(OSError):
            socket.create_connection((self.settings().host, self.port), timeout=1).close()
            return True
        return False

    def _config(self, pid_file: Path) -> Mapping[str, Any]:
        users = [
            {
                "user": user,
                "password": self._folder.secret(f"mqtt-{user}").read_text(),
                "permissions": permissions(user),
            }
            for user in (PLATFORM, *self.operators)
        ]
        return {
            "server_name": "soramichi",
            "listen": "127.0.0.1:-1",
            "pid_file": str(pid_file),
            "jetstream": {"store_dir": str(self._data / "jetstream"), "max_memory_store": 64 << 20},
            "mqtt": {
                "listen": f"{self.host}:{self.port}",
                # What a killed worker held reaches its successor after ack_wait. A living one is
                # sent it again too, when a commit takes that long, and knows it by its packet id.
                # The window is what one worker may hold.
                "ack_wait": "10s",
                "max_ack_pending": 16384,
            },
            "authorization": {"users": users},
            # Well above what the wire contract allows, so that an oversized message reaches
            # quarantine and its sender's books instead of ending the sender's connection.
            "max_payload": 4 << 20,
            # What waits for a client that does not read for a while. Beyond it the broker ends the
            # connection, and what was on its way comes again only after `ack_wait`; the window
            # above, full of arrays of 100 samples (25 kB), is 400 MB.
            "max_pending": 512 << 20,
            "mappings": mappings(self.workers),
        }


def nats_server() -> str:
    """The program from the wheel beside our Python, else the one on the path."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise Unavailable("nats-server is not installed; run `make setup`")
    return found
