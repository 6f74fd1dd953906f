"""What a page that stays open must not lose: a newcomer's name, and where a flight began."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import Open
from tests.maps.scenery import Craft
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
