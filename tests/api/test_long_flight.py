"""An hour-long flight of a real database, opened in a real browser."""

from __future__ import annotations

import pytest

from soramichi.bench.map_long import HOUR_S, SHOWN, fly
from soramichi.settings import DatabaseSettings
from tests.api.conftest import Server
from tests.browser import DESKTOP, PHONE, Open

pytestmark = pytest.mark.browser
TRACK_BYTES = 100_000
POINTS = 2_000
# How many bytes came over the line for the track, and what in the page asked for it.
LOADED = """performance.getEntriesByType("resource").filter(({ name }) => name.includes("/track"))
  .map(({ encodedBodySize, initiatorType }) => [encodedBodySize, initiatorType])"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("rate_hz", [1, 10])
def test_an_hour_long_flight_is_shown_whole_by_no_more_than_can_be_seen(
    database: DatabaseSettings, server: Server, opened: Open, rate_hz: int, size: tuple[int, int]
) -> None:
    """How long that takes, `soramichi bench map` says: a second is what it aims at."""
    fly(database, "LONG", rate_hz=rate_hz, operator="mie-demo")
    visit = opened(server.url, "/replay/LONG-1?lang=ja", size)
    visit.wait(f"({SHOWN})() > 0")

    assert visit.page.evaluate("soramichi.playback.end_s - soramichi.playback.start_s") == (
        pytest.approx(HOUR_S - 1 / rate_hz, abs=1e-3)
    )
    assert 500 < visit.page.evaluate("soramichi.playback.one.track.samples.length") <= POINTS
    # Asked for once, before the page's modules have come, and small whatever the rate.
    [(size_bytes, by)] = visit.page.evaluate(LOADED)
    assert 1_000 < size_bytes < TRACK_BYTES
    assert by == "link"
    assert visit.page.locator("#play").is_enabled()
