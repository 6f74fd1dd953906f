"""The live pages in a real browser, over a real stream."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FloatRect

from tests.browser import DESKTOP, PHONE, Open, Visit
from tests.maps.scenery import a_fleet, a_hostile_one, three_over_mie
from tests.maps.stand_in_server import StandIn, serving

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]


def place(visit: Visit, css: str) -> FloatRect:
    """Where the first of these is on the screen."""
    found = visit.page.locator(css).first.bounding_box()
    assert found
    return found


DRAWN = "soramichi.layer.drawn.map(({one, worldX, worldY}) => [one.id, worldX, worldY])"


@pytest.mark.parametrize(
    ("path", "size", "other"), [("/", PHONE, DESKTOP), ("/live", DESKTOP, PHONE)]
)
def test_aircraft_move_and_nothing_is_asked_of_another_host(
    mie: Served, opened: Open, path: str, size: tuple[int, int], other: tuple[int, int]
) -> None:
    visit = opened(mie[1], path, size)
    visit.wait("soramichi.layer.drawn.length === 4")
    visit.page.evaluate(f"globalThis.before = {DRAWN}")
    visit.wait(f"{DRAWN}.every(([id, x, y], i) => x !== before[i][1] && y !== before[i][2])")
    assert visit.page.locator("#link").get_attribute("data-link") == "live"
    visit.resize(size)
    visit.resize(other)


def test_an_aircraft_is_drawn_on_its_circle_between_samples(mie: Served, opened: Open) -> None:
    """The stand-in flies circles: a straight line between samples would cut their corners."""
    craft = three_over_mie()[1]
    visit = opened(mie[1], "/live")
    visit.wait("soramichi.layer.drawn.length === 4")
    visit.page.wait_for_timeout(2500)
    off_m = visit.page.evaluate(
        """async ([id, lon, lat, radius]) => {
          const { worldX, worldY } = await import("soramichi/motion.js");
          const metre = 256 / (40075016.686 * Math.cos(lat * Math.PI / 180));
          const off = [];
          for (let i = 0; i < 60; i += 1) {
            await new Promise(requestAnimationFrame);
            const drawn = soramichi.layer.drawn.find(({ one }) => one.id === id);
            const far = Math.hypot(drawn.worldX - worldX(lon), drawn.worldY - worldY(lat)) / metre;
            off.push(Math.abs(far - radius));
          }
          return Math.max(...off);
        }""",
        [craft.id, craft.lon, craft.lat, craft.radius_km * 1000],
    )
    assert off_m < 15  # the stand-in's kilometre and Mercator's differ by a few per mille


def test_a_recording_is_marked_with_its_date_in_both_languages(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/?lang=ja", PHONE)
    badge = visit.page.locator('[data-aircraft="JA-H60"] .badge')
    assert badge.inner_text().startswith("記録 2021年") or "記録 20" in badge.inner_text()
    visit.page.locator("#language").click()
    assert badge.inner_text().startswith("Recorded ")
    assert visit.page.evaluate("document.documentElement.lang") == "en"
    visit.page.goto(f"{mie[1]}/live")
    visit.wait("globalThis.soramichi?.feed.ready")
    assert visit.page.locator("#list-heading").inner_text().startswith("Flying now")


def test_a_height_is_never_shown_without_its_datum(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/?lang=ja", PHONE)
    drone = visit.page.locator('[data-aircraft="TOBA-D1"] .height')
    assert re.search(r"\d+ m\n離陸地点から", drone.inner_text())
    visit.page.locator("#language").click()
    assert re.search(r"\d+ m\nabove take-off", drone.inner_text())
    heights = visit.page.locator(".height").all_inner_texts()
    assert len(heights) == 4
    assert all(re.search(r"\d+ m\nabove (sea level|take-off|ground)", text) for text in heights)
    # The figure is one line, however long its datum's name is.
    figures = visit.page.locator(".height .value")
    assert all((box.bounding_box() or {"height": 99})["height"] < 30 for box in figures.all())


# For three seconds, after each frame: [clock, observed, height on the card, height on the map].
TOLD = """async () => {
  const told = [];
  const until = performance.now() + 3000;
  while (performance.now() < until) {
    await new Promise(requestAnimationFrame);
    const time = (text) =>
      text.match(/\\d+:\\d+:\\d+/)[0].split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    for (const id of ["JA-SM01", "TOBA-D1", "MINAMI-D2"]) {
      const card = document.querySelector(`[data-aircraft="${id}"]`);
      told.push([
        time(document.getElementById("clock").textContent),
        time(card.querySelector(".observed").textContent),
        card.querySelector(".height").textContent.match(/\\d+ m/)[0],
        soramichi.feed.aircraft.get(id).label.key.match(/\\d+ m/)[0],
      ]);
    }
  }
  return told;
}"""


def test_clock_card_and_label_tell_of_one_instant(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/live?lang=en")
    # A page shows the first it heard until its time has come.
    first = visit.page.locator(".observed").first.inner_text()
    visit.wait(f"document.querySelector('.observed').innerText !== '{first}'")
    told = visit.page.evaluate(TOLD)
    assert len({height for *_, height, _ in told}) > 3
    assert all(card == label for *_, card, label in told)
    # What is shown was observed by then, be it before midnight.
    assert all((clock - seen) % 86_400 < 43_200 for clock, seen, *_ in told)


def test_choosing_by_keyboard_follows_and_loads_what_was_flown(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/live?lang=en")
    card = visit.page.locator('[data-aircraft="TOBA-D1"]')
    card.focus()
    visit.page.keyboard.press("Enter")
    visit.wait('soramichi.state.following && soramichi.layer.selected === "TOBA-D1"')
    visit.wait('soramichi.feed.aircraft.get("TOBA-D1").track.samples.length > 200')
    assert card.get_attribute("aria-pressed") == "true"
    assert visit.page.locator("#side").is_visible()
    visit.page.keyboard.press("Escape")
    visit.wait("soramichi.layer.selected === null")
    assert not visit.page.locator("#side").is_visible()


def test_a_card_goes_in_to_its_aircraft_and_never_out(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/live?lang=en", DESKTOP)
    visit.wait("soramichi.layer.drawn.length === 4")
    before = visit.page.evaluate("soramichi.map.getZoom()")
    visit.page.locator('[data-aircraft="TOBA-D1"]').click()
    visit.wait("soramichi.map.getZoom() >= 13 && !soramichi.layer.view.zooming")
    assert before < 13
    # Once a second it is brought to the middle of what no panel covers.
    aside = (
        """Math.abs(soramichi.layer.drawn.find(({ one }) => one.id === "TOBA-D1").x - {x}) < 60"""
    )
    visit.wait(aside.replace("{x}", "(340 + 1500) / 2"))
    assert visit.page.evaluate("soramichi.state.following")
    visit.page.evaluate("soramichi.map.setZoom(14, { animate: false })")
    visit.page.locator('[data-aircraft="JA-SM01"]').click()
    visit.wait("soramichi.layer.drawn.some(({ one }) => one.id === 'JA-SM01')")
    assert visit.page.evaluate("soramichi.map.getZoom()") == 14


def test_reduced_motion_draws_with_the_data_and_not_each_frame(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/live")
    visit.page.emulate_media(reduced_motion="reduce")
    visit.page.wait_for_timeout(300)
    frames = visit.page.evaluate(
        """async () => {
          let drawn = 0;
          const draw = soramichi.layer.drawAir.bind(soramichi.layer);
          soramichi.layer.drawAir = (view) => { drawn += 1; draw(view); };
          await new Promise((done) => setTimeout(done, 1500));
          return drawn;
        }"""
    )
    assert 1 <= frames <= 5


@pytest.fixture
def other() -> Iterator[Served]:
    """A server of this test's own, to be changed and stopped."""
    stand_in = StandIn()
    with serving(stand_in) as base:
        yield stand_in, base


