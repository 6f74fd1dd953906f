"""The big screen in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.browser import DESKTOP, Open, Visit
from tests.maps.scenery import three_over_mie
from tests.maps.stand_in_server import StandIn, serving

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]
FOUR_K = (3840, 2160)

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


@pytest.mark.parametrize("language", ["ja", "en"])
def test_everything_can_be_read_from_afar(mie: Served, opened: Open, language: str) -> None:
    visit = opened(mie[1], f"/kiosk?lang={language}", DESKTOP)
    visit.wait("soramichi.layer.drawn.length > 0")
    visit.page.evaluate("soramichi.turn()")
    visit.page.locator("#star").wait_for()
    small, cut = visit.page.evaluate(
        """async () => {
          const { FACTS } = await import("soramichi/facts.js");
          const small = [...document.querySelectorAll("main *")]
            .filter(({ childNodes }) => [...childNodes].some((one) => one.nodeType === 3
              && one.data.trim()))
            .filter((node) => !node.closest(".attribution") && node.checkVisibility())
            .filter((node) => parseFloat(getComputedStyle(node).fontSize) < 16)
            .map(({ textContent }) => textContent);
          const [own, other] = document.getElementById("fact").children;
          const box = document.querySelector(".facts");
          const cut = FACTS.filter(({ ja, en, source }) => {
            const japanese = document.documentElement.lang === "ja";
            [own.textContent, other.textContent] = japanese ? [ja, en] : [en, ja];
            const from = source ? `${source.ja} · ${source.en}` : "";
            document.getElementById("source").textContent = from;
            return box.scrollHeight > box.clientHeight;
          });
          return [small, cut.map(({ en }) => en)];
        }"""
    )
    assert small == []
    assert cut == []
    rows = visit.page.locator("#heights li").evaluate_all(
        "all => all.map((row) => row.getBoundingClientRect().top)"
    )
    assert rows == sorted(rows)  # as in the legend of the other maps


def test_when_nothing_flies_a_recorded_flight_is_shown_as_such(hall: Served, opened: Open) -> None:
    for craft in hall[0].fleet:
        craft.silent_after_s = -7200
        craft.behind = timedelta(days=400)
    visit = opened(hall[1], "/kiosk?lang=en")
    visit.page.locator('#star-mark[data-kind="recorded"]').wait_for()
    assert visit.page.locator("#star-mark").inner_text().startswith("Recorded ")
    assert visit.page.evaluate("soramichi.state.playback.playing")
    assert visit.page.locator("#recording").inner_text().split() == ["RECORDED", "録画"]


def test_the_plate_on_the_map_and_the_panel_tell_the_same_height(
    hall: Served, opened: Open
) -> None:
    for craft in hall[0].fleet:
        craft.silent_after_s = -7200
        craft.behind = timedelta(days=400)
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
    visit.page.evaluate(HOURS, [0, 8])
    before = heap_mb(visit)
    visit.page.evaluate(HOURS, [8, 72])
    assert heap_mb(visit) - before < 1.0
    assert visit.page.evaluate("soramichi.feed.aircraft.size") <= 6
    assert visit.page.evaluate("soramichi.events.all.length") <= 40
    assert visit.page.locator(".note").count() <= 3
