"""One NATS node from the committed files: TLS, reload, and what a crash leaves."""

from __future__ import annotations

import os
import signal
import ssl
from pathlib import Path

import pytest
import trustme

from soramichi.commands.broker_accounts import Accounts
from soramichi.embedded.processes import wait_until
from tests.deploy.brokers import a_project, nats, start_nats
from tests.deploy.talker import Talker, eventually, talker

pytestmark = pytest.mark.broker

TOPIC = "soramichi/v1/alpha/ac1/telemetry"


def test_tls_is_spoken_with_a_certificate_that_the_ca_file_vouches_for(tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    for name, blob in (
        ("key.pem", certificate.private_key_pem),
        ("chain.pem", certificate.cert_chain_pems[0]),
        ("ca.pem", authority.cert_pem),
        ("stranger.pem", stranger.cert_pem),
    ):
        blob.write_to_path(tmp_path / name)
    project = tmp_path / "project"
    a_project(project, "alpha")
    with nats(
        project,
        "tls.conf",
        NATS_TLS_CERTIFICATE=str(tmp_path / "chain.pem"),
        NATS_TLS_KEY=str(tmp_path / "key.pem"),
    ) as broker:
        broker.tls_ca_file = tmp_path / "ca.pem"
        with talker(broker.settings("alpha"), "secure") as alpha:
            assert alpha.publish(TOPIC, b"sealed")
        broker.tls_ca_file = tmp_path / "stranger.pem"
        with (
            pytest.raises(ssl.SSLCertVerificationError),
            talker(broker.settings("alpha"), "fooled"),
        ):
            pass
        broker.tls_ca_file = None
        in_clear = Talker(broker.settings("alpha"), "in-clear")
        assert not eventually(lambda: in_clear.connected, 2)
        in_clear.client.loop_stop()


def test_an_operator_is_added_and_removed_without_a_restart(tmp_path: Path) -> None:
    a_project(tmp_path, "alpha")
    with nats(tmp_path) as broker, talker(broker.settings("alpha"), "staying") as alpha:
        Accounts(tmp_path).add("gamma")
        os.kill(broker.child.pid, signal.SIGHUP)
        assert eventually(lambda: "Reloaded server configuration" in broker.log())
        with talker(broker.settings("gamma"), "newcomer") as gamma:
            assert gamma.publish("soramichi/v1/gamma/ac1/telemetry", b"hello")
            assert alpha.connected
            Accounts(tmp_path).remove("gamma")
            os.kill(broker.child.pid, signal.SIGHUP)
            assert eventually(lambda: not gamma.connected)


def test_what_was_acknowledged_outlives_a_killed_node(tmp_path: Path) -> None:
    a_project(tmp_path, "alpha")
    broker = start_nats(tmp_path, "nats")
    try:
        wait_until(broker.healthy, broker.child, timeout_s=20)
        with talker(broker.settings("platform"), "worker", durable=True) as worker:
            assert worker.subscribe("soramichi/v1/+/+/telemetry")
        with talker(broker.settings("alpha"), "publisher") as alpha:
            sent = [str(number).encode() for number in range(200)]
            assert all(alpha.publish(TOPIC, payload) for payload in sent)
            os.kill(broker.child.pid, 9)
        assert eventually(lambda: broker.child.exit_code is not None)
        broker = start_nats(tmp_path, "nats")
        wait_until(broker.healthy, broker.child, timeout_s=20)
        with talker(broker.settings("platform"), "worker", durable=True) as worker:
            assert eventually(lambda: len(worker.heard) == 200)
            assert worker.payloads(TOPIC) == sent
    finally:
        broker.child.stop()
