"""One watcher, configured from the environment: `python -m watch`."""

from __future__ import annotations

import signal
from types import FrameType

from prometheus_client import start_http_server

from soramichi import logs
from soramichi.errors import carry_out, listening
from soramichi.settings import BrokerSettings, DatabaseSettings, LogSettings, WatchSettings, load
from watch.service import Service


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    logs.configure(load(LogSettings))
    settings = load(WatchSettings)
    service = Service(load(BrokerSettings), load(DatabaseSettings), settings)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        service.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if settings.metrics_port:
        host, port = settings.metrics_host, settings.metrics_port
        with listening(host, port, "metrics (SORAMICHI_WATCH_METRICS_HOST and _PORT)"):
            start_http_server(port, addr=host, registry=service.registry)
    service.run()


if __name__ == "__main__":
    carry_out(main)
