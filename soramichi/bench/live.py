"""`soramichi bench live`: the API process on one core, before as many viewers as it holds.

feed ──MQTT──> nats ──MQTT──> api (core 0) ──server-sent events──> viewers (another core)

Beside it, in the same run, `live_plain`: what uvicorn can do when nothing else is done.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

import msgspec
import psutil

from soramichi.bench import live_viewers, stream
from soramichi.bench.live_feed import Feed
from soramichi.bench.live_viewers import Seen
from soramichi.bench.report import Result, result
from soramichi.bench.stage import Stage
from soramichi.domain.flight import Name
from soramichi.domain.publication import Subject
from soramichi.embedded.folder import free_port
from soramichi.embedded.nats import PLATFORM
from soramichi.embedded.processes import Child, wait_until
from soramichi.errors import Unavailable
from soramichi.settings import ApiSettings, DatabaseSettings, environment
from soramichi.store import pool, symposiums
from soramichi.store.symposiums import Symposium

_STREAM = "/api/v1/stream"
_SETTLE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured; `slow` viewers never read, `visits` connect, read a little and go."""

    viewers: Sequence[int] = (100, 1_000, 2_000, 5_000)
    ticks: int = 10
    slow: int = 100
    visits: int = 10_000
    requests: int = 1_000


