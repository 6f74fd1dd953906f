"""How fast samples get from a publisher through a broker into the database, beside what can be.

One run measures every consumer in turn on fresh servers; a result is the median over the runs.
The rate is the number of samples over the time from the first one's publication to the last
one's commit (or, where nothing is stored, acknowledgement).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import psutil
from psycopg.conninfo import conninfo_to_dict

from soramichi.bench import stage, store, stream
from soramichi.bench.plain_mqtt import Group, Plain, encode
from soramichi.bench.report import Result, median, result
from soramichi.bench.stage import Stage
from soramichi.embedded.nats import PLATFORM
from soramichi.embedded.processes import Child
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings, DatabaseSettings, environment
from soramichi.store import pool

PEER = Path(__file__).parent / "peer"
ARRAY = 100
# Unacknowledged messages of the publisher: enough that it never waits for one round trip.
_WINDOW = 2_000
_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to send; samples are multiples of 100 aircraft x 100 in an array.

    Enough that the last commit, for which the transport has no counterpart, weighs little.
    """

    runs: int = 3
    single: int = 150_000
    arrays: int = 500_000
    tutorial: int = 6_000
    latency_s: float = 10.0
    outage_s: float = 60.0


QUICK = Plan(single=30_000, arrays=100_000, tutorial=2_000, latency_s=4.0, outage_s=10.0)


@dataclass(frozen=True, slots=True)
class Load:
    """A stream, encoded once for all consumers."""

    samples: int
    groups: list[Group]

    @property
    def messages(self) -> int:
        """How many messages it is."""
        return self.groups[-1].first + self.groups[-1].messages


def load(samples: int, *, per_message: int = 1, together: int = 50) -> Load:
    """The first `samples` of the stream."""
    return Load(
        samples, encode(stream.messages(samples, per_message=per_message), together=together)
    )


