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
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import psutil

from soramichi.bench import live_viewers, stream
from soramichi.bench.live_feed import Feed
from soramichi.bench.live_viewers import Seen
from soramichi.bench.report import Result, median, result
from soramichi.bench.stage import Stage, answers
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
# The targets of cost are about so many.
_JUDGED_VIEWERS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured; `slow` viewers never read, `visits` connect, read a little and go.

    `runs`: of how many the median is told. `patience_s`: until those that never read are dropped.
    """

    viewers: Sequence[int] = (100, 1_000, 5_000)
    ticks: int = 6
    slow: int = 100
    patience_s: float = 90.0
    visits: int = 10_000
    requests: int = 20_000
    runs: int = 3


QUICK = Plan(
    viewers=(100, 500), ticks=3, slow=20, patience_s=0.0, visits=1_000, requests=2_000, runs=1
)


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
        publish(database)
        settings = ApiSettings(port=free_port())
        variables = environment(users[PLATFORM]) | environment(database) | environment(settings)
        with (
            Feed(users[PLATFORM]),
            _server(stage, ["-m", "api"], variables, settings.port, _STREAM) as api,
            _plain(stage) as plain,
        ):
            time.sleep(_SETTLE_S)
            # What is about memory comes first: what thousands of viewers leave free hides it.
            say("live: visits, viewers that never read, snapshots")
            rows += _visits(api, plan.visits)
            rows += _slow(api, plan)
            rows += _snapshots(api, plain, plan)
            for viewers in plan.viewers:
                say(f"live: {viewers} viewers")
                limit = _watch(plain, viewers, plan.ticks)
                ours = [_watch(api, viewers, plan.ticks) for _ in range(plan.runs)]
                rows += _fan_out(viewers, ours, limit)
    return rows


def _fan_out(viewers: int, ours: Sequence[Seen], limit: Seen) -> list[Result]:
    name = f"live {viewers} viewers:"
    # Among few viewers the fixed cost of a tick counts more than the messages.
    judged = viewers >= _JUDGED_VIEWERS
    grown_mb = ours[0].rss_after_mb - ours[0].rss_before_mb
    return [
        result(
            f"{name} CPU a message",
            median(_message_us(one) for one in ours),
            "us",
            limit=_message_us(limit),
            target="value <= 35" if judged else None,
        ),
        result(
            f"{name} one core",
            median(_busy_pct(one) for one in ours),
            "%",
            limit=_busy_pct(limit),
            target="value <= 20" if judged else None,
        ),
        result(
            f"{name} tick to last byte, p50",
            median(one.p50_ms for one in ours),
            "ms",
            limit=limit.p50_ms,
        ),
        result(
            f"{name} tick to last byte, p99",
            median(one.p99_ms for one in ours),
            "ms",
            limit=limit.p99_ms,
            target="value < 250",
        ),
        result(f"{name} memory a viewer", 1e3 * grown_mb / viewers, "kB"),
        result(
            f"{name} events missing",
            sum(one.missing for one in ours),
            "events",
            target="value = 0",
        ),
    ]


def _message_us(seen: Seen) -> float:
    return 1e6 * seen.server_cpu_s / seen.messages


def _busy_pct(seen: Seen) -> float:
    return 100 * seen.server_cpu_s / seen.wall_s


def _slow(api: Server, plan: Plan) -> list[Result]:
    """The same audience without and with viewers that never read."""
    among = plan.viewers[0]
    alone = _watch(api, among, plan.ticks)
    beside = [_watch(api, among, plan.ticks, deaf=plan.slow) for _ in range(plan.runs - 1)]
    beside.append(_watch(api, among, plan.ticks, deaf=plan.slow, patience_s=plan.patience_s))
    # Both with the audience inside, so that what it took before is not counted as free.
    grown_mb = beside[0].rss_after_mb - alone.rss_after_mb
    return [
        result(
            f"live {among} beside {plan.slow} deaf: p99",
            median(one.p99_ms for one in beside),
            "ms",
            limit=alone.p99_ms,
            target="value < 250",
        ),
        result(
            f"live {plan.slow} deaf: dropped",
            beside[-1].dropped,
            "viewers",
            target=f"value = {plan.slow}" if plan.patience_s else None,
        ),
        result("live memory a deaf viewer", 1e3 * grown_mb / plan.slow, "kB"),
    ]


def _visits(api: Server, visits: int) -> list[Result]:
    """What is kept after many came and went, beside what was after a tenth of as many."""
    target = live_viewers.Plan(port=api.port, pid=api.child.pid, path=api.path, viewers=1, ticks=1)
    process = psutil.Process(api.child.pid)
    _come_and_go(target, visits // 10)
    before, files = process.memory_info().rss, process.num_fds()
    _come_and_go(target, visits)
    grown_mb = (process.memory_info().rss - before) / 1e6
    name = f"live kept after {visits} visits:"
    return [
        result(f"{name} memory", grown_mb, "MB", target="value <= 1"),
        result(f"{name} files", process.num_fds() - files, "files", target="value = 0"),
    ]


def _come_and_go(target: live_viewers.Plan, visits: int) -> None:
    for _ in range(visits):
        with live_viewers.connect(target) as one:
            one.recv(1_024)
    time.sleep(_SETTLE_S)


def _snapshots(api: Server, plain: Server, plan: Plan) -> list[Result]:
    """`/api/v1/aircraft` beside FastAPI with the same bytes, turn by turn."""
    rates: tuple[list[float], list[float]] = ([], [])
    with _on_core(-1):
        for _ in range(plan.runs):
            rates[0].append(
                live_viewers.requests_per_s(api.port, "/api/v1/aircraft", plan.requests)
            )
            rates[1].append(live_viewers.requests_per_s(plain.port, "/aircraft", plan.requests))
    ours, limit = (median(one) for one in rates)
    return [
        result("live snapshots of 100 aircraft", ours, "requests/s", limit=limit, target=">= 0.9")
    ]


def _watch(
    server: Server, viewers: int, ticks: int, *, deaf: int = 0, patience_s: float = 0.0
) -> Seen:
    wish = live_viewers.Plan(
        port=server.port,
        pid=server.child.pid,
        path=server.path,
        viewers=viewers,
        ticks=ticks,
        deaf=deaf,
        patience_s=patience_s,
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
        wait_until(lambda: answers(port, "/healthz"), child, timeout_s=60)
        yield Server(child, port, path)
    finally:
        child.stop()


@contextmanager
def _on_core(which: int) -> Iterator[None]:
    """Children started meanwhile stay on the first (0) or last (-1) core that we may use."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[which]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def publish(database: DatabaseSettings) -> None:
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
