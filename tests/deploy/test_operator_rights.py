"""What one operator can and cannot do at either broker, with the committed configuration."""

from __future__ import annotations

import contextlib
import json
import uuid
from functools import partial

import pytest

from tests.deploy.brokers import Broker
from tests.deploy.talker import Talker, eventually, talker

pytestmark = pytest.mark.broker

OWN = "soramichi/v1/alpha/ac1"
FOREIGN = "soramichi/v1/beta/ac1"
# What the platform may read; NATS wants a right to the parent of `#` too, so without one.
EVERYTHING = ("soramichi/v1/+/+/+", "soramichi/v1/heartbeat/+", "soramichi/v1/live")


FORBIDDEN_TO_PUBLISH = (
    f"{FOREIGN}/telemetry",
    f"{FOREIGN}/status",
    f"{OWN}/receipt",
    f"{OWN}/event",
    "soramichi/v1/live",
    "soramichi/v1/heartbeat/ingest",
    "elsewhere",
)
FORBIDDEN_TO_SUBSCRIBE = (
    "#",
    "+/+/+/+/+",
    "soramichi/#",
    "soramichi/v1/#",
    "soramichi/v1/+/+/telemetry",
    "soramichi/v1/+/+/receipt",
    "soramichi/v1/beta/#",
    "soramichi/v1/beta/+/receipt",
    "soramichi/v1/live",
    "$SYS/#",
    "$MQTT/#",
    "$MQTT/msgs/soramichi/v1/beta/ac1/telemetry",
    "$MQTT/sub/#",
    "$JS/#",
    "$JSC/#",
    "_INBOX/#",
)


def heard(who: Talker, payload: bytes) -> bool:
    return payload in [one.payload for one in who.heard]


def name() -> str:
    return f"t-{uuid.uuid4().hex}"


@pytest.mark.parametrize("qos", [0, 1])
def test_telemetry_reaches_the_platform(broker: Broker, qos: int) -> None:
    with (
        talker(broker.settings("platform"), name()) as platform,
        talker(broker.settings("alpha"), name()) as alpha,
    ):
        assert platform.subscribe("soramichi/v1/+/+/telemetry")
        assert alpha.publish(f"{OWN}/telemetry", b"one", qos)
        assert eventually(lambda: platform.payloads(f"{OWN}/telemetry") == [b"one"])


def test_receipts_and_events_wait_for_an_operator_who_is_away(broker: Broker) -> None:
    session = name()
    with talker(broker.settings("alpha"), session, durable=True) as alpha:
        assert alpha.subscribe("soramichi/v1/alpha/+/receipt")
        assert alpha.subscribe("soramichi/v1/alpha/+/event")
    with talker(broker.settings("platform"), name()) as platform:
        assert platform.publish(f"{OWN}/receipt", b"stored")
        assert platform.publish(f"{OWN}/event", b"landed")
    with talker(broker.settings("alpha"), session, durable=True) as alpha:
        assert eventually(lambda: len(alpha.heard) == 2)
        assert {one.payload for one in alpha.heard} == {b"stored", b"landed"}
        assert {one.qos for one in alpha.heard} == {1}


def test_status_is_retained_and_the_will_replaces_it(broker: Broker) -> None:
    topic = f"{OWN}/status"
    dying = talker(broker.settings("alpha"), name(), will=(topic, b"lost"))
    with dying as alpha:
        assert alpha.publish(topic, b"online", retain=True)
        with talker(broker.settings("platform"), name()) as platform:
            assert platform.subscribe("soramichi/v1/+/+/status")
            assert eventually(lambda: platform.payloads(topic) == [b"online"])
            alpha.cut()
            assert eventually(lambda: platform.payloads(topic) == [b"online", b"lost"])
    with talker(broker.settings("platform"), name()) as platform:
        assert platform.subscribe("soramichi/v1/+/+/status")
        assert eventually(lambda: platform.payloads(topic) == [b"lost"])


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_an_operator_cannot_speak_for_others(broker: Broker, qos: int) -> None:
    """The mark sent last, on a topic of its own, shows that the wait was long enough."""
    with (
        talker(broker.settings("platform"), name()) as platform,
        talker(broker.settings("beta"), name()) as beta,
    ):
        for filter_ in EVERYTHING:
            assert platform.subscribe(filter_)
        assert beta.subscribe("soramichi/v1/beta/+/status")
        for topic in FORBIDDEN_TO_PUBLISH:
            with talker(broker.settings("alpha"), name()) as alpha:
                alpha.publish(topic, b"forged", qos, retain=True, timeout_s=0.1)
        with talker(broker.settings("alpha"), name()) as alpha:
            assert alpha.publish(f"{OWN}/telemetry", b"mark")
        assert eventually(lambda: b"mark" in platform.payloads(f"{OWN}/telemetry"))
        assert [one for one in (*platform.heard, *beta.heard) if one.payload == b"forged"] == []
    with talker(broker.settings("platform"), name()) as late:
        for filter_ in EVERYTHING:
            assert late.subscribe(filter_)
        assert not eventually(lambda: b"forged" in [one.payload for one in late.heard], 0.3)


