"""Whence, whither, how high above what, how loud: what a card says, and what it leaves unsaid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from api.routes.pages import SOUNDS
from maps import pages
from maps.assets import STATIC_FOLDER
from routes_planner.noise import level_db
from routes_planner.vehicle import VEHICLES
from simulators.scenarios import SCENARIOS
from tests.browser import Open
from tests.maps.scenery import HOSTILE, Craft
from tests.maps.stand_in_server import StandIn, serving

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]

OVER_THE_BAY = (136.70, 34.75)
OVER_LAND = (136.40, 34.60)


@pytest.fixture(scope="module")
def bay() -> Iterator[Served]:
    """Two helicopters, over the bay and over land, and the sound of every class."""
    stand_in = StandIn(
        fleet=[
            Craft("SEA", {"ja": "海", "en": "Sea"}, "helicopter", *OVER_THE_BAY, 0.5, 50, 300),
            Craft("LAND", {"ja": "陸", "en": "Land"}, "helicopter", *OVER_LAND, 0.5, 50, 300),
        ]
    )
    stand_in.page["/live"] = lambda: pages.live_page(zones=True, sounds=SOUNDS)
    stand_in.page["/kiosk"] = lambda: pages.kiosk_page(phone_url="http://x.example/", sounds=SOUNDS)
    with serving(stand_in) as base:
        yield stand_in, base


def card(visit: Any, aircraft: str, fact: str) -> str:
    text: str = visit.page.locator(f'[data-aircraft="{aircraft}"] .{fact}').inner_text()
    return text


def test_height_above_the_sea_is_said_and_above_unknown_ground_is_not(
    bay: Served, opened: Open
) -> None:
    visit = opened(bay[1], "/live?lang=en")
    visit.wait("soramichi.layer.drawn.length === 2")
    assert "m over the sea" in card(visit, "SEA", "height")
    assert "over the ground: not known" in card(visit, "LAND", "height")
    assert "dB or more" in card(visit, "LAND", "sound")
    assert "–" in card(visit, "SEA", "sound")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_span_that_both_languages_write_alike_is_told_once(
    bay: Served, opened: Open, language: str
) -> None:
    visit = opened(bay[1], f"/kiosk?lang={language}")
    visit.wait("soramichi.layer.drawn.length === 2")
    figure, other = (visit.page.locator(css) for css in ("#star-sound", "#star-sound-other"))
    for _ in range(3):
        visit.page.evaluate("soramichi.turn()")
        if re.fullmatch(r"\d+[〜–]\d+ dB", figure.inner_text()):
            break
    assert re.fullmatch(r"\d+[〜–]\d+ dB", figure.inner_text())
    assert "dB" not in other.inner_text()
    assert " · " in other.inner_text()  # what it is like, in both


LOUDNESS = """async (cases) => {
  const { loudness } = await import("soramichi/surface.js");
  return cases.map(([aircraft_class, metres]) =>
    loudness({ aircraft_class, state: {} }, { metres }));
}"""


def test_the_page_computes_the_planners_loudness(bay: Served, opened: Open) -> None:
    cases = [(kind, metres) for kind in VEHICLES for metres in (20.0, 150.0, 700.0)]
    visit = opened(bay[1], "/live")
    told = visit.page.evaluate(LOUDNESS, [[kind.value, metres] for kind, metres in cases])
    for (kind, metres), ours in zip(cases, told, strict=True):
        middle, doubt = level_db(VEHICLES[kind], metres), VEHICLES[kind].level_doubt_db
        assert ours["low"] == pytest.approx(max(0, middle - doubt), abs=0.5)
        assert ours["high"] == pytest.approx(middle + doubt, abs=0.5)
    assert visit.page.evaluate(LOUDNESS, [["unknown", 50.0]]) == [None]


JOURNEY = """async (cases) => {
  const { Journeys } = await import("soramichi/journey.js");
  const { worldX, worldY } = await import("soramichi/motion.js");
  const ports = [
    { ja: "北", en: "North", lon: 136.8, lat: 34.86 },
    { ja: "南", en: "South", lon: 136.88, lat: 34.34 },
    { ja: "西", en: "West", lon: 136.6, lat: 34.6 }];
  const journeys = new Journeys(ports);
  const coordinates = [[136.8, 34.86], [136.88, 34.34]];
  journeys.take([{ geometry: { type: "LineString", coordinates } }]);
  return cases.map(([lon, lat, track_deg, begun, aircraft_class]) => journeys.of({
    aircraft_class, whole: begun ? "f" : undefined,
    track: { first: begun && { x: worldX(begun[0]), y: worldY(begun[1]) } },
    state: { lon, lat, track_deg, ground_speed_mps: 50, status: "Airborne" } }))
    .map(({ from, to, left_s }) => [from?.en ?? null, to?.en ?? null, left_s]);
}"""


NORTH, WEST = (136.8, 34.86), (136.6, 34.6)
# (lon, lat, track, take-off as seen, class): from, to, seconds. 29 km at 50 m/s are 583 s.
JOURNEYS: dict[tuple[Any, ...], list[Any]] = {
    (136.84, 34.60, 173.0, NORTH, "evtol"): ["North", "South", 583],
    (136.84, 34.60, 353.0, None, "evtol"): [None, "North", 583],
    (136.84, 34.60, 90.0, None, "evtol"): [None, None, None],  # crosses the corridor
    (136.84, 34.60, 173.0, None, "drone"): [None, None, None],
    (136.84, 34.60, 173.0, WEST, "evtol"): ["West", None, None],
    (136.95, 34.60, 173.0, NORTH, "evtol"): ["North", None, None],  # 10 km off
}


def test_a_destination_is_expected_only_along_a_published_corridor(
    bay: Served, opened: Open
) -> None:
    visit = opened(bay[1], "/live")
    told = visit.page.evaluate(JOURNEY, [list(case) for case in JOURNEYS])
    for answer, expected in zip(told, JOURNEYS.values(), strict=True):
        assert answer[:2] == expected[:2]
        assert answer[2] == (pytest.approx(expected[2], abs=8) if expected[2] else None)


def test_every_place_of_the_demonstrations_is_on_the_map() -> None:
    places = json.loads((STATIC_FOLDER / "basemap" / "places.json").read_text())["places"]
    drawn = {(p["ja"], p["en"], p["lon"], p["lat"]) for p in places if p["kind"] == "vertiport"}
    flown = {
        (port.name.ja, port.name.en, port.position.longitude_deg, port.position.latitude_deg)
        for name in ("spain-village-centrair", "toba-island-loop", "kuzushima-circuit")
        for port in SCENARIOS[name].vertiports
    }
    assert drawn == flown


def an_event(identifier: str, **more: Any) -> dict[str, Any]:
    return {
        "id": identifier, "kind": "geozone_entered", "severity": "caution", "aircraft": "SEA",
        "flight": "SEA-1", "time": "2026-11-26T05:00:00Z", "lon": 136.7, "lat": 34.75,
        "message": {"ja": "空域に入りました", "en": HOSTILE},
    } | more  # fmt: skip


def test_an_event_is_noted_as_it_happens_and_listed_as_text(bay: Served, opened: Open) -> None:
    stand_in, base = bay
    stand_in.happened[:] = [an_event("1", message={"ja": "離陸", "en": "Took off"})]
    visit = opened(base, "/live?lang=en")
    visit.page.locator(".event").wait_for()
    assert visit.page.locator(".note").count() == 0  # what is past is listed, not announced
    stand_in.happened.append(an_event("2"))
    note = visit.page.locator(".note")
    note.wait_for()
    assert HOSTILE in note.inner_text()
    assert visit.page.locator(".note img, .note script, .event img").count() == 0
    assert visit.page.locator(".event").count() == 2
    visit.page.locator(".event").first.click()
    assert visit.page.evaluate("soramichi.state.selected") == "SEA"
    stand_in.happened.clear()


def test_a_server_without_events_is_no_fault(bay: Served, opened: Open) -> None:
    visit = opened(bay[1], "/live?lang=en")
    visit.page.evaluate("soramichi.events.path = '/api/v1/no-such'; soramichi.events.renew()")
    visit.page.wait_for_timeout(300)
    assert not visit.page.locator(".happened").is_visible()
    visit.complaints[:] = [said for said in visit.complaints if "404" not in said]


HEIGHT = """(places) => places.map(([lon, lat]) => soramichi.surface.heightAbove(
  { lon, lat, altitude_m: 300, altitude_datum: "AMSL" })?.over ?? null)"""
BELOW = {
    (136.70, 34.75): "sea",  # the middle of Ise Bay
    (136.80, 34.20): "sea",  # the ocean off Shima
    (136.508, 34.719): None,  # Tsu
    (136.885, 34.522): None,  # Toshijima
    (136.1, 35.3): None,  # Lake Biwa is no sea: its surface lies higher
    (140.0, 34.0): None,  # open ocean, but small islands are not on the map there
}


def test_sea_is_only_where_the_coast_is_known_to_be_far(bay: Served, opened: Open) -> None:
    visit = opened(bay[1], "/live")
    told = visit.page.evaluate(HEIGHT, [list(place) for place in BELOW])
    assert dict(zip(BELOW, told, strict=True)) == BELOW
