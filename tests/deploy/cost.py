"""What three replicas cost beside one node: `python -m tests.deploy.cost`, on a quiet machine.

Both brokers from the files in deploy/, the same stream through each: CPU of all broker processes
for a message, the time until a publisher is acknowledged, and the most that goes through.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psutil

from soramichi.embedded.processes import wait_until
from tests.deploy.brokers import Broker, a_project, start_cluster, start_nats
from tests.deploy.talker import Talker, eventually, talker

RATE_HZ = 250
SECONDS = 15
FLOOD = 600  # messages of each publisher, as fast as it may with 20 not yet acknowledged
PUBLISHERS = 10
PAYLOAD = b"x" * 215
ROUNDS = 3


class Cost(NamedTuple):
    """At a steady rate CPU microseconds a message and milliseconds to its acknowledgement.

    Then as much as goes through: messages a second and their CPU.
    """

    cpu_us: float
    p50_ms: float
    p99_ms: float
    most_hz: float
    most_cpu_us: float


def measured(nodes: Sequence[Broker]) -> Cost:
    """One stream at a steady rate and then a flood, read by a worker for each part."""
    processes = [psutil.Process(node.child.pid) for node in nodes]
    with ExitStack() as stack:
        for part, filter_ in enumerate(_filters(nodes)):
            at = nodes[part % len(nodes)].settings("platform")
            worker = stack.enter_context(talker(at, f"worker-{part}", durable=True))
            assert worker.subscribe(filter_)
        publishers = [
            stack.enter_context(talker(nodes[at % len(nodes)].settings("alpha"), f"publisher-{at}"))
            for at in range(PUBLISHERS)
        ]
        publisher = publishers[0]
        _stream(publisher, RATE_HZ * 2)  # whatever is made at first use
        before_s = sum(_cpu_s(one) for one in processes)
        latencies_ms = _stream(publisher, RATE_HZ * SECONDS)
        after_s = sum(_cpu_s(one) for one in processes)
        took_s = _flood(publishers)
        flood_s = sum(_cpu_s(one) for one in processes) - after_s
    cuts = statistics.quantiles(latencies_ms, n=100)
    flooded = FLOOD * PUBLISHERS
    return Cost(
        1e6 * (after_s - before_s) / len(latencies_ms),
        cuts[49],
        cuts[98],
        flooded / took_s,
        1e6 * flood_s / flooded,
    )


def _filters(nodes: Sequence[Broker]) -> list[str]:
    whole = "soramichi/v1/+/+/telemetry"
    return [whole] if len(nodes) == 1 else [f"{whole}/{part}" for part in (0, 1)]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _stream(publisher: Talker, amount: int) -> list[float]:
    """Publish steadily; milliseconds from each call to its acknowledgement."""
    sent: dict[int, float] = {}
    done: dict[int, float] = {}
    publisher.client.on_publish = lambda _c, _u, mid, _r, _p: done.update({mid: time.monotonic()})
    began_s = time.monotonic()
    for number in range(amount):
        time.sleep(max(0.0, began_s + number / RATE_HZ - time.monotonic()))
        at_s = time.monotonic()
        topic = f"soramichi/v1/alpha/ac{number % 20}/telemetry"
        sent[publisher.client.publish(topic, PAYLOAD, qos=1).mid] = at_s
    assert eventually(lambda: len(done) == amount, 30), "not everything was acknowledged"
    return [1e3 * (done[mid] - at_s) for mid, at_s in sent.items()]


def _flood(publishers: Sequence[Talker]) -> float:
    """How long all publishers together take for their messages, in seconds."""
    done: list[int] = []
    for one in publishers:
        one.client.on_publish = lambda _c, _u, mid, _r, _p: done.append(mid)
    began_s = time.monotonic()
    for number in range(FLOOD):
        for one in publishers:
            one.client.publish(f"soramichi/v1/alpha/ac{number % 20}/telemetry", PAYLOAD, qos=1)
    assert eventually(lambda: len(done) == FLOOD * len(publishers), 120), len(done)
    return time.monotonic() - began_s


def main() -> None:
    """Both in turn, several times; the median of each."""
    costs: dict[str, list[Cost]] = {"one node": [], "three nodes": []}
    for _ in range(ROUNDS):
        for name, found in costs.items():
            with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
                project = Path(folder)
                a_project(project, "alpha")
                three = name == "three nodes"
                nodes = start_cluster(project) if three else [start_nats(project, "nats")]
                for node in nodes:
                    stack.callback(node.child.stop)
                for node in nodes:
                    wait_until(node.healthy, node.child, timeout_s=30)
                found.append(measured(nodes))
    print(f"{RATE_HZ} messages/s of {len(PAYLOAD)} bytes, median of {ROUNDS}")  # noqa: T201
    for name, found in costs.items():
        cost = Cost(*(statistics.median(column) for column in zip(*found, strict=True)))
        print(  # noqa: T201
            f"{name:12} {cost.cpu_us:6.0f} us CPU, {cost.p50_ms:6.1f} / {cost.p99_ms:6.1f} ms;"
            f" at most {cost.most_hz:6.0f} messages/s with {cost.most_cpu_us:6.0f} us CPU"
        )


if __name__ == "__main__":
    main()