@dataclass(frozen=True, slots=True)
class Consumer:
    """How one is started, and whether it stores; `workers` share the stream."""

    start: Callable[[Stage, dict[str, str], int], Sequence[Child]]
    stores: bool = True
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement: samples a second, and CPU time of the consumer a sample."""

    per_second: float
    cpu_us: float


def _program(name: str) -> Callable[[Stage, dict[str, str], int], Sequence[Child]]:
    def start(where: Stage, variables: dict[str, str], messages: int) -> Sequence[Child]:
        line = [sys.executable, "-m", "soramichi.bench.consumers", name, str(messages)]
        return [where.run(name, line, variables)]

    return start


def _ours(filters: Sequence[str]) -> Callable[[Stage, dict[str, str], int], Sequence[Child]]:
    def start(where: Stage, variables: dict[str, str], _messages: int) -> Sequence[Child]:
        return [
            where.run(
                "ingest",
                [sys.executable, "-m", "ingest"],
                variables
                | {
                    "SORAMICHI_INGEST_CLIENT_ID": f"bench-{number}",
                    "SORAMICHI_INGEST_TOPIC_FILTER": topic_filter,
                    "SORAMICHI_INGEST_METRICS_PORT": "0",
                },
            )
            for number, topic_filter in enumerate(filters)
        ]

    return start


def _node(where: Stage, variables: dict[str, str], messages: int) -> Sequence[Child]:
    database = conninfo_to_dict(variables["SORAMICHI_DATABASE_URL"])
    secret = Path(variables["SORAMICHI_DATABASE_PASSWORD_FILE"]).read_text()
    broker_secret = variables.get("SORAMICHI_BROKER_PASSWORD_FILE")
    peer = {
        "HOST": variables["SORAMICHI_BROKER_HOST"],
        "PORT": variables["SORAMICHI_BROKER_PORT"],
        "MQTT_USER": variables.get("SORAMICHI_BROKER_USERNAME", ""),
        "MQTT_PASSWORD": Path(broker_secret).read_text() if broker_secret else "",
        "DATABASE": "postgresql://{user}:{}@{host}:{port}/{dbname}".format(secret, **database),
    }
    line = [node_program() or "node", str(peer_folder() / "peer.mjs"), str(messages)]
    return [where.run("node", line, peer)]


def node_program() -> str | None:
    """Node from the wheel beside our Python, else the one on the path, else None."""
    beside = Path(sysconfig.get_path("scripts")) / "node"
    return str(beside) if beside.exists() else shutil.which("node")


def peer_folder() -> Path:
    """Where the peer and its packages are; installed under build/ at first use.

    Raises `Unavailable` with npm's words when they cannot be had.
    """
    folder = Path("build/bench-peer").resolve()
    shutil.copytree(PEER, folder, dirs_exist_ok=True)
    if not (folder / "node_modules").is_dir():
        npm = Path(node_program() or "node").with_name("npm")
        done = subprocess.run(
            [str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Unavailable(f"the node peer cannot be installed: {done.stderr.strip()[-300:]}")
    return folder


def consumers(kind: str) -> dict[str, Consumer]:
    """Those measured on a kind of broker, by name."""
    plain = "soramichi/v1/+/+/telemetry"
    two = [f"{plain}/0", f"{plain}/1"] if kind == "nats" else [f"$share/ingest/{plain}"] * 2
    found = {
        "transport": Consumer(_program("reader"), stores=False),
        "paho_idle": Consumer(_program("paho"), stores=False),
        "tutorial": Consumer(_program("tutorial")),
        "ours": Consumer(_ours([plain])),
        "ours_two_workers": Consumer(_ours(two), workers=2),
    }
    if node_program():
        found["node"] = Consumer(_node)
    return found


def measure(where: Stage, kind: str, consumer: Consumer, what: Load) -> Figure:
    """One consumer, once. Raises TimeoutError or Unavailable when it does not get through."""
    with ExitStack() as stack:
        users = stack.enter_context(where.broker(kind, workers=consumer.workers))
        database = where.database()
        children = consumer.start(where, _variables(users[PLATFORM], database), what.messages)
        for child in children:
            stack.callback(child.stop)
        for child in children:
            _await_word("ready", child)
        publisher = Plain(users[stream.OPERATOR], "bench-publisher")
        stack.callback(publisher.close)
        cpu_before = _cpu_s(children)
        began = time.monotonic()
        publisher.flood(what.groups, window=_WINDOW)
        if consumer.stores:
            stage.wait_for(database, what.samples, timeout_s=_TIMEOUT_S)
        else:
            _await_word("done", children[0])
        took_s = time.monotonic() - began
        cpu_s = _cpu_s(children) - cpu_before
        if consumer.stores:
            _verify(database, what.samples)
    return Figure(what.samples / took_s, 1e6 * cpu_s / what.samples)


def _variables(broker: BrokerSettings, database: DatabaseSettings) -> dict[str, str]:
    return environment(broker) | environment(database) | {"PYTHONUNBUFFERED": "1"}


def _await_word(word: str, child: Child) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while word not in child.command.log.read_text():
        if child.exit_code is not None or time.monotonic() > deadline:
            raise Unavailable(f"{child.command.name} is not {word}; its log:\n{child.log_tail()}")
        time.sleep(0.01)


def _cpu_s(children: Sequence[Child]) -> float:
    """CPU time used so far; Node's wheel starts the real program as a child of a script."""
    parents = [psutil.Process(child.pid) for child in children]
    everyone = chain.from_iterable([one, *one.children(recursive=True)] for one in parents)
    times = [one.cpu_times() for one in everyone]
    return sum(one.user + one.system for one in times)


def _verify(database: DatabaseSettings, samples: int) -> None:
    with pool.connect(database, application="bench") as connection:
        [(stored,)] = connection.execute("SELECT count(*) FROM telemetry").fetchall()
    if stored != samples:
        raise Unavailable(f"{stored} rows are stored of {samples} samples")


