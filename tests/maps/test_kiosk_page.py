"""The big screen in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.browser import DESKTOP, Open, Visit
from tests.maps.scenery import three_over_mie
from tests.maps.stand_in_server import StandIn, serving

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]
FOUR_K = (3840, 2160)

# A tick is a second: three aircraft a flight, a new flight with new aircraft every simulated hour.
TWO_HOURS = """async (from) => {
  const { feed } = soramichi;
  feed.refresh = async () => {};
  feed.history = async () => {};
  const start = Date.parse("2030-01-01T00:00:00Z") / 1000;
  for (let s = from; s < from + 2 * 3600; s += 1) {
    const time = new Date((start + s) * 1000).toISOString();
    const hour = Math.floor(s / 3600);
    feed.tick({ time, aircraft: [0, 1, 2].map((i) => ({
      id: `H${hour}-${i}`, flight: `H${hour}`, time, received_at: time,
      lon: 136.5 + i / 10 + (s % 3600) / 20000, lat: 34.6, altitude_m: 100 + (s % 300),
      altitude_datum: "AMSL", ground_speed_mps: 30, track_deg: 90 })) });
    if (s % 300 === 0) await new Promise(requestAnimationFrame);
  }
}"""


@pytest.fixture
def hall() -> Iterator[Served]:
    stand_in = StandIn()
    with serving(stand_in) as base:
        yield stand_in, base


def heap_mb(visit: Visit) -> float:
    devtools = visit.page.context.new_cdp_session(visit.page)
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def test_what_flies_is_shown_and_nothing_can_be_pressed(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/kiosk?lang=ja", FOUR_K)
    visit.wait("soramichi.layer.drawn.length > 0")
    visit.page.evaluate("soramichi.turn()")
    visit.page.locator("#star").wait_for()
    shown = visit.page.locator("#star-height").inner_text()
    assert any(datum in shown for datum in ("海抜", "地表から", "離陸地点から"))
    assert visit.page.locator("a, button, input, [tabindex]").count() == 0
    assert visit.page.locator(".phone svg").count() == 1
    visit.resize(DESKTOP)


def test_when_nothing_flies_a_recorded_flight_is_shown_as_such(hall: Served, opened: Open) -> None:
    for craft in hall[0].fleet:
        craft.silent_after_s = -7200
        craft.behind = timedelta(days=400)
    visit = opened(hall[1], "/kiosk?lang=en")
    visit.page.locator('#star-mark[data-kind="recorded"]').wait_for()
    assert visit.page.locator("#star-mark").inner_text().startswith("Recorded ")
    assert visit.page.evaluate("soramichi.state.playback.playing")


def test_hours_of_flights_leave_the_memory_flat(hall: Served, opened: Open) -> None:
    hall[0].fleet = three_over_mie()[:1]
    visit = opened(hall[1], "/kiosk")
    visit.page.evaluate(TWO_HOURS, 0)
    before = heap_mb(visit)
    visit.page.evaluate(TWO_HOURS, 2 * 3600)
    assert heap_mb(visit) - before < 1.0  # 72 hours were measured once: 11.2 to 11.6 MB
    assert visit.page.evaluate("soramichi.feed.aircraft.size") <= 6
