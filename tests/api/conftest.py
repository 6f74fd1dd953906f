"""A real server in a thread, between a real broker and a real database."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from soramichi.settings import ApiSettings, DatabaseSettings
from tests.servers import Broker, a_broker, publish_operator

STAFF_TOKEN = "for-tests-only"


@dataclass
class Server:
    """Where it listens, the broker it listens to, and the application."""

    url: str
    broker: Broker
    app: FastAPI


@pytest.fixture
def server(database: DatabaseSettings, tmp_path: Path) -> Iterator[Server]:
    """Shows all of the operator `mie-demo`, and nothing of anybody else."""
    with serving(database, tmp_path) as running:
        yield running


@contextmanager
def serving(database: DatabaseSettings, tmp_path: Path, **settings: Any) -> Iterator[Server]:
    """The same with more settings."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    token = tmp_path / "token"
    token.write_text(STAFF_TOKEN)
    publish_operator(database, "mie-demo")
    with a_broker("nats", tmp_path / "broker") as broker:
        chosen = ApiSettings(port=port, stream_interval_ms=100, staff_token_file=token, **settings)
        app = create_app(chosen, broker.settings(), database)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([listening],))
        thread.start()
        while not running.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield Server(f"http://127.0.0.1:{port}", broker, app)
        running.should_exit = True
        thread.join(10)
