"""The brokers of this folder, one of each kind for all its tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.brokers import Broker, a_project, mosquitto, nats


@pytest.fixture(scope="session", params=["nats", "mosquitto"])
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Broker]:
    """Either broker with the operators alpha and beta."""
    project = tmp_path_factory.mktemp(request.param)
    a_project(project, "alpha", "beta")
    with nats(project) if request.param == "nats" else mosquitto(project) as running:
        yield running
