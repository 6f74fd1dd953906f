"""What is counted as published is with the broker, also after it went away and came back."""

from __future__ import annotations

import threading
from datetime import timedelta

import msgspec
import pytest

from simulators.publisher import MqttSink
from soramichi.domain.wire import Status
from soramichi.embedded.folder import free_port
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings
from tests.builders import A_SAMPLE, a_sample
from tests.simulators.conftest import Broker, samples_in, wait_for

pytestmark = pytest.mark.broker


def sink(broker: Broker, **kwargs: object) -> MqttSink:
    return MqttSink(
        broker.settings,
        "mie-demo",
        aircraft_ids=["JA21HD"],
        password=broker.passwords.get("mie-demo"),
        **kwargs,  # type: ignore[arg-type]
    )


def test_published_samples_arrive_unchanged_and_are_counted(broker: Broker) -> None:
    samples = [a_sample(seq=n, time=A_SAMPLE.time + timedelta(seconds=n)) for n in range(300)]
    with broker.listening() as heard:
        publisher = sink(broker)
        publisher.publish("JA21HD", samples[:200])
        for sample in samples[200:]:
            publisher.publish("JA21HD", [sample])
        assert publisher.drain(10)
        assert (publisher.published, publisher.unacknowledged) == (300, 0)
        publisher.close()
        wait_for(lambda: len(samples_in(heard)) == 300, 10)

    assert samples_in(heard) == samples


def test_status_is_on_line_while_connected_and_off_line_after_close(broker: Broker) -> None:
    publisher = sink(broker)
    publisher.drain(5)
    publisher.close()

    with broker.listening() as heard:
        wait_for(lambda: any(topic.endswith("/status") for topic, _, _ in heard), 10)
    [(topic, payload, retained)] = [m for m in heard if m[0].endswith("/status")]
    assert topic == "soramichi/v1/mie-demo/JA21HD/status"
    assert retained
    assert msgspec.json.decode(payload, type=Status).online is False


def test_a_broker_restart_loses_no_sample(broker: Broker) -> None:
    """More than the window is published while it is away, so publish() has to wait for it."""
    samples = [a_sample(seq=n, time=A_SAMPLE.time + timedelta(seconds=n)) for n in range(600)]
    with broker.listening() as heard:
        publisher = sink(broker)

        def publish() -> None:
            for sample in samples:
                publisher.publish("JA21HD", [sample])

        publisher.publish("JA21HD", samples[:1])
        assert publisher.drain(10)
        broker.stop()
        thread = threading.Thread(target=publish)
        thread.start()
        thread.join(1.0)
        assert thread.is_alive(), "publish() must not buffer without bound"
        assert publisher.unacknowledged <= 200
        broker.start()
        thread.join(30)
        assert publisher.drain(30)
        assert publisher.published == 601
        wait_for(lambda: {s.seq for s in samples_in(heard)} == set(range(600)), 20)
        publisher.close()


def test_stop_frees_a_publisher_that_waits_for_a_lost_broker(broker: Broker) -> None:
    stop = threading.Event()
    publisher = sink(broker, stop=stop)
    broker.stop()

    def publish() -> None:
        for n in range(300):
            publisher.publish("JA21HD", [a_sample(seq=n)])

    thread = threading.Thread(target=publish)
    thread.start()
    stop.set()
    thread.join(60)

    assert not thread.is_alive()
    assert not publisher.drain(0.1)
    assert publisher.unacknowledged == 200
    publisher.close()
    broker.start()


def test_no_broker_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.publisher.CONNECT_TIMEOUT_S", 0.5)

    with pytest.raises(Unavailable, match="no MQTT broker answers"):
        MqttSink(BrokerSettings(port=free_port()), "mie-demo", aircraft_ids=["JA21HD"])


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_a_wrong_password_is_a_clear_error(broker: Broker) -> None:
    with pytest.raises(Unavailable, match="refuses operator mie-demo"):
        MqttSink(broker.settings, "mie-demo", aircraft_ids=["JA21HD"], password="wrong")


def test_a_killed_publisher_is_taken_off_line_by_its_will(broker: Broker) -> None:
    with broker.listening() as heard:
        publisher = MqttSink(
            broker.settings,
            "mie-demo",
            aircraft_ids=["JA21HD", "JA22HD"],
            password=broker.passwords.get("mie-demo"),
        )
        publisher.drain(5)
        socket = publisher._client.socket()
        assert socket is not None
        publisher._client.loop_stop()
        socket.close()  # what the kernel does for a killed process: no DISCONNECT
        wait_for(lambda: any(b'"also"' in payload for _, payload, _ in heard), 10)

    [(topic, payload)] = [(t, p) for t, p, _ in heard if b'"also"' in p]
    assert topic == "soramichi/v1/mie-demo/JA21HD/status"
    assert msgspec.json.decode(payload)["also"] == ["JA22HD"]
    assert msgspec.json.decode(payload, type=Status).online is False
