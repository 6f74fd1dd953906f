from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge.brokers import Broker
from tests.bridge.receiver import Receiver


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path, "mosquitto") as broker:
        yield broker


@pytest.fixture
def receiver(mosquitto: Broker) -> Iterator[Receiver]:
    with Receiver(mosquitto.port) as receiver:
        yield receiver
