"""One stored flight in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from soramichi.domain.geodesy import WGS84
from tests.browser import DESKTOP, PHONE, Open
from tests.maps.scenery import HOSTILE
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


# [how high the canvas is, whether up is up in it, whether the dock covers the map's foot]
DOCK = """async () => {
  for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
  const { profile } = soramichi.shown;
  const box = (css) => document.querySelector(css).getBoundingClientRect();
  const foot = [".attribution", ".thumb"].map((css) => box(css).bottom);
  return [box("#profile").height, profile.y(profile.high) < profile.y(profile.low),
    Math.max(...foot) > box("#dock").top];
}"""
LONG = """document.getElementById("planned-name").textContent =
  "Published corridor nearby: along the coast by Ise, Matsusaka and Tsu ".repeat(4)"""


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_dock_grows_with_its_words_and_the_profile_keeps_its_height(
    mie: Served, opened: Open, size: tuple[int, int]
) -> None:
    visit = opened(mie[1], "/replay/JA-SM01-1?lang=en", size)
    visit.wait("soramichi.complete")
    visit.page.evaluate(LONG)
    high, upright, covered = visit.page.evaluate(DOCK)
    assert high >= 96
    assert upright
    assert not covered


def test_the_dock_has_no_gap_and_its_events_can_be_moved_clear_of_the_edge(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/replay/JA-SM01-1?lang=en", PHONE)
    visit.wait("soramichi.complete")
    gap, clear = visit.page.evaluate(
        """() => {
          const box = (css) => document.querySelector(css).getBoundingClientRect();
          const list = document.getElementById("events");
          list.append(...[...list.children].map((item) => item.cloneNode(true)));
          list.scrollLeft = list.scrollWidth;
          const last = list.lastChild.getBoundingClientRect();
          return [box("#events").top - box(".beside").bottom, box("#events").right - last.right];
        }"""
    )
    assert gap < 12
    assert clear >= 40


FAINT = """async (background) => {
  const { drawFlown } = await import("soramichi/replay-marks.js");
  const canvas = new OffscreenCanvas(100, 20);
  const context = canvas.getContext("2d");
  context.fillStyle = background;
  context.fillRect(0, 0, 100, 20);
  drawFlown(context, { scale: 1, x: 0, y: 10 }, [{ x: 0, y: 0 }, { x: 100, y: 0 }]);
  const { data } = context.getImageData(0, 0, 100, 20);
  const light = (i) => [0.2126, 0.7152, 0.0722].reduce((sum, share, part) => {
    const value = data[4 * i + part] / 255;
    return sum + share * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  }, 0);
  const [ground, ...dots] = [0, ...Array(100).keys()].map((i) => (i ? 1000 + i : 0)).map(light);
  return Math.max(...dots.map((one) =>
    (Math.max(one, ground) + 0.05) / (Math.min(one, ground) + 0.05)));
}"""


@pytest.mark.parametrize("ground", ["#ece6d8", "#173d54"], ids=["land", "sea"])
def test_the_way_ahead_is_seen_on_land_and_on_the_sea(
    mie: Served, opened: Open, ground: str
) -> None:
    visit = opened(mie[1], "/replay/JA-SM01-1")
    assert visit.page.evaluate(FAINT, ground) > 4.5


def test_the_corridor_is_thinner_than_the_flight(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/replay/JA-SM01-1")
    visit.wait("soramichi.complete && soramichi.shown.beside")
    widths = visit.page.evaluate(
        """() => {
          const { layer } = soramichi;
          const { context } = layer.ground;
          const widths = { corridor: 0, flight: 0 };
          context.stroke = function () {
            const what = this.strokeStyle === "#f5c32c" ? "corridor" : "flight";
            widths[what] = Math.max(widths[what], this.lineWidth);
          };
          layer.drawGround(layer.view.now());
          delete context.stroke;
          return widths;
        }"""
    )
    assert 0 < widths["corridor"] < widths["flight"] / 2


def test_a_profile_without_room_is_left_out(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/replay/JA-SM01-1?lang=en")
    visit.wait("soramichi.complete")
    drawn = """async (high) => {
      const canvas = document.getElementById("profile");
      canvas.style.height = high;
      for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
      const { width, height } = canvas;
      const copy = new OffscreenCanvas(width, height).getContext("2d");
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, width, height);
      return data.some((byte) => byte > 0);
    }"""
    assert visit.page.evaluate(drawn, "120px")
    assert not visit.page.evaluate(drawn, "40px")


def test_a_flight_can_be_taken_home_as_a_file(mie: Served, opened: Open, tmp_path: Path) -> None:
    visit = opened(mie[1], "/replay/JA-SM01-1?lang=en")
    with visit.page.expect_download() as begun:
        visit.page.get_by_role("link", name="Save as a file").click()
    assert begun.value.url.endswith("/api/v1/flights/JA-SM01-1/html")
    assert begun.value.suggested_filename == "flight.html"
    kept = tmp_path / "flight.html"
    begun.value.save_as(kept)
    home = opened(kept.as_uri(), "?lang=en")
    assert home.page.locator("#name").inner_text() == "Flying car demonstrator"
    assert home.page.locator("#keep").count() == 0


def test_an_unknown_flight_is_said_in_words(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/replay/no-such?lang=en")
    assert visit.page.get_by_role("alert").inner_text().startswith("There is no such")
    # Nothing is in it, and there is nothing to take home.
    assert not visit.page.locator("#recorded").is_visible()
    assert not visit.page.locator("#keep").is_visible()
    visit.complaints[:] = [said for said in visit.complaints if "404" not in said]


def test_what_happened_is_marked_and_listed_and_can_be_gone_to(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/replay/JA-SM01-1?lang=en", DESKTOP)
    visit.wait("soramichi.complete")
    events = visit.page.locator("#events button")
    assert [one.split("\n")[1:] for one in events.all_inner_texts()] == [
        ["Take-off"],
        ["Left its corridor", "A"],
    ]
    assert visit.page.evaluate("soramichi.shown.profile.marks.length") == 2
    visit.page.locator("#play").click()
    events.nth(1).click()
    at_event = "soramichi.playback.at_s - soramichi.shown.events[{}].time_s"
    assert visit.page.evaluate(at_event.format(1)) == 0
    assert HOSTILE in (events.nth(1).get_attribute("title") or "")
    assert visit.page.locator("main script, main img[src=x]").count() == 0
    visit.page.evaluate("document.activeElement.blur()")
    visit.page.keyboard.press("p")
    assert visit.page.evaluate(at_event.format(0)) == 0
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.evaluate(at_event.format(0)) == 10


def test_a_flight_without_events_says_so(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/replay/MINAMI-D2-1?lang=en")
    visit.wait("soramichi.complete")
    assert visit.page.get_by_text("No event was recorded").is_visible()
    assert visit.page.locator("#planned-name").inner_text() == "No planned corridor is published"


def test_the_distance_to_the_planned_corridor_is_right(mie: Served, opened: Open) -> None:
    """Against geodesics by pyproj: the corridor is a meridian, its foot on one parallel."""
    visit = opened(mie[1], "/replay/JA-SM01-1?lang=en", DESKTOP)
    visit.wait("soramichi.complete")
    assert visit.page.locator("#planned-name").inner_text() == "Planned corridor: Ise Bay route"
    places = visit.page.evaluate(
        "soramichi.playback.one.track.samples.map(({ x, y }) =>"
        " [x * 360 / 256 - 180, Math.atan(Math.sinh(Math.PI * (1 - 2 * y / 256))) * 180 / Math.PI])"
    )
    found = visit.page.evaluate("soramichi.shown.beside.off.map(({ off_m }) => off_m)")
    line = [(136.74, 34.5 + i * 0.0005) for i in range(501)]
    for k in (0, 75, 150, 299):
        lon, lat = places[k]
        truth = min(WGS84.inv(lon, lat, *point)[2] for point in line)
        assert found[k] == pytest.approx(truth, rel=0.005, abs=5)
    text = visit.page.locator("#now-off").inner_text()
    assert re.fullmatch(r"now [\d.]+\skm off the line · [\d.]+\skm at the farthest", text)
