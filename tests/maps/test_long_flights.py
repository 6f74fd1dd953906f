"""A page that stays open: what it must not lose, and what it must not keep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.browser import Open, Visit
from tests.maps.scenery import Craft, stamp
from tests.maps.stand_in_server import StandIn, serving

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]


def a_helicopter(identifier: str) -> Craft:
    name = {"ja": f"{identifier}号", "en": f"Helicopter {identifier}"}
    return Craft(identifier, name, "helicopter", 136.7, 34.75, 2, 50, 300)


@pytest.fixture
def bay() -> Iterator[Served]:
    stand_in = StandIn(fleet=[a_helicopter("A")])
    with serving(stand_in) as base:
        yield stand_in, base


def test_of_two_that_take_off_a_second_apart_both_get_their_names(
    bay: Served, opened: Open
) -> None:
    stand_in, base = bay
    visit = opened(base, "/live?lang=en")
    visit.page.wait_for_timeout(2500)  # the first picture is no longer the last call
    for newcomer in ("B", "C"):  # the picture that named B is one without C
        stand_in.fleet.append(a_helicopter(newcomer))
        told = f"soramichi.feed.aircraft.get('{newcomer}')?.name.en"
        visit.wait(f"{told} === 'Helicopter {newcomer}'", 6)


def test_calls_that_are_put_off_are_one(bay: Served, opened: Open) -> None:
    visit = opened(bay[1], "/live")
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.page.evaluate("for (let i = 0; i < 9; i += 1) soramichi.feed.refresh()")
    visit.page.wait_for_timeout(3500)
    assert sum(url.endswith("/api/v1/aircraft") for url in asked) in {1, 2}


ORIGINS = """async (ticks) => {
  const { Journeys } = await import("soramichi/journey.js");
  const { Track } = await import("soramichi/motion.js");
  const journeys = new Journeys([
    { ja: "北", en: "North", lon: 136.8, lat: 34.86 },
    { ja: "南", en: "South", lon: 136.8, lat: 34.34 }]);
  const one = { track: new Track(), state: {}, aircraft_class: "helicopter", whole: "f" };
  const fly = (flight, second, lat) => {
    one.state = { flight, time: new Date(second * 1000).toISOString(), lon: 136.8, lat };
    one.track.push(one.state);
  };
  const origin = () => journeys.of(one).from?.en ?? null;
  fly("f", 100, 34.8);
  one.track.prepend([{ time_s: 50, lon: 136.8, lat: 34.86 }]);
  const told = [origin()];
  for (let i = 1; i <= ticks; i += 1) fly("f", 100 + i, i < 100 ? 34.6 : 34.34);
  told.push(origin());
  fly("g", 101 + ticks, 34.34);
  return [...told, origin(), one.track.samples.length];
}"""


def test_a_flight_keeps_its_origin_after_its_first_sample_is_dropped(
    bay: Served, opened: Open
) -> None:
    visit = opened(bay[1], "/live")
    assert visit.page.evaluate(ORIGINS, 1500) == ["North", "North", "South", 1]


WEIGHTS = """async (severities) => {
  const { weightOf } = await import("soramichi/happened.js");
  return severities.map((severity) => weightOf({ severity }));
}"""


def test_the_servers_three_severities_are_three_weights(bay: Served, opened: Open) -> None:
    visit = opened(bay[1], "/live")
    severities = ["info", "caution", "warning"]
    assert visit.page.evaluate(WEIGHTS, severities) == ["calm", "watch", "serious"]


MIXED = """async () => {
  const { heightsIn } = await import("soramichi/profile.js");
  const { Track } = await import("soramichi/motion.js");
  const track = new Track();
  const at = (second) => new Date(second * 1000).toISOString();
  const place = { lon: 136.8, lat: 34.8, flight: "f" };
  track.push({ ...place, time: at(100), altitude_m: 312, altitude_datum: "AMSL" });
  track.push({ ...place, time: at(101), altitude_m: 31, altitude_datum: "AGL" });
  track.prepend([{ time_s: 50, lon: 136.8, lat: 34.8, altitude_m: 30, altitude_datum: null }]);
  return heightsIn(track.samples, "AMSL").map(({ altitude_m }) => altitude_m ?? null);
}"""


def test_heights_above_something_else_leave_a_gap_in_the_profile(bay: Served, opened: Open) -> None:
    visit = opened(bay[1], "/live")
    assert visit.page.evaluate(MIXED) == [None, 312, None]


def test_a_flight_of_long_ago_has_its_name(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/live?lang=en")
    nothing = '{"type": "FeatureCollection", "features": []}'
    visit.page.route("**/api/v1/aircraft", lambda route: route.fulfill(body=nothing))
    visit.page.goto(f"{mie[1]}/replay/JA-SM01-1?lang=en")
    visit.page.get_by_text("Flying car demonstrator").first.wait_for()


AFTER_A_CUT = """async (silent_s) => {
  const { Track } = await import("soramichi/motion.js");
  const track = new Track();
  const iso = (s) => new Date(s * 1000).toISOString();
  const push = (time, received) => track.push({ flight: "f", time: iso(time),
    received_at: iso(received), lon: 136 + time / 10000, lat: 34.5, altitude_m: 100,
    altitude_datum: "AMSL", ground_speed_mps: 9, track_deg: 90 });
  const behind = (now) => now - (track.at(now).x * 360 / 256 - 180 - 136) * 10000;
  for (let s = 0; s < 60; s += 1) push(s, s + 0.3);
  const back = 60 + silent_s;
  for (let s = 60; s < back; s += 1) push(s, back + (s - 60) / silent_s); // All that had waited.
  const found = [];
  for (let s = back; s < back + 10; s += 1) {
    push(s, s + 1.3);
    found.push([behind(s + 1.3), track.recorded]);
  }
  return found;
}"""


@pytest.mark.parametrize("silent_s", [30, 100, 300])
def test_after_a_cut_the_aircraft_is_shown_where_it_is_now(
    mie: Served, opened: Open, silent_s: int
) -> None:
    visit = opened(mie[1], "/live")
    for behind_s, recorded in visit.page.evaluate(AFTER_A_CUT, silent_s):
        assert 0.0 <= behind_s < 5.0
        assert not recorded


TOLD = """(ticks) => {
  const { feed } = soramichi;
  const time = (s) => new Date(feed.now_s() * 1000 + s * 1000).toISOString();
  for (const { whole, gone, aircraft } of ticks) {
    feed.tick({ time: time(0), whole, gone, aircraft: aircraft.map(([id, s]) => ({
      id, flight: `${id}-1`, time: time(s), received_at: time(s), lon: 136.8, lat: 34.7,
      altitude_m: 100, altitude_datum: "AMSL" })) });
  }
  return [...feed.aircraft.values()]
    .map(({ id, track }) => [id, track.samples.length]).sort();
}"""


@pytest.fixture
def quiet() -> Iterator[Served]:
    """A server that tells nothing of its own accord."""
    stand_in = StandIn(fleet=[])
    with serving(stand_in) as base:
        yield stand_in, base


def opened_quietly(quiet: Served, opened: Open) -> Visit:
    """The live page, with a server that has no tracks of what the test makes up."""
    visit = opened(quiet[1], "/live?lang=en")
    none = '{"type": "Feature", "geometry": null, "properties": {}}'
    visit.page.route("**/track*", lambda route: route.fulfill(body=none))
    return visit


def test_a_whole_picture_takes_away_what_it_does_not_hold(quiet: Served, opened: Open) -> None:
    visit = opened_quietly(quiet, opened)
    first = {"aircraft": [["A", -2], ["B", -2], ["C", -2]]}
    more = {"aircraft": [["A", 0], ["B", 0], ["C", 0]]}
    # A was withdrawn meanwhile, C is shown a minute late now; B is told by another server.
    whole = {"whole": True, "aircraft": [["B", -1], ["C", -60]]}
    assert visit.page.evaluate(TOLD, [first, more, whole]) == [["B", 2], ["C", 1]]


def test_an_answer_that_was_under_way_does_not_bring_back_what_is_withdrawn(
    quiet: Served, opened: Open
) -> None:
    visit = opened_quietly(quiet, opened)
    visit.page.evaluate(TOLD, [{"aircraft": [["A", -2]]}])
    names = visit.page.evaluate(
        """([since, gone]) => {
          const { feed } = soramichi;
          const picture = feed.picture();
          feed.tick({ time: new Date().toISOString(), gone, aircraft: [] });
          feed.take(picture, Date.now() + since);
          return [...feed.aircraft.keys()];
        }""",
        [-1000, ["A"]],
    )
    assert names == []
    # Published again, and asked for after that.
    assert visit.page.evaluate(TOLD, [{"aircraft": [["A", 1]]}]) == [["A", 1]]


def test_the_events_of_what_is_withdrawn_leave_the_list(quiet: Served, opened: Open) -> None:
    visit = opened_quietly(quiet, opened)
    visit.page.evaluate(TOLD, [{"aircraft": [["A", 0], ["B", 0]]}])
    quiet[0].happened = [
        {"id": n, "kind": "takeoff", "severity": "info", "aircraft": aircraft, "flight": "f",
         "time": stamp(datetime.now(UTC)), "lon": 136.8, "lat": 34.7,
         "message": {"ja": "離陸", "en": f"{aircraft} took off"}}
        for n, aircraft in enumerate("AB")
    ]  # fmt: skip
    for aircraft in "AB":
        visit.page.locator("#events").get_by_text(f"{aircraft} took off").wait_for()
    del quiet[0].happened[0]
    visit.page.evaluate(TOLD, [{"gone": ["A"], "aircraft": []}])
    assert visit.page.locator("#events li").count() == 1
    # The same for what is withdrawn while the line is cut: the list that is fetched then tells.
    quiet[0].happened.clear()
    visit.page.evaluate("soramichi.feed.setLink('reconnecting'); soramichi.feed.setLink('live')")
    visit.wait("soramichi.events.all.length === 0")
    assert visit.page.locator("#events li").count() == 0


def test_what_stands_on_the_ground_is_not_counted_as_flying(quiet: Served, opened: Open) -> None:
    visit = opened_quietly(quiet, opened)
    visit.page.evaluate(TOLD, [{"aircraft": [["A", -3], ["B", -3]]}])
    count = visit.page.locator("#count")
    visit.wait("document.querySelector('#count').textContent === '2'")
    visit.page.evaluate(
        """() => {
          const { feed } = soramichi;
          const time = new Date(feed.shown_s() * 1000 - 500).toISOString();
          const { state } = feed.aircraft.get("B");
          const landed = { ...state, id: "B", time, received_at: time, status: "Ground" };
          feed.tick({ time, aircraft: [landed] });
        }"""
    )
    visit.wait("document.querySelector('#count').textContent === '1'")
    assert visit.page.locator(".card").count() == 2
    assert count.is_visible()
