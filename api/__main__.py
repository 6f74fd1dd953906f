"""One API process, configured from the environment: `python -m api`."""

from __future__ import annotations

import logging
import resource
import secrets
import socket

import uvicorn

from api.app import create_app
from soramichi import logs
from soramichi.errors import BadSettings, carry_out, listening
from soramichi.settings import ApiSettings, BrokerSettings, DatabaseSettings, LogSettings, load

log = logging.getLogger(__name__)

# A viewer that takes nothing for so long is cut off; one that lives comes back by itself.
_PATIENCE_MS = 30_000
# Files and connections that are no streams.
_OTHER_FILES = 1_000
_BACKLOG = 2_048  # uvicorn's own


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    logs.configure(load(LogSettings))
    settings = load(ApiSettings)
    _require_files(settings)
    _allow_files(settings.stream_max_viewers + _OTHER_FILES)
    # Process ids repeat in containers, and two with one name would take turns at the broker.
    name = f"api-{secrets.token_hex(8)}"
    config = uvicorn.Config(
        create_app(settings, load(BrokerSettings), load(DatabaseSettings), name=name),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    accepting = _listen(settings.host, settings.port)
    # Accepted connections inherit it. Elsewhere than on Linux TCP itself decides when to give up.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        accepting.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _PATIENCE_MS)
    uvicorn.Server(config).run(sockets=[accepting])


def _require_files(settings: ApiSettings) -> None:
    """Tell now what is missing, not the first who asks. Raises `BadSettings`."""
    settings.staff_token()
    terrain, population = settings.terrain_folder, settings.population_file
    if terrain is not None and not terrain.is_dir():
        raise BadSettings(f"SORAMICHI_API_TERRAIN_FOLDER: {terrain} is no folder")
    if population is not None and not population.is_file():
        raise BadSettings(f"SORAMICHI_API_POPULATION_FILE: {population} is no file")


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, for either kind of address. Raises as `listening` says."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with listening(host, port, "the web pages (SORAMICHI_API_HOST and _PORT)"):
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files, as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        log.warning("only %s files may be open: fewer viewers than allowed will fit", most)


if __name__ == "__main__":
    carry_out(main)
