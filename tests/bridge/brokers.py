"""Real brokers on free ports, which can be killed and come back."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import Self

from soramichi.embedded.folder import free_port


class Broker:
    """A broker process; `kill` is SIGKILL, `start` again keeps the port and the folder."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._command = self._nats() if kind == "nats" else self._mosquitto()
        self.start()

    def start(self) -> None:
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline_s = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline_s, (self._folder / "broker.log").read_text()
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _mosquitto(self) -> list[str]:
        """Without persistence: killed, it forgets everything it acknowledged."""
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        config = self._folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
            "max_queued_messages 0\n"
        )
        return [program, "-c", str(config)]

    def _nats(self) -> list[str]:
        config = self._folder / "nats.json"
        settings = {
            "server_name": "bridge-test",
            "listen": "127.0.0.1:-1",
            "jetstream": {"store_dir": str(self._folder / "jetstream")},
            "mqtt": {"listen": f"127.0.0.1:{self.port}", "max_ack_pending": 4096},
        }
        config.write_text(json.dumps(settings))
        return [str(Path(sysconfig.get_path("scripts")) / "nats-server"), "-c", str(config)]
