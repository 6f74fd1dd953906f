"""One API process, configured from the environment: `python -m api`."""

from __future__ import annotations

import logging
import secrets

import uvicorn

from api.app import create_app
from soramichi.settings import ApiSettings, BrokerSettings, DatabaseSettings, load


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load(ApiSettings)
    # Process ids repeat in containers, and two with one name would take turns at the broker.
    name = f"api-{secrets.token_hex(8)}"
    uvicorn.run(
        create_app(settings, load(BrokerSettings), load(DatabaseSettings), name=name),
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
