"""One ingest worker, configured from the environment: `python -m ingest`."""

from __future__ import annotations

import logging
import signal
from types import FrameType

from prometheus_client import start_http_server

from ingest.service import Service
from soramichi.settings import BrokerSettings, DatabaseSettings, IngestSettings, load


def main() -> None:
    """Run until SIGTERM or Ctrl-C, then settle what was received and end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load(IngestSettings)
    service = Service(load(BrokerSettings), load(DatabaseSettings), settings)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        service.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if settings.metrics_port:
        start_http_server(
            settings.metrics_port, addr=settings.metrics_host, registry=service.metrics.registry
        )
    service.run()


if __name__ == "__main__":
    main()
