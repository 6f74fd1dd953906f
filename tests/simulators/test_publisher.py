"""What a simulation published is receipted, also after the broker went away and came back."""

from __future__ import annotations

import threading
from datetime import timedelta

import msgspec
import pytest

from simulators.publisher import Publisher
from soramichi.domain.telemetry import TelemetrySample
from soramichi.domain.wire import Status
from soramichi.embedded.folder import free_port
from soramichi.errors import Unavailable
from soramichi.settings import BrokerSettings
from tests.builders import A_SAMPLE, a_sample
from tests.simulators.conftest import Broker, samples_in, wait_for

pytestmark = pytest.mark.broker


def a_publisher(broker: Broker, **options: object) -> Publisher:
    return Publisher(
        broker.settings,
        "mie-demo",
        aircraft_ids=["JA21HD"],
        password=broker.passwords.get("mie-demo"),
        **options,  # type: ignore[arg-type]
    )


def numbered(count: int) -> list[TelemetrySample]:
    return [
        a_sample(flight="f", seq=n, time=A_SAMPLE.time + timedelta(seconds=n)) for n in range(count)
    ]


def test_published_samples_arrive_unchanged_and_are_receipted(broker: Broker) -> None:
    samples = numbered(300)
    with broker.listening() as heard:
        publisher = a_publisher(broker)
        publisher.publish("JA21HD", samples[:200])
        for sample in samples[200:]:
            publisher.publish("JA21HD", [sample])
        assert publisher.drain(10)
        assert (publisher.published, publisher.unreceipted) == (300, 0)
        publisher.close()

    assert sorted(samples_in(heard), key=lambda one: one.time) == samples


def test_what_only_the_broker_has_is_not_receipted(broker: Broker) -> None:
    publisher = a_publisher(broker)
    publisher.publish("JA21HD", numbered(3))

    assert not publisher.drain(0.5)
    assert (publisher.published, publisher.unreceipted) == (3, 3)
    publisher.close()


def test_status_is_on_line_while_connected_and_off_line_after_close(broker: Broker) -> None:
    a_publisher(broker).close()

    with broker.listening() as heard:
        wait_for(lambda: any(topic.endswith("/status") for topic, _, _ in heard), 10)
    [(topic, payload, retained)] = [m for m in heard if m[0].endswith("/status")]
    assert topic == "soramichi/v1/mie-demo/JA21HD/status"
    assert retained
    assert msgspec.json.decode(payload, type=Status).online is False


def test_a_broker_restart_loses_no_sample(broker: Broker) -> None:
    """More than there is room for is published while it is away, so publish() has to wait."""
    samples = numbered(1_500)
    with broker.listening() as heard:
        publisher = a_publisher(broker, max_bytes=300_000)

        def publish() -> None:
            for sample in samples:
                publisher.publish("JA21HD", [sample])

        publisher.publish("JA21HD", samples[:1])
        assert publisher.drain(10)
        broker.stop()
        thread = threading.Thread(target=publish)
        thread.start()
        thread.join(2.0)
        assert thread.is_alive(), "publish() must not buffer without bound"
        assert 0 < publisher.unreceipted < 1_499
        broker.start()
        thread.join(30)
        assert not thread.is_alive()
        assert publisher.drain(30)
        publisher.close()

    assert {sample.seq for sample in samples_in(heard)} == set(range(1_500))


def test_stop_frees_a_publisher_that_waits_for_a_lost_broker(broker: Broker) -> None:
    stop = threading.Event()
    publisher = a_publisher(broker, stop=stop, max_bytes=300_000)
    broker.stop()

    def publish() -> None:
        for sample in numbered(2_000):
            publisher.publish("JA21HD", [sample])

    thread = threading.Thread(target=publish)
    thread.start()
    stop.set()
    thread.join(60)

    assert not thread.is_alive()
    assert not publisher.drain(0.1)
    assert 0 < publisher.unreceipted == publisher.published < 2_000
    publisher.close()
    broker.start()


def test_no_broker_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.publisher.CONNECT_TIMEOUT_S", 0.5)

    with pytest.raises(Unavailable, match="start it"):
        Publisher(BrokerSettings(port=free_port()), "mie-demo", aircraft_ids=["JA21HD"])


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
def test_a_wrong_password_is_a_clear_error(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.publisher.CONNECT_TIMEOUT_S", 2.0)

    with pytest.raises(Unavailable, match=r"lets operator mie-demo in.*[Nn]ot authori"):
        Publisher(broker.settings, "mie-demo", aircraft_ids=["JA21HD"], password="wrong")
