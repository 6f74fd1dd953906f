"""Nothing lost and nothing doubled, whatever breaks between the publisher and the store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import soramichi.bridge.flow
import soramichi.bridge.line
from soramichi.bridge import Bridge, BrokerAddress
from tests.bridge.brokers import Broker
from tests.bridge.receiver import Receiver
from tests.bridge.samples import members, stretch
from tests.proxy import Proxy

pytestmark = pytest.mark.broker


def a_bridge(port: int, spool: Path | None, **options: Any) -> Bridge:
    return Bridge(BrokerAddress("127.0.0.1", port), operator_id="mie", spool=spool, **options)


def stored_seqs(receiver: Receiver) -> list[int]:
    return sorted(sample["seq"] for sample in receiver.stored.values())


@pytest.mark.parametrize("kind", ["mosquitto", "nats"])
def test_everything_is_receipted_once_over_either_broker(tmp_path: Path, kind: str) -> None:
    with Broker(tmp_path, kind) as broker, Receiver(broker.port) as receiver:
        with a_bridge(broker.port, tmp_path / "spool") as bridge:
            bridge.publish_all(stretch(0, 1200))
            bridge.publish("JA02", members(5))
            assert not bridge.drain(15)
        assert len(receiver.stored) == 1201
        assert stored_seqs(receiver) == sorted([0, *range(1200)])
        assert bridge.counts["resent"] == 0


def test_a_line_that_is_cut_again_and_again_loses_nothing(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    with Proxy(mosquitto.port) as line, a_bridge(line.port, tmp_path / "spool") as bridge:
        for number in range(6):
            bridge.publish_all(stretch(300 * number, 300 * number + 300))
            time.sleep(0.1)
            line.cut()
            bridge.publish_all(stretch(2000 + 10 * number, 2010 + 10 * number))
            line.restore()
        assert not bridge.drain(20)
        assert bridge.counts["connections"] >= 2
    assert len(receiver.stored) == 1860
    assert stored_seqs(receiver) == list(range(1860))


def test_a_line_that_stalls_is_given_up_and_replaced(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soramichi.bridge.line, "STALL_S", 1.0)
    with Proxy(mosquitto.port) as line, a_bridge(line.port, tmp_path / "spool") as bridge:
        bridge.publish_all(stretch(0, 10))
        receiver.wait(10)
        line.stall()
        bridge.publish_all(stretch(10, 500))
        deadline_s = time.monotonic() + 5
        while bridge.connected and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert not bridge.connected
        line.restore()
        assert not bridge.drain(20)
    assert stored_seqs(receiver) == list(range(500))


def test_a_slow_line_needs_no_sample_twice(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    with Proxy(mosquitto.port) as line:
        line.delay_s = 0.4
        with a_bridge(line.port, tmp_path / "spool") as bridge:
            bridge.publish_all(stretch(0, 1000))
            assert not bridge.drain(20)
            assert bridge.counts["resent"] == 0
    assert receiver.received == {"stored": 1000}


def test_a_platform_that_works_off_its_backlog_is_only_asked(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receipts lag behind what waits at the broker, which is no reason to send that again."""
    monkeypatch.setattr(soramichi.bridge.flow, "PATIENCE_S", 0.3)
    with a_bridge(mosquitto.port, tmp_path / "spool") as bridge:
        receiver.slow_s = 1.5
        for number in range(0, 2000, 50):
            bridge.publish_all(stretch(number, number + 50))
            time.sleep(0.02)
        receiver.slow_s = 0.1
        assert not bridge.drain(30)
        questions = bridge.counts["resent"]
    assert stored_seqs(receiver) == list(range(2000))
    assert 0 < questions < 100  # the ends of what is under way, not all 2,000
    assert receiver.received["duplicate"] == questions


def test_a_broker_that_forgets_what_it_acknowledged_loses_nothing(
    tmp_path: Path, mosquitto: Broker
) -> None:
    """The platform is away, mosquitto says PUBACK, is killed, and comes back empty."""
    with Receiver(mosquitto.port) as receiver, a_bridge(mosquitto.port, tmp_path / "s") as bridge:
        bridge.publish_all(stretch(0, 100))
        assert not bridge.drain(10)
        receiver.deaf = True
        bridge.publish_all(stretch(100, 900))
        time.sleep(0.5)
        assert bridge.counts["sent"] == 900
        mosquitto.kill()
        bridge.publish_all(stretch(900, 1000))
        receiver.deaf = False
        mosquitto.start()
        assert not bridge.drain(20)
    assert stored_seqs(receiver) == list(range(1000))