def test_a_long_list_uses_the_height_and_lies_on_no_button(other: Served, opened: Open) -> None:
    other[0].fleet = a_fleet(12)
    visit = opened(other[1], "/live?lang=en", DESKTOP)
    visit.page.locator(".card").nth(11).wait_for()
    controls = place(visit, ".controls")
    visit.page.locator(".card").first.click()
    visit.page.locator(".side").wait_for()
    panel = place(visit, ".list")
    assert panel["y"] + panel["height"] > 1040
    follow, side = place(visit, ".follow"), place(visit, ".side")
    assert all(box["x"] + box["width"] < panel["x"] for box in (controls, follow, side))
    assert follow["y"] + follow["height"] < side["y"]
    assert side["x"] + side["width"] < controls["x"]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("page", ["/", "/live"])
def test_what_goes_on_below_the_list_fades_out(
    other: Served, opened: Open, page: str, size: tuple[int, int]
) -> None:
    other[0].fleet = a_fleet(12)
    visit = opened(other[1], page, size)
    visit.page.locator(".card").nth(11).wait_for()
    # Its last lines are its own ground, wherever a card is cut.
    for scrolled in range(0, 160, 20):
        visit.page.evaluate(f"document.querySelector('.list').scrollTop = {scrolled}")
        shot = np.asarray(Image.open(io.BytesIO(visit.page.screenshot())).convert("RGB"))
        box = place(visit, ".list")
        left, bottom = int(box["x"]), int(box["y"] + box["height"])
        end = shot[bottom - 6 : bottom - 2, left + 20 : left + 340]
        assert np.ptp(end, axis=(0, 1)).max() <= 12
    if page == "/" and size == DESKTOP:
        assert place(visit, ".thumb a")["y"] >= bottom