def latencies_ms(where: Stage, kind: str, *, per_second: float, seconds: float) -> list[float]:
    """From publication to commit, for each message sent at this rate; sorted.

    The database remembers when each transaction committed; both clocks are this machine's.
    """
    aircraft = len(stream.AIRCRAFT)
    samples = max(1, round(per_second * seconds / aircraft)) * aircraft
    what = load(samples, together=max(1, round(per_second / 1_000)))
    with ExitStack() as stack:
        users = stack.enter_context(where.broker(kind))
        database = where.database()
        [child] = consumers(kind)["ours"].start(
            where, _variables(users[PLATFORM], database), samples
        )
        stack.callback(child.stop)
        _await_word("ready", child)
        publisher = Plain(users[stream.OPERATOR], "bench-publisher")
        stack.callback(publisher.close)
        left_at = publisher.pace(what.groups, per_second=per_second)
        stage.wait_for(database, samples, timeout_s=_TIMEOUT_S)
        with pool.connect(database, application="bench") as connection:
            rows = connection.execute(
                "SELECT aircraft_id, seq,"
                " extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM telemetry"
            ).fetchall()
    number = {one: position for position, one in enumerate(stream.AIRCRAFT)}
    return sorted(1e3 * (at - left_at[seq * aircraft + number[one]]) for one, seq, at in rows)


def outage_growth_mb(where: Stage, *, per_second: float, seconds: float) -> tuple[float, float]:
    """By how much the worker grows while the database is away and publishing goes on.

    Returns (in the first quarter, while it takes what it may hold; in the rest, which
    should be nothing). Before, it has stored for two seconds, so that what it always
    needs is there. Afterwards everything must be stored. Raises TimeoutError otherwise.
    """
    aircraft = len(stream.AIRCRAFT)
    ends = [
        round(per_second * until_s / aircraft) * aircraft
        for until_s in (2.0, 2.0 + seconds / 4, 2.0 + seconds)
    ]
    what = load(ends[-1], together=50)
    with ExitStack() as stack:
        users = stack.enter_context(where.broker("nats"))
        database = where.database()
        [child] = consumers("nats")["ours"].start(where, _variables(users[PLATFORM], database), 0)
        stack.callback(child.stop)
        _await_word("ready", child)
        publisher = Plain(users[stream.OPERATOR], "bench-publisher")
        stack.callback(publisher.close)
        process = psutil.Process(child.pid)
        sizes = []
        publisher.pace(_part(what, 0, ends[0]), per_second=per_second)
        stage.wait_for(database, ends[0], timeout_s=_TIMEOUT_S)
        sizes.append(process.memory_info().rss)
        where.stop_database()
        try:
            for first, end in pairwise(ends):
                publisher.pace(_part(what, first, end), per_second=per_second)
                sizes.append(process.memory_info().rss)
        finally:
            where.start_database()
        stage.wait_for(database, what.samples, timeout_s=_TIMEOUT_S)
        _verify(database, what.samples)
    taken, grown = (1e-6 * (after - before) for before, after in pairwise(sizes))
    return taken, grown


def _part(what: Load, first: int, end: int) -> list[Group]:
    """The messages from `first` until `end`, counted anew, as `Plain.pace` wants them."""
    return [
        group._replace(first=group.first - first)
        for group in what.groups
        if first <= group.first < end
    ]


def run(plan: Plan, say: Callable[[str], None]) -> list[Result]:
    """Measure everything on every broker that is installed."""
    results: list[Result] = []
    with Stage() as where:
        idempotent = store.rates(where, samples=plan.single, runs=plan.runs)["idempotent"]
        for kind in stage.BROKERS:
            if kind == "mosquitto" and stage.has_mosquitto() is None:
                say("mosquitto is not installed: its rows are left out")
                continue
            results += _of_broker(where, kind, plan, idempotent, say)
    return results


