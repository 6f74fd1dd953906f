"""The map pages over a stand-in for the API, which tests can bend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.maps.stand_in_server import StandIn, serving


@pytest.fixture(scope="module")
def mie() -> Iterator[tuple[StandIn, str]]:
    """The three demonstrations and a recording, served: (what may be changed, base address)."""
    stand_in = StandIn()
    with serving(stand_in) as base:
        yield stand_in, base


@pytest.fixture
def hall() -> Iterator[tuple[StandIn, str]]:
    """The same for one test alone, which may end it, empty it or let it fail."""
    stand_in = StandIn()
    with serving(stand_in) as base:
        yield stand_in, base
