"""The whole path under edited messages, for a few seconds."""

from __future__ import annotations

import pytest

from soramichi.bench.stage import has_mosquitto
from tests.fuzz import path
from tests.servers import missing


@pytest.mark.parametrize("kind", ["nats", "mosquitto"])
def test_whatever_is_sent_has_its_place_and_nothing_stalls(kind: str) -> None:
    if kind == "mosquitto" and has_mosquitto() is None:
        missing("mosquitto")

    found = path.run(kind, 3_000, seed=1)

    assert found["fault"] is None
    assert min(found["counts"].values()) >= 0
    assert found["counts"]["stored"] > 3_000
    assert found["counts"]["quarantined"] > 300