def _of_broker(
    where: Stage, kind: str, plan: Plan, idempotent: float, say: Callable[[str], None]
) -> list[Result]:
    figures = _figures(where, kind, plan, say)
    rate = {name: median(one.per_second for one in found) for name, found in figures.items()}
    cpu = {name: median(one.cpu_us for one in found) for name, found in figures.items()}
    rows = [
        result(f"ingest.{kind}.{name}", value, "samples/s", limit=_limit(name, rate, idempotent))
        for name, value in rate.items()
    ]
    rows += [result(f"ingest.{kind}.{name}_cpu", value, "us/sample") for name, value in cpu.items()]
    limits = {**rate, "idempotent": idempotent}
    rows += [
        result(f"ingest.{kind}.{mine}_over_{peer}", rate[mine], "samples/s",
               limit=limits[peer], target=target)
        for mine, peer, target in (*_COMPARED, *_COMPARED_ON[kind])
        if peer in limits
    ]  # fmt: skip
    rows += _latency(where, kind, plan, rate["ours"] / 2, say)
    if kind == "nats":
        rows += _outage(where, kind, plan, rate["ours"], say)
    return rows


# (ours, what it is held against, the ratio that it should reach)
_COMPARED: list[tuple[str, str, str | None]] = [
    ("ours", "tutorial", ">= 15"),
    ("ours_arrays", "tutorial", ">= 70"),
    ("ours_arrays", "idempotent", ">= 1.2"),
]
_COMPARED_ON: dict[str, list[tuple[str, str, str | None]]] = {
    "nats": [("ours", "paho_idle", ">= 0.7"), ("ours", "node", None)],
    "mosquitto": [("ours", "transport", ">= 0.75"), ("ours", "node", ">= 1.2")],
}


def _limit(name: str, rate: Mapping[str, float], idempotent: float) -> float | None:
    if name == "transport":
        return None
    return idempotent if name.endswith("arrays") else rate["transport"]


def _latency(
    where: Stage, kind: str, plan: Plan, per_second: float, say: Callable[[str], None]
) -> list[Result]:
    say(f"{kind}: latency at {per_second:,.0f}/s")
    waits = [
        latencies_ms(where, kind, per_second=per_second, seconds=plan.latency_s)
        for _ in range(plan.runs)
    ]
    return [
        result(
            f"ingest.{kind}.latency_p{share * 100:.0f}",
            median(one[int(share * (len(one) - 1))] for one in waits),
            "ms",
            target=bound,
        )
        for share, bound in ((0.50, "<= 25"), (0.99, "<= 60"))
    ]


def _outage(
    where: Stage, kind: str, plan: Plan, per_second: float, say: Callable[[str], None]
) -> list[Result]:
    say(f"{kind}: {plan.outage_s:.0f} s without a database at {per_second:,.0f}/s")
    taken, grown = outage_growth_mb(where, per_second=per_second, seconds=plan.outage_s)
    return [
        result(f"ingest.{kind}.outage_held", taken, "MB"),
        # Flat, within what the allocator moves by itself.
        result(f"ingest.{kind}.outage_growth", grown, "MB", target="<= 2"),
    ]


def _figures(
    where: Stage, kind: str, plan: Plan, say: Callable[[str], None]
) -> dict[str, list[Figure]]:
    """Every consumer in turn, and the same again, so that all meet the same neighbours."""
    single, arrays, few = (
        load(plan.single),
        load(plan.arrays, per_message=ARRAY, together=2),
        load(plan.tutorial),
    )
    found: dict[str, list[Figure]] = defaultdict(list)
    for turn in range(plan.runs):
        for name, consumer in consumers(kind).items():
            what = few if name == "tutorial" else single
            found[name].append(measure(where, kind, consumer, what))
            say(f"{kind} {turn + 1}/{plan.runs} {name}: {found[name][-1].per_second:,.0f}/s")
        for name in ("ours", "ours_two_workers"):
            figure = measure(where, kind, consumers(kind)[name], arrays)
            found[f"{name}_arrays"].append(figure)
            say(f"{kind} {turn + 1}/{plan.runs} {name} arrays: {figure.per_second:,.0f}/s")
    return found
