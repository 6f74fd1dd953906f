"""The big screen in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser import DESKTOP, PHONE, Open, Visit
from tests.maps.scenery import stamp, three_over_mie
from tests.maps.stand_in_server import StandIn

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]
FOUR_K = (3840, 2160)
STANDING = (1080, 1920)
HELD = [PHONE, (360, 640), (844, 390), (667, 375)]

# A tick is ten seconds: three aircraft a flight, new aircraft every hour, an event every minute.
HOURS = """async ([from, until]) => {
  const { feed } = soramichi;
  feed.refresh = async () => {};
  feed.history = async () => {};
  const start = Date.parse("2030-01-01T00:00:00Z") / 1000;
  for (let s = from * 3600; s < until * 3600; s += 10) {
    const time = new Date((start + s) * 1000).toISOString();
    const hour = Math.floor(s / 3600);
    feed.tick({ time, aircraft: [0, 1, 2].map((i) => ({
      id: `H${hour}-${i}`, flight: `H${hour}`, time, received_at: time,
      lon: 136.5 + i / 10 + (s % 3600) / 20000, lat: 34.6, altitude_m: 100 + (s % 300),
      altitude_datum: "AMSL", ground_speed_mps: 30, track_deg: 90 })) });
    if (s % 60 === 0) {
      feed.tell("event", { id: `E${s}`, kind: "takeoff", severity: "info", time,
        aircraft: `H${hour}-0`, message: { ja: "離陸", en: `took off ${s}` } });
    }
    if (s % 600 === 0) await new Promise(requestAnimationFrame);
  }
}"""

# What lies on the star's symbol, which panels lie on one another, whether the star has its plate,
# and how much of the screen no panel covers.
LAID_OUT = """() => {
  const { layer, state } = soramichi;
  const name = ({ className }) => className;
  const panels = [...document.querySelectorAll("[data-covers]:not(.attribution)")]
    .filter((panel) => panel.offsetWidth > 0 && panel.offsetHeight > 0);
  const box = (panel) => panel.getBoundingClientRect();
  const meet = (a, b, by = 0) => a.left - by < b.right && b.left < a.right + by
    && a.top - by < b.bottom && b.top < a.bottom + by;
  const { x, y } = layer.drawn.find(({ one }) => one.id === state.star.id);
  const star = { left: x - 20, right: x + 20, top: y - 20, bottom: y + 20 };
  const share = panels.filter((panel) => panel.id !== "notes")
    .reduce((sum, panel) => sum + box(panel).width * box(panel).height, 0);
  const kept = layer.panels.boxes().length + layer.drawn.length;
  return {
    covered: panels.filter((panel) => meet(box(panel), star)).map(name),
    overlaps: panels.flatMap((one, i) => panels.slice(i + 1)
      .filter((other) => meet(box(one), box(other))).map((other) => [name(one), name(other)])),
    plate: layer.labels.taken.length > kept,
    map: 1 - share / (innerWidth * innerHeight),
  };
}"""


def only_recorded(stand_in: StandIn) -> None:
    """Nothing has flown for two hours, and what did, did so long ago."""
    for craft in stand_in.fleet:
        craft.silent_after_s = -7200
        craft.behind = timedelta(days=400)


def heap_mb(visit: Visit) -> float:
    devtools = visit.page.context.new_cdp_session(visit.page)
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def least_heap_mb(visit: Visit, hour: int) -> float:
    """Of four looks within that hour: what is on show at one of them is no growth."""
    found = []
    for quarter in range(4):
        visit.page.evaluate(HOURS, [hour + quarter / 4, hour + (quarter + 1) / 4])
        found.append(heap_mb(visit))
    return min(found)


def test_what_flies_is_shown_and_nothing_can_be_pressed(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/kiosk?lang=ja", FOUR_K)
    visit.wait("soramichi.layer.drawn.length > 0")
    visit.page.evaluate("soramichi.turn()")
    visit.page.locator("#star").wait_for()
    assert visit.page.locator("#star-mark").inner_text() == "飛行中 · Airborne"
    # The figure, and a line for each thing that is said of it, in both languages.
    assert re.fullmatch(r"\d+ m", visit.page.locator("#star-height").inner_text())
    datum, *more = visit.page.locator("#star-height-other").inner_text().splitlines()
    assert datum in {
        "海抜 · above sea level",
        "地表から · above ground",
        "離陸地点から · above take-off",
    }
    assert all(line.count(" · ") == 1 for line in more)
    assert visit.page.locator("a, button, input, [tabindex]").count() == 0
    assert visit.page.locator(".phone svg").count() == 1
    visit.resize(DESKTOP)


def cut_facts(visit: Visit) -> list[str]:
    """The English of what the panel of facts, as it stands, is too small for."""
    found: list[str] = visit.page.evaluate(
        """async () => {
          const { FACTS } = await import("soramichi/facts.js");
          const box = document.querySelector(".facts");
          return FACTS.filter((fact) => {
            soramichi.tellFact(fact);
            return box.scrollHeight > box.clientHeight;
          }).map(({ en }) => en);
        }"""
    )
    return found


@pytest.mark.parametrize("size", [DESKTOP, STANDING], ids=["lying", "standing"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_everything_can_be_read_from_afar(
    mie: Served, opened: Open, language: str, size: tuple[int, int]
) -> None:
    visit = opened(mie[1], f"/kiosk?lang={language}", size)
    visit.wait("soramichi.layer.drawn.length > 0")
    visit.page.evaluate("soramichi.turn()")
    visit.page.locator("#star").wait_for()
    small = visit.page.evaluate(
        """() => [...document.querySelectorAll("main *")]
          .filter(({ childNodes }) => [...childNodes].some((one) => one.nodeType === 3
            && one.data.trim()))
          .filter((node) => !node.closest(".attribution") && node.checkVisibility())
          .filter((node) => parseFloat(getComputedStyle(node).fontSize) < 16)
          .map(({ textContent }) => textContent)"""
    )
    assert small == []
    assert cut_facts(visit) == []
    rows = visit.page.locator("#heights li").evaluate_all(
        "all => all.map((row) => row.getBoundingClientRect().top)"
    )
    assert rows == sorted(rows)  # as in the legend of the other maps


@pytest.mark.parametrize("size", [*HELD, STANDING], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_on_another_screen_what_flies_is_seen_beside_what_is_told(
    hall: Served, opened: Open, language: str, size: tuple[int, int]
) -> None:
    visit = opened(hall[1], f"/kiosk?lang={language}", size)
    visit.page.locator("#star").wait_for()
    for severity in ("info", "warning", "info"):
        hall[0].happened.append(
            {"id": f"{len(hall[0].happened)}", "kind": "takeoff", "severity": severity,
             "aircraft": "JA-SM01", "time": stamp(datetime.now(UTC)),
             "message": {"ja": "離陸しました", "en": "Took off"}}
        )  # fmt: skip
    visit.wait("soramichi.events.all.length === 3")
    note = visit.page.locator(".note")
    assert note.get_attribute("data-severity") == "warning"  # and no other
    both = {"離陸しました", "Took off"}
    seen_words = {word for word in both if word in note.inner_text()}
    assert seen_words == (
        both if size == STANDING else {"離陸しました" if language == "ja" else "Took off"}
    )
    visit.page.wait_for_timeout(1000)  # The look has changed by then, and the plates have moved.
    seen = visit.page.evaluate(LAID_OUT)
    assert seen["covered"] == []
    assert seen["overlaps"] == []
    assert seen["plate"]
    assert seen["map"] > 0.4
    assert cut_facts(visit) == []
    visit.resize(size)


@pytest.mark.parametrize("size", [DESKTOP, PHONE, STANDING], ids=["lying", "phone", "standing"])
def test_when_nothing_flies_a_recorded_flight_is_shown_as_such(
    hall: Served, opened: Open, size: tuple[int, int]
) -> None:
    only_recorded(hall[0])
    visit = opened(hall[1], "/kiosk?lang=en", size)
    visit.page.locator('#star-mark[data-kind="recorded"]').wait_for()
    assert visit.page.locator("#star-mark").inner_text().startswith("Recorded ")
    assert visit.page.evaluate("soramichi.state.playback.playing")
    assert visit.page.locator("#recording").inner_text().split() == ["RECORDED", "録画"]
    visit.wait("soramichi.layer.drawn.length > 0")
    assert visit.page.evaluate(LAID_OUT)["overlaps"] == []


def test_a_recorded_flight_that_is_withdrawn_is_not_left_on_the_screen(
    hall: Served, opened: Open
) -> None:
    only_recorded(hall[0])
    visit = opened(hall[1], "/kiosk?lang=en")
    visit.wait("soramichi.state.playback?.playing")
    hall[0].fleet = []
    visit.page.evaluate("soramichi.turn()")
    visit.wait("soramichi.layer.feed === soramichi.feed")
    assert visit.page.locator("#recording").is_hidden()
    # A track that was asked for just before is not there any more.
    visit.complaints[:] = [said for said in visit.complaints if "404" not in said]


def test_a_star_that_is_withdrawn_leaves_the_screen_at_once(hall: Served, opened: Open) -> None:
    visit = opened(hall[1], "/kiosk?lang=en")
    visit.page.locator("#star").wait_for()
    star = visit.page.evaluate("soramichi.state.star.id")
    hall[0].fleet = [craft for craft in hall[0].fleet if craft.id != star]
    gone = """(star) => {
      const { feed } = soramichi;
      const time = new Date(feed.now_s() * 1000).toISOString();
      feed.tick({ time, gone: [star], aircraft: [] });
    }"""
    visit.page.evaluate(gone, star)
    visit.page.locator("#star").wait_for(state="hidden", timeout=10_000)


def test_the_plate_on_the_map_and_the_panel_tell_the_same_height(
    hall: Served, opened: Open
) -> None:
    only_recorded(hall[0])
    visit = opened(hall[1], "/kiosk?lang=en")
    visit.wait("soramichi.state.playback?.playing")
    told = visit.page.evaluate(
        """async () => {
          const told = [];
          const until = performance.now() + 3000;
          while (performance.now() < until) {
            await new Promise(requestAnimationFrame);
            const texts = [soramichi.state.playback.one.label?.key ?? "0 m",
              document.getElementById("star-height").textContent];
            told.push(texts.map((text) => text.match(/\\d+ m/)[0]));
          }
          return told;
        }"""
    )
    told = [pair for pair in told if pair[0] != "0 m"]  # not drawn yet
    assert len({label for label, _ in told}) > 1
    assert all(label == panel for label, panel in told)


def test_a_fact_says_where_it_is_from(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/kiosk?lang=en")
    told = visit.page.evaluate(
        """async () => (await import("soramichi/facts.js")).FACTS
          .map(({ ja, en, source }) => [ja, en, source?.ja ?? "", source?.en ?? ""])"""
    )
    assert all(ja and en for ja, en, _, _ in told)
    # What has a date or a figure of its own is somebody's: only ours go without.
    assert all(bool(ja) == bool(en) for *_, ja, en in told)
    unsourced = [fact[1] for fact in told if not fact[3]]
    assert not any(character.isdigit() for one in unsourced for character in one.replace("100", ""))


def test_72_hours_of_flights_leave_the_memory_flat(hall: Served, opened: Open) -> None:
    hall[0].fleet = three_over_mie()[:1]
    visit = opened(hall[1], "/kiosk")
    visit.page.evaluate(HOURS, [0, 7])
    before = least_heap_mb(visit, 7)
    visit.page.evaluate(HOURS, [8, 71])
    assert least_heap_mb(visit, 71) - before < 1.0
    assert visit.page.evaluate("soramichi.feed.aircraft.size") <= 6
    assert visit.page.evaluate("soramichi.events.all.length") <= 40
    assert visit.page.locator(".note").count() <= 3
