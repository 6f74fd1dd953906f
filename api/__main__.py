"""One API process, configured from the environment: `python -m api`."""

from __future__ import annotations

import secrets

import uvicorn

from api.app import create_app
from soramichi import logs
from soramichi.settings import ApiSettings, BrokerSettings, DatabaseSettings, LogSettings, load


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    logs.configure(load(LogSettings))
    settings = load(ApiSettings)
    # Process ids repeat in containers, and two with one name would take turns at the broker.
    name = f"api-{secrets.token_hex(8)}"
    uvicorn.run(
        create_app(settings, load(BrokerSettings), load(DatabaseSettings), name=name),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