def test_lost_receipts_are_asked_for(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soramichi.bridge.flow, "PATIENCE_S", 0.3)
    receiver.lossy = lambda number: number % 3 != 0
    with a_bridge(mosquitto.port, tmp_path / "spool") as bridge:
        bridge.publish_all(stretch(0, 700))
        assert not bridge.drain(20)
        assert 0 < bridge.counts["resent"] < 100
    assert stored_seqs(receiver) == list(range(700))


def test_without_receipts_the_spool_keeps_everything(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    receiver.silent = True
    with a_bridge(mosquitto.port, tmp_path / "spool") as bridge:
        bridge.publish_all(stretch(0, 300))
        receiver.wait(300)
        assert bridge.drain(0.5).samples == 300
    receiver.silent = False
    with a_bridge(mosquitto.port, tmp_path / "spool") as bridge:
        assert not bridge.drain(10)
    assert len(receiver.stored) == 300


def test_a_platform_restored_from_a_backup_gets_its_samples_again(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soramichi.bridge.flow, "PATIENCE_S", 0.3)
    with a_bridge(mosquitto.port, tmp_path / "spool") as bridge:
        bridge.publish_all(stretch(0, 1500))
        assert not bridge.drain(10)
    receiver.forget(lambda seq: seq >= 400)
    with a_bridge(mosquitto.port, tmp_path / "spool") as bridge:
        receiver.wait(1500)
        assert not bridge.drain(10)
        assert bridge.counts["revived"] >= 1000
    assert stored_seqs(receiver) == list(range(1500))


def test_a_rejected_sample_is_settled_and_not_sent_for_ever(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    with a_bridge(mosquitto.port, tmp_path / "spool") as bridge:
        bridge.publish_all(stretch(0, 5) + stretch(5, 8, latitude_deg=95.0) + stretch(8, 10))
        assert not bridge.drain(10)
    assert receiver.received["quarantined"] == 3
    assert len(receiver.stored) == 7


def test_the_will_takes_the_aircraft_off_line_and_a_goodbye_too(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    with (
        Proxy(mosquitto.port) as line,
        a_bridge(line.port, tmp_path / "spool", aircraft_ids=["JA01", "JA02"]) as bridge,
    ):
        bridge.publish("JA01", members(0))
        assert not bridge.drain(10)
        line.cut()
        deadline_s = time.monotonic() + 5
        while receiver.statuses[-1][1]["online"] and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert receiver.statuses[-1][0] == "JA01"
        assert receiver.statuses[-1][1]["also"] == ["JA02"]
        line.restore()
        bridge.publish("JA02", members(1))
        assert not bridge.drain(10)
    time.sleep(0.2)
    last = dict(receiver.statuses)
    assert not last["JA01"]["online"]
    assert not last["JA02"]["online"]


PUBLISHER = """
import sys
from pathlib import Path
from soramichi.bridge import Bridge, BrokerAddress
from tests.bridge.samples import stretch
broker = BrokerAddress("127.0.0.1", int(sys.argv[1]))
with Bridge(broker, operator_id="mie", spool=Path(sys.argv[2])) as bridge:
    for number in range(int(sys.argv[3]), 100_000, 20):
        bridge.publish_all(stretch(number, number + 20, flight="F1"))
        print(number + 20, flush=True)
"""


def test_a_killed_bridge_loses_nothing_it_had_accepted(
    tmp_path: Path, mosquitto: Broker, receiver: Receiver
) -> None:
    """Samples whose acceptance was never reported may be there; they must be whole and single."""
    spool, begin = tmp_path / "spool", 0
    for kill_after in (30, 25, 40):
        process = subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, str(mosquitto.port), str(spool), str(begin)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(kill_after)]
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")[:-1]
        process.wait()
        begin = int((lines + rest)[-1])
    with a_bridge(mosquitto.port, spool) as bridge:
        assert not bridge.drain(15)
    assert len(receiver.stored) >= begin
    times = {sample["time"] for sample in receiver.stored.values()}
    assert {members(number)["time"] for number in range(begin)} <= {
        time.replace("+00:00", "Z") for time in times
    }
    numbers = stored_seqs(receiver)
    assert numbers == sorted(set(numbers))
