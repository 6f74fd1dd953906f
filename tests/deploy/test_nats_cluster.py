"""Three real nodes from deploy/nats/cluster.conf: what was acknowledged outlives any of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from soramichi.embedded.processes import wait_until
from tests.deploy.brokers import Broker, a_project, message_stream, start_cluster
from tests.deploy.talker import Talker, eventually, talker

pytestmark = pytest.mark.broker

AIRCRAFT = [f"ac{number}" for number in range(8)]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Broker]]:
    a_project(tmp_path, "alpha")
    started = start_cluster(tmp_path)
    try:
        for node in started:
            wait_until(node.healthy, node.child, timeout_s=30)
        yield started
    finally:
        for node in started:
            node.child.stop()


def subscribed_worker(node: Broker, part: int) -> None:
    """Make worker `part`'s durable session, and leave."""
    with talker(node.settings("platform"), f"worker-{part}", durable=True) as worker:
        assert worker.subscribe(f"soramichi/v1/+/+/telemetry/{part}")


def publish_all(node: Broker, label: str, amount: int) -> set[bytes]:
    """What the broker acknowledged."""
    acknowledged = set()
    with talker(node.settings("alpha"), f"publisher-{label}") as alpha:
        for number in range(amount):
            payload = f"{label}-{number}".encode()
            aircraft = AIRCRAFT[number % len(AIRCRAFT)]
            if alpha.publish(f"soramichi/v1/alpha/{aircraft}/telemetry", payload):
                acknowledged.add(payload)
    return acknowledged


def heard(worker: Talker) -> set[bytes]:
    return {one.payload for one in worker.heard}


@pytest.mark.parametrize("victim", ["leader", "follower"])
def test_nothing_acknowledged_is_lost_with_a_node(nodes: list[Broker], victim: str) -> None:
    for part in (0, 1):
        subscribed_worker(nodes[0], part)
    acknowledged = publish_all(nodes[0], "before", 60)
    group = message_stream(nodes[0])
    assert len(group["replicas"]) == 2  # beside the leader itself
    leading = int(group["leader"].removeprefix("node-"))
    killed = leading if victim == "leader" else (leading + 1) % 3
    os.kill(nodes[killed].child.pid, 9)
    survivors = [node for number, node in enumerate(nodes) if number != killed]

    alive = {node.environment["NATS_NODE"] for node in survivors}
    assert eventually(lambda: message_stream(survivors[0]).get("leader") in alive, 30)
    assert eventually(lambda: bool(publish_all(survivors[0], "probe", 1)), 30)
    acknowledged |= publish_all(survivors[1], "after", 60)

    with (
        talker(survivors[0].settings("platform"), "worker-0", durable=True) as zero,
        talker(survivors[1].settings("platform"), "worker-1", durable=True) as one,
    ):
        assert eventually(lambda: acknowledged <= heard(zero) | heard(one), 30)
        assert len(acknowledged) >= 100
        of_aircraft = [{message.topic.split("/")[3] for message in w.heard} for w in (zero, one)]
        assert of_aircraft[0].isdisjoint(of_aircraft[1])
        assert all(of_aircraft)
