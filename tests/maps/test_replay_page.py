"""One stored flight in a real browser."""

from __future__ import annotations

import pytest

from tests.browser import DESKTOP, PHONE, Open
from tests.maps.stand_in_server import StandIn

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]
AT = "soramichi.playback.at_s - soramichi.playback.start_s"

# At a sample's own time the aircraft is at that sample, whatever curve leads there.
FAR_FROM_SAMPLES = """() => {
  const { playback } = soramichi;
  const { samples } = playback.one.track;
  return Math.max(...[0, 7, 150, 299].map((i) => {
    const { x, y } = playback.one.track.at(samples[i].time_s);
    return Math.hypot(x - samples[i].x, y - samples[i].y);
  }));
}"""


def test_a_flight_plays_at_the_chosen_speed(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/replay/JA-SM01-1?lang=ja", DESKTOP)
    visit.page.locator("#rate").select_option("60")
    before = visit.page.evaluate(AT)
    visit.page.wait_for_timeout(1000)
    assert 45 < visit.page.evaluate(AT) - before < 120
    assert visit.page.locator("#recorded").inner_text().startswith("記録 ")
    assert "海抜" in visit.page.locator("#now-height").inner_text()
    visit.resize(PHONE)


def test_scrubbing_by_keyboard_and_by_the_profile_meets_the_samples(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/replay/TOBA-D1-1?lang=en")
    visit.page.locator("#play").click()
    visit.wait("!soramichi.playback.playing")
    scrub = visit.page.locator("#scrub")
    scrub.focus()
    visit.page.keyboard.press("End")
    visit.wait("soramichi.playback.at_s === soramichi.playback.end_s")
    assert "above take-off" in (scrub.get_attribute("aria-valuetext") or "")
    box = visit.page.locator("#profile").bounding_box()
    assert box
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert visit.page.evaluate(AT) == pytest.approx(299, abs=15)  # the middle of 598 s
    assert visit.page.evaluate(FAR_FROM_SAMPLES) < 1e-9


def test_an_unknown_flight_is_said_in_words(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/replay/no-such?lang=en")
    assert visit.page.get_by_role("alert").inner_text().startswith("There is no such")
    visit.complaints[:] = [said for said in visit.complaints if "404" not in said]