def test_a_hostile_name_is_text_everywhere(other: Served, opened: Open) -> None:
    other[0].fleet = [a_hostile_one()]
    visit = opened(other[1], "/live?lang=en")
    visit.wait("document.querySelector('.name')?.textContent.startsWith('<img')")
    visit.page.wait_for_timeout(500)
    assert visit.page.locator(".name img, .name script").count() == 0
    assert visit.page.title() != "hacked"
    assert "<img" in visit.page.locator("#spoken").inner_text()


def test_an_aircraft_that_appears_later_gets_its_name(other: Served, opened: Open) -> None:
    stand_in, base = other
    stand_in.fleet = three_over_mie()[:1]
    visit = opened(base, "/live?lang=en")
    visit.page.wait_for_timeout(2100)
    stand_in.fleet = three_over_mie()[:2]
    visit.page.get_by_text("Toba island drone").wait_for(timeout=6000)


def test_one_that_falls_silent_fades_with_its_age(other: Served, opened: Open) -> None:
    stand_in, base = other
    stand_in.fleet[0].silent_after_s = -20
    visit = opened(base, "/live?lang=en")
    badge = visit.page.locator('[data-aircraft="JA-SM01"] .badge')
    assert badge.inner_text().startswith("Nothing received for ")


def test_a_dropped_line_is_said_and_mended_by_itself(other: Served, opened: Open) -> None:
    stand_in, base = other
    visit = opened(base, "/live?lang=en")
    visit.wait("soramichi.feed.link === 'live'")
    stand_in.up = False
    visit.wait("document.getElementById('link').dataset.link === 'reconnecting'")
    assert visit.page.locator("#link-word").inner_text() == "Reconnecting"
    stand_in.up = True
    visit.wait("document.getElementById('link').dataset.link === 'live'", timeout_s=15)
    visit.complaints[:] = [said for said in visit.complaints if "503" not in said]
    visit.complaints[:] = [said for said in visit.complaints if "INCOMPLETE" not in said]


def test_nothing_flying_is_said_kindly(other: Served, opened: Open) -> None:
    other[0].fleet = []
    visit = opened(other[1], "/?lang=ja", PHONE)
    assert visit.page.locator("#nothing-title").inner_text() == "いま飛んでいる機体はありません"


def test_recent_flights_lead_to_their_replay(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/?lang=ja", PHONE)
    visit.page.locator("#recent a").first.wait_for()
    links = visit.page.locator("#recent a").evaluate_all("all => all.map((a) => a.pathname)")
    assert set(links) == {f"/replay/{craft.id}-1" for craft in three_over_mie()}


def test_the_policy_stops_a_script_that_was_slipped_in(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/live")
    visit.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "globalThis.slipped = true";
          document.body.append(script);
        }"""
    )
    assert visit.page.evaluate("globalThis.slipped") is None
    assert any("Content Security Policy" in said for said in visit.complaints)
    visit.complaints.clear()