def test_a_will_cannot_speak_for_others(broker: Broker) -> None:
    with talker(broker.settings("platform"), name()) as platform:
        for filter_ in EVERYTHING:
            assert platform.subscribe(filter_)
        foreign = talker(broker.settings("alpha"), name(), will=(f"{FOREIGN}/status", b"forged"))
        own = talker(broker.settings("alpha"), name(), will=(f"{OWN}/status", b"mark"))
        # A broker may refuse the connection because of such a will: that is as good.
        try:
            with foreign as alpha:
                alpha.cut()
        except AssertionError:
            pass
        with own as alpha:
            alpha.cut()
        assert eventually(lambda: b"mark" in platform.payloads(f"{OWN}/status"))
        assert not eventually(lambda: b"forged" in platform.payloads(f"{FOREIGN}/status"), 0.5)


@pytest.mark.parametrize("qos", [0, 1])
def test_an_operator_cannot_listen_to_others(broker: Broker, qos: int) -> None:
    """A broker may grant the words and keep silent: what counts is what arrives."""
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        platform = enter(talker(broker.settings("platform"), name()))
        beta = enter(talker(broker.settings("beta"), name()))
        spies = {
            filter_: enter(talker(broker.settings("alpha"), name()))
            for filter_ in FORBIDDEN_TO_SUBSCRIBE
        }
        for filter_, spy in spies.items():
            assert spy.subscribe("soramichi/v1/alpha/+/receipt")
            spy.subscribe(filter_, qos)
        assert beta.publish(f"{FOREIGN}/telemetry", b"secret")
        assert beta.publish(f"{FOREIGN}/status", b"secret", retain=True)
        assert platform.publish(f"{FOREIGN}/receipt", b"secret")
        assert platform.publish(f"{FOREIGN}/event", b"secret")
        assert platform.publish("soramichi/v1/live", b"secret", 0)
        assert platform.publish(f"{OWN}/receipt", b"mark")
        for filter_, spy in spies.items():
            assert eventually(partial(heard, spy, b"mark")), filter_
            strange = {one.topic for one in spy.heard if not one.topic.startswith(OWN[:-3])}
            assert strange == set(), filter_


def test_a_wrong_password_is_refused(broker: Broker) -> None:
    wrong = broker.settings("alpha").model_copy(
        update={"password_file": broker.settings("beta").password_file}
    )
    with (
        pytest.raises(AssertionError, match=r"(?i)not authorized|bad user name"),
        talker(wrong, name()),
    ):
        pass


@pytest.mark.parametrize(
    "request_topic",
    ["$JS/API/STREAM/NAMES", "$JS/API/STREAM/DELETE/$MQTT_msgs", "$JS/API/STREAM/PURGE/$MQTT_sess"],
)
def test_an_operator_cannot_command_the_store(broker: Broker, request_topic: str) -> None:
    """What waits for the platform is still there after the attempt."""
    session = name()
    with talker(broker.settings("platform"), session, durable=True) as platform:
        assert platform.subscribe("soramichi/v1/+/+/telemetry")
    with talker(broker.settings("alpha"), name()) as alpha:
        assert alpha.publish(f"{OWN}/telemetry", b"waiting")
        alpha.publish(request_topic, json.dumps({}).encode())
    with talker(broker.settings("platform"), session, durable=True) as platform:
        assert eventually(lambda: platform.payloads(f"{OWN}/telemetry") == [b"waiting"])


def test_a_session_is_lost_to_whoever_knows_its_name(broker: Broker) -> None:
    """Why session names carry a secret (`SESSION_KEY`): neither broker ties them to a user.

    Should this test fail one day, the broker has learnt to, and the secret is no longer needed.
    """
    session = name()
    with talker(broker.settings("platform"), session, durable=True) as worker:
        assert worker.subscribe("soramichi/v1/+/+/telemetry")
    with talker(broker.settings("alpha"), name()) as alpha:
        assert alpha.publish(f"{OWN}/telemetry", b"waiting")
    with talker(broker.settings("beta"), session):
        pass
    with talker(broker.settings("platform"), session, durable=True) as worker:
        assert not eventually(lambda: heard(worker, b"waiting"), 0.5)


def test_a_thief_of_a_session_does_not_hear_what_waited(broker: Broker) -> None:
    session = name()
    with talker(broker.settings("platform"), session, durable=True) as worker:
        assert worker.subscribe("soramichi/v1/+/+/telemetry")
    with talker(broker.settings("alpha"), name()) as alpha:
        assert alpha.publish(f"{OWN}/telemetry", b"waiting")
    with talker(broker.settings("beta"), session, durable=True) as thief:
        assert not eventually(lambda: heard(thief, b"waiting"), 0.5)