QUICK = Plan(viewers=(100, 500), ticks=4, slow=20, visits=1_000, requests=200)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and where its stream is."""

    child: Child
    port: int
    path: str


def run(plan: Plan, say: Callable[[str], None]) -> list[Result]:
    """Everything, on one API process and one plain one. Raises `Unavailable`."""
    rows: list[Result] = []
    with Stage() as stage, stage.broker("nats") as users:
        database = stage.database()
        _publish(database)
        settings = ApiSettings(port=free_port())
        variables = environment(users[PLATFORM]) | environment(database) | environment(settings)
        with (
            Feed(users[PLATFORM]),
            _server(stage, ["-m", "api"], variables, settings.port, _STREAM) as api,
            _plain(stage) as plain,
        ):
            time.sleep(_SETTLE_S)
            for viewers in plan.viewers:
                say(f"live: {viewers} viewers")
                limit = _watch(plain, viewers, plan.ticks)
                rows += _fan_out(viewers, _watch(api, viewers, plan.ticks), limit)
            say("live: viewers that never read, visits, snapshots")
            rows += _slow(api, plan)
            rows += _visits(api, plan.visits)
            rows += _snapshots(api, plain, plan.requests)
    return rows


def _fan_out(viewers: int, ours: Seen, limit: Seen) -> list[Result]:
    name = f"live {viewers} viewers:"
    cost = 1e6 * limit.server_cpu_s / limit.messages
    busy = 100 * limit.server_cpu_s / limit.wall_s
    return [
        result(
            f"{name} CPU a message",
            1e6 * ours.server_cpu_s / ours.messages,
            "us",
            limit=cost,
            target="value <= 35",
        ),
        result(f"{name} one core", 100 * ours.server_cpu_s / ours.wall_s, "%", limit=busy),
        result(f"{name} tick to last byte, p50", ours.p50_ms, "ms", limit=limit.p50_ms),
        result(
            f"{name} tick to last byte, p99",
            ours.p99_ms,
            "ms",
            limit=limit.p99_ms,
            target="value < 250",
        ),
        result(
            f"{name} memory a viewer",
            1e3 * (ours.rss_after_mb - ours.rss_before_mb) / viewers,
            "kB",
        ),
        result(f"{name} events missing", ours.missing, "events", target="value = 0"),
    ]


def _slow(api: Server, plan: Plan) -> list[Result]:
    """The same audience without and with viewers that never read."""
    among = plan.viewers[0]
    alone = _watch(api, among, plan.ticks)
    beside = _watch(api, among, plan.ticks, deaf=plan.slow)
    grown = 1e3 * (beside.rss_after_mb - beside.rss_before_mb) / plan.slow
    return [
        result(
            f"live {among} beside {plan.slow} that never read: p99",
            beside.p99_ms,
            "ms",
            limit=alone.p99_ms,
        ),
        result("live memory a viewer that never reads", grown, "kB"),
    ]


def _visits(api: Server, visits: int) -> list[Result]:
    """Memory after many came and went, beside memory after as many had before."""
    target = live_viewers.Plan(port=api.port, pid=api.child.pid, path=api.path, viewers=1, ticks=1)
    _come_and_go(target, visits // 10)
    before = _rss_mb(api)
    _come_and_go(target, visits)
    return [result(f"live memory kept after {visits} visits", _rss_mb(api) - before, "MB")]


def _come_and_go(target: live_viewers.Plan, visits: int) -> None:
    for _ in range(visits):
        with live_viewers.connect(target) as one:
            one.recv(1_024)
    time.sleep(_SETTLE_S)


def _snapshots(api: Server, plain: Server, requests: int) -> list[Result]:
    ours, limit = (
        _request_cpu_us(one, path, requests)
        for one, path in ((api, "/api/v1/aircraft"), (plain, "/aircraft"))
    )
    return [result("live CPU a snapshot of 100 aircraft", ours, "us", limit=limit)]


def _request_cpu_us(server: Server, path: str, requests: int) -> float:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    before = live_viewers.cpu_s(server.child.pid)
    for _ in range(requests):
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK or not answer.read():
            raise Unavailable(f"{path} answered {answer.status}; see the server's log")
    spent = live_viewers.cpu_s(server.child.pid) - before
    connection.close()
    return 1e6 * spent / requests


def _watch(server: Server, viewers: int, ticks: int, *, deaf: int = 0) -> Seen:
    wish = live_viewers.Plan(
        port=server.port,
        pid=server.child.pid,
        path=server.path,
        viewers=viewers,
        ticks=ticks,
        deaf=deaf,
    )
    wished = msgspec.json.encode(wish).decode()
    line = [sys.executable, "-m", "soramichi.bench.live_viewers", wished]
    with _on_core(-1):
        done = subprocess.run(line, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{viewers} viewers failed; what they say stands above")
    time.sleep(_SETTLE_S)  # until the server has noticed that they left
    return msgspec.json.decode(done.stdout, type=Seen)


@contextmanager
def _plain(stage: Stage) -> Iterator[Server]:
    port = free_port()
    arguments = ["-m", "soramichi.bench.live_plain", str(port)]
    with _server(stage, arguments, {}, port, "/stream") as server:
        yield server


@contextmanager
def _server(
    stage: Stage, arguments: Sequence[str], variables: dict[str, str], port: int, path: str
) -> Iterator[Server]:
    with _on_core(0):
        child = stage.run("live", [sys.executable, *arguments], variables)
    try:
        wait_until(lambda: _answers(port), child, timeout_s=60)
        yield Server(child, port, path)
    finally:
        child.stop()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    with suppress(OSError, HTTPException):
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    return False


@contextmanager
def _on_core(which: int) -> Iterator[None]:
    """Children started meanwhile stay on the first (0) or last (-1) core that we may use."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[which]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _rss_mb(server: Server) -> float:
    return float(psutil.Process(server.child.pid).memory_info().rss) / 1e6


def _publish(database: DatabaseSettings) -> None:
    """Show all that the bench's operator flies."""
    with pool.connect(database, application="bench") as connection:
        symposiums.put(
            connection,
            Symposium(
                symposium_id="bench",
                name=Name(ja="計測", en="Benchmark"),
                place=Name(ja="津", en="Tsu"),
                starts_at=datetime(2000, 1, 1, tzinfo=UTC),
                ends_at=None,
            ),
        )
        symposiums.publish(connection, "bench", [(Subject.OPERATOR, stream.OPERATOR)])
