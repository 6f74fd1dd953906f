"""Two API processes on one database and broker, behind a proxy that knows nothing of either."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from itertools import islice
from pathlib import Path

import psutil
import pytest

from soramichi.domain.events import EventKind
from soramichi.embedded.folder import free_port
from soramichi.settings import ApiSettings, DatabaseSettings, environment
from tests.api.conftest import Server
from tests.api.test_data import events, store
from tests.api.test_events import an_event, tell
from tests.api.test_privacy import announce
from tests.browser import Open
from tests.proxy import Proxy
from tests.servers import wait_for_port


@pytest.fixture
def two(
    database: DatabaseSettings, server: Server, tmp_path: Path
) -> Iterator[dict[int, subprocess.Popen[bytes]]]:
    """Port -> process: `python -m api` twice, beside the server that publishes the operator."""
    running: dict[int, subprocess.Popen[bytes]] = {}
    for _ in range(2):
        port = free_port()
        settings = ApiSettings(port=port, stream_interval_ms=100)
        variables = environment(settings) | environment(server.broker.settings())
        with (tmp_path / f"{port}.log").open("wb") as log:
            running[port] = subprocess.Popen(
                [sys.executable, "-m", "api"],
                env=os.environ | variables | environment(database),
                stderr=log,
            )
        wait_for_port(port, timeout_s=60)  # Bound, so that the next free one is another.
    yield running
    for process in running.values():
        process.kill()
        process.wait()


def aircraft(port: int) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/aircraft", timeout=10) as answer:
        body = answer.read()
        assert isinstance(body, bytes)
        return body


def agreed(ports: list[int], server: Server, *names: str) -> None:
    """Once both have heard of the aircraft, they say the same, byte for byte.

    Said again until then: one that is not yet connected knows of them from the database only, and
    not of what was stored after it looked there.
    """
    deadline = time.monotonic() + 60
    said: set[bytes] = set()
    while len(said) != 1 or not all(name.encode() in next(iter(said)) for name in names):
        assert time.monotonic() < deadline
        for name in names:
            announce(server, "mie-demo", name)
        time.sleep(0.3)
        said = {aircraft(port) for port in ports}


def hear(port: int, name: str) -> None:
    """Wait until this process tells of the aircraft."""
    deadline = time.monotonic() + 30
    while name.encode() not in aircraft(port):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def serving(two: dict[int, subprocess.Popen[bytes]]) -> int:
    """The port of the process to which the proxy gave the one viewer."""
    [port] = {line.raddr.port for line in psutil.Process().net_connections("tcp")
              if line.status == psutil.CONN_ESTABLISHED and line.raddr.port in two}  # fmt: skip
    return port


def test_a_viewer_loses_nothing_when_its_process_is_killed(
    server: Server, two: dict[int, subprocess.Popen[bytes]]
) -> None:
    agreed(list(two), server, "JA02")
    first, second = two
    with Proxy(first, second) as proxy:
        url = f"http://127.0.0.1:{proxy.port}/api/v1/stream"
        stream = events(url)
        assert "JA02" in {one["id"] for one in next(stream)["aircraft"]}

        died = serving(two)
        two[died].kill()
        # To its end, which may lie within a line: the process of this viewer is the one that died.
        with suppress(OSError, HTTPException, ValueError):
            for _ in stream:
                pass
        announce(server, "mie-demo", "JA03")  # while nobody watches
        living = second if died == first else first
        hear(living, "JA03")
        again = events(url)
        back = {one["id"] for one in next(again)["aircraft"]}
        announce(server, "mie-demo", "JA04")
        hear(living, "JA04")
        soon = islice(again, 50)  # of the ticks, ten a second; quiet ones may not be sent

        assert {"JA02", "JA03"} <= back
        assert any(one["id"] == "JA04" for event in soon for one in event["aircraft"])


@pytest.mark.browser
@pytest.mark.parametrize("page", ["/live", "/kiosk"])
def test_a_page_is_told_what_happened_while_its_process_was_gone(
    database: DatabaseSettings,
    server: Server,
    two: dict[int, subprocess.Popen[bytes]],
    opened: Open,
    page: str,
) -> None:
    """What one process told its viewers the other one tells nobody again: the page must ask."""
    first, second = two
    for aircraft in ("JA01", "JA02"):
        store(database, aircraft, range(2))
    tell(database, "JA01", [an_event(EventKind.TAKEOFF, 0.0)])
    agreed([first, second], server, "JA01", "JA02")
    with Proxy(first) as proxy:
        visit = opened(f"http://127.0.0.1:{proxy.port}", f"{page}?lang=en")
        visit.wait("soramichi.events.all.length === 1")
        assert visit.page.locator(".note").count() == 0  # no news, but what was before

        proxy.cut()
        two[first].kill()
        visit.wait("soramichi.feed.link === 'reconnecting'")
        tell(database, "JA01", [an_event(EventKind.EMERGENCY, 1.0)])
        proxy.lead_to(second)
        proxy.restore()
        visit.wait("soramichi.events.all.length === 2", timeout_s=60)

        assert "reports an emergency" in visit.page.locator(".note").inner_text()
        visit.complaints[:] = [said for said in visit.complaints if "net::ERR_" not in said]
        visit.page.close()  # before the server goes, which it would complain of
