"""The planner's desk in a real browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload

from tests.browser import DESKTOP, PHONE, Open, Visit
from tests.maps.scenery import HOSTILE, an_answer
from tests.maps.stand_in_server import StandIn

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]
POINTS = "soramichi.desk.features[soramichi.desk.chosen].geometry.coordinates"


def files(*names: str) -> Sequence[FilePayload]:
    return [FilePayload(name=name, mimeType="application/json", buffer=b"{}") for name in names]


def open_files(visit: Visit, *names: str) -> None:
    """Open these on the desk and wait for their verdicts."""
    visit.page.locator("#files").set_input_files(files(*names))
    visit.page.locator(".comparison").wait_for()
    visit.wait("soramichi.desk.entries.every(({ result }) => result)")


def draw(visit: Visit, *places: tuple[int, int]) -> None:
    """Press the map at these places of the window, as a new candidate."""
    visit.page.locator("#draw").click()
    for x, y in places:
        visit.page.mouse.click(x, y)
        visit.page.wait_for_timeout(60)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_what_is_seen_first_are_the_published_corridors(
    mie: Served, opened: Open, size: tuple[int, int]
) -> None:
    visit = opened(mie[1], "/routes?lang=en", size)
    visit.wait("soramichi.drawn.corridors.length === 1")
    top, bottom, free = visit.page.evaluate(
        """() => {
          const ends = soramichi.drawn.corridors[0].coordinates.map(([lon, lat]) =>
            soramichi.map.latLngToContainerPoint([lat, lon]).y);
          const box = (css) => document.querySelector(css).getBoundingClientRect();
          const foot = innerWidth < 800 ? box(".planner").top : innerHeight;
          return [Math.min(...ends), Math.max(...ends), [box(".bar").bottom, foot]];
        }"""
    )
    assert free[0] < top < bottom < free[1]
    assert bottom - top > 0.6 * (free[1] - free[0])


BESIDE_PANELS = """(() => {
  const top = document.querySelector(".section").getBoundingClientRect().top;
  return [...document.querySelectorAll(".leaflet-routes-pane path")]
    .every((line) => line.getBoundingClientRect().bottom <= top);
})()"""
LATE = """(touch) => {
  const { drawn, map } = soramichi;
  const found = drawn.corridors.map((geometry) => ({ geometry }));
  if (touch) map.getContainer().dispatchEvent(new Event("wheel"));
  drawn.corridors = [];
  map.setView([33, 135], 6, { animate: false });
  drawn.takeCorridors(found);
  return map.getZoom();
}"""


def test_corridors_that_come_late_move_the_map_only_while_nobody_has(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    visit.wait("soramichi.drawn.corridors.length === 1")
    assert visit.page.evaluate(LATE, False) > 8
    assert visit.page.evaluate(LATE, True) == 6


def test_dropped_candidates_are_judged_and_laid_side_by_side(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    # The desk soon asks again, how near its lines come to each other: this is its first question.
    with visit.page.expect_request("**/api/v1/routes/check") as asked:
        open_files(visit, "bay.json", "coast.json")
    question = asked.value.post_data_json or {}
    assert question["candidates"][0] == {"name": "bay.json", "text": "{}"}
    assert visit.page.locator(".verdict-head .badge").all_inner_texts() == ["Pass", "Fail"]
    # At once: the table is made anew when the desk has its second answer.
    rows = visit.page.evaluate(
        "[...document.querySelectorAll('.comparison tr')].map((row) => row.innerText)"
    )
    assert [row.split("\t")[0] for row in rows[1:3]] == ["Verdict", "Length"]
    assert "not known" in visit.page.locator(".comparison").inner_text()
    # The shorter one is marked; where a value is missing nobody can say which is best.
    assert visit.page.locator(".comparison .best").all_inner_texts() == ["61.2 km"]
    visit.resize(PHONE)


def test_conditions_for_all_ask_again_and_blank_ones_say_nothing(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "bay.json")
    assert set(mie[0].asked) == {"candidates"}
    visit.page.locator("#conditions summary").click()
    visit.page.locator("[name=width_m]").fill("200")
    visit.page.locator("[name=depart]").fill("2026-11-23T10:00")
    visit.page.keyboard.press("Tab")
    visit.wait("soramichi.desk.conditions.width_m === 200")
    visit.wait("soramichi.desk.entries[0].result")
    assert mie[0].asked["width_m"] == 200
    assert mie[0].asked["depart"] == "2026-11-23T10:00:00+09:00"
    assert "aircraft_class" not in mie[0].asked


def test_a_candidate_is_drawn_dragged_split_and_undone(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    draw(visit, (700, 300), (900, 380), (1000, 250))
    visit.wait("soramichi.desk.entries[0].result")
    sent = json.loads(mie[0].asked["candidates"][0]["text"])["features"][0]
    assert len(sent["geometry"]["coordinates"]) == 3
    assert sent["properties"] == {
        "name": "Candidate 1",
        "title_ja": "候補1",
        "title_en": "Candidate 1",
        "aircraft_class": "evtol",
        "height_datum": "AGL",
    }
    # A point is dragged: the verdict on the old line is gone at once.
    handle = visit.page.get_by_role("button", name="Point 2", exact=True)
    before = visit.page.evaluate(f"{POINTS}[1]")
    handle.hover()
    visit.page.mouse.down()
    visit.page.mouse.move(920, 480, steps=4)
    visit.page.mouse.up()
    assert visit.page.evaluate("soramichi.desk.entries[0].result") is None
    assert visit.page.evaluate(f"{POINTS}[1]")[1] < before[1]
    visit.wait("soramichi.desk.entries[0].result")
    # The point between two others becomes one of the line.
    ghost = visit.page.get_by_role("button", name="Insert a point after point 1").first
    ghost.hover()
    visit.page.mouse.down()
    visit.page.mouse.move(760, 480, steps=4)
    visit.page.mouse.up()
    assert visit.page.evaluate(f"{POINTS}.length") == 4
    visit.page.keyboard.press("Control+z")
    assert visit.page.evaluate(f"{POINTS}.length") == 3
    visit.page.keyboard.press("Control+z")
    assert visit.page.evaluate(f"{POINTS}[1]") == before
    # What is undone has its verdict back without another question.
    assert visit.page.evaluate("soramichi.desk.entries[0].result !== null")
    visit.page.keyboard.press("Control+Shift+z")
    assert visit.page.evaluate(f"{POINTS}[1]")[1] < before[1]


def test_all_of_it_can_be_done_by_keyboard(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=ja")
    visit.page.locator("#draw").focus()
    visit.page.keyboard.press("Enter")
    add = visit.page.locator("#add-point")
    for _ in range(2):
        add.focus()
        visit.page.keyboard.press("Enter")
    assert visit.page.evaluate(f"{POINTS}.length") == 2
    for name, text in (("緯度 °", "34.5"), ("経度 °", "136.9"), ("高さ m", "320")):
        visit.page.get_by_label(f"点2 {name}").fill(text)
        visit.page.keyboard.press("Tab")
    assert visit.page.evaluate(f"{POINTS}[1]") == [136.9, 34.5, 320]
    visit.wait("soramichi.desk.entries[0].result")
    visit.page.get_by_role("button", name="点1の後に点を入れる").last.focus()
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate(f"{POINTS}.length") == 3
    handle = visit.page.get_by_role("button", name="点2", exact=True)
    handle.focus()
    before = visit.page.evaluate(f"{POINTS}[1]")
    visit.page.keyboard.press("ArrowUp")
    assert visit.page.evaluate(f"{POINTS}[1]")[1] > before[1]
    visit.page.keyboard.press("Delete")
    assert visit.page.evaluate(f"{POINTS}.length") == 2


def test_a_search_lays_what_it_finds_beside_the_others(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    visit.page.locator("#find").click()
    visit.page.get_by_label("From", exact=True).select_option(label="Shima Spain Village")
    visit.page.get_by_role("button", name="Choose on the map").last.click()
    visit.page.mouse.click(800, 300)
    visit.page.get_by_role("button", name="Search for routes").click()
    visit.page.get_by_text("Found, shortest").first.wait_for()
    visit.wait("soramichi.desk.entries[0].result")
    assert visit.page.evaluate("soramichi.desk.features.length") == 1
    # All of it lies above the profile, which came with the verdict.
    visit.wait(BESIDE_PANELS)
    visit.page.locator("#language").click()
    assert visit.page.locator(".verdict .name").all_inner_texts() == ["探索・最短"]
    place = "document.querySelector('#finder select').selectedOptions[0].textContent"
    assert visit.page.evaluate(place) == "志摩スペイン村"
    # The same search again has a name of its own in both languages.
    visit.page.get_by_role("button", name="適合する経路を探す").click()
    visit.wait("soramichi.desk.features.length === 2")
    visit.page.locator("#language").click()
    names = visit.page.locator(".verdict .name").all_inner_texts()
    assert names == ["Found, shortest", "Found, shortest 2"]


def test_a_finding_is_text_and_leads_to_its_place(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=ja")
    open_files(visit, "bay.json", "coast.json")
    visit.page.locator(".verdict-head").nth(1).click()
    finding = visit.page.locator(".finding")
    assert HOSTILE in finding.inner_text()
    # Its name and its place stand there once.
    heading, message, where = finding.inner_text().split("\n")
    assert heading == f"不適合 · {HOSTILE} · 28.0 km にわたる"
    assert (message, where) == ("許可の要る空域を通る", "22.00–50.00 km · 海抜 0〜150 m")
    assert finding.locator("img, script").count() == 0
    visit.page.evaluate("globalThis.before = soramichi.map.getCenter()")
    finding.click()
    visit.wait("!soramichi.map.getCenter().equals(before, 0.01)")


def test_names_from_files_and_zones_are_text_wherever_they_stand(
    mie: Served, opened: Open, tmp_path: Path
) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, HOSTILE)
    visit.page.locator("#edit").click()
    assert visit.page.locator("#member-name").input_value() == HOSTILE
    # Over the profile the zone's name is told in words.
    visit.page.locator("#along").focus()
    for _ in range(3):
        visit.page.keyboard.press("PageUp")
    assert HOSTILE in visit.page.locator("#here").inner_text()
    assert visit.page.locator("main script, main img[src=x]").count() == 0
    with visit.page.expect_download() as downloading:
        visit.page.locator("#save-html").click()
    file = tmp_path / "saved.html"
    downloading.value.save_as(file)
    assert "<img src=x" not in file.read_text()
    visit.page.goto(f"{file.as_uri()}?lang=en")
    visit.page.locator(".comparison").wait_for()
    assert HOSTILE in visit.page.locator(".verdict .name").inner_text()
    assert visit.page.title() == "Route check · Soramichi"
    visit.hosts.discard("")  # a file has no host


def test_layers_say_what_they_show_and_what_is_not_known(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "bay.json")
    people = visit.page.locator(".layer").filter(has_text="People below")
    assert "no population" in people.inner_text()
    shown = "soramichi.drawn.layers.getLayers().length"
    before = visit.page.evaluate(shown)
    visit.page.get_by_label("Loudness on the ground").check()
    # One level, and the stretch on which nothing is known.
    assert visit.page.evaluate(shown) == before + 2
    loudness = visit.page.locator(".layer").filter(has_text="Loudness on the ground").inner_text()
    assert "40 dB or more" in loudness
    assert "no terrain is loaded" in loudness
    assert "Height above ground not known here" in loudness


def test_the_work_is_kept_in_the_browser_and_in_a_link(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "bay.json", "coast.json")
    kept = visit.page.evaluate("soramichi.desk.features.map(({ properties }) => properties.name)")
    visit.page.locator("#save-link").click()
    link = "#" + visit.page.get_by_label("Link", exact=True).input_value().partition("#")[2]
    visit.page.goto(f"{visit.base}/routes?lang=en")
    visit.page.get_by_text("This is where you left off").wait_for()
    visit.page.get_by_role("button", name="Start anew").click()
    assert visit.page.evaluate("soramichi.desk.features.length") == 0
    visit.page.goto("about:blank")
    visit.page.goto(f"{visit.base}/routes?lang=en{link}")
    visit.wait("globalThis.soramichi?.desk?.features.length === 2")
    names = "soramichi.desk.features.map(({ properties }) => properties.name)"
    assert visit.page.evaluate(names) == kept
    visit.hosts.discard("")  # about:blank has none


def test_a_saved_page_is_opened_again_and_judged_anew(
    mie: Served, opened: Open, tmp_path: Path
) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "bay.json", "coast.json")
    with visit.page.expect_download() as downloading:
        visit.page.locator("#save-html").click()
    file = tmp_path / "saved.html"
    downloading.value.save_as(file)
    again = opened(mie[1], "/routes?lang=en")
    again.page.locator("#files").set_input_files(file)
    again.wait("soramichi.desk.entries.length === 2")
    again.wait("soramichi.desk.entries.every(({ result }) => result)")
    asked: list[dict[str, Any]] = mie[0].asked["candidates"]
    assert [one["name"] for one in asked] == ["desk.geojson"]


def test_on_paper_everything_that_was_found_is_there(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=ja")
    open_files(visit, "bay.json", "coast.json")
    visit.page.evaluate("soramichi.layOut(true)")
    assert visit.page.evaluate("soramichi.map.getSize().x") == 703
    assert not visit.page.locator("#question").is_visible()
    assert visit.page.locator(".sections figure").count() == 2
    assert visit.page.locator(".finding").is_visible()
    pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    assert 0 < pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") < 5
    visit.page.evaluate("soramichi.layOut(false)")
    assert visit.page.evaluate("soramichi.map.getSize().x") == 1280


def test_a_file_that_is_no_route_is_said_in_the_servers_words(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    visit.page.locator("#files").set_input_files(files("notes.txt"))
    visit.page.get_by_text("notes.txt is no route").wait_for()
    visit.complaints[:] = [said for said in visit.complaints if "422" not in said]


def test_unknown_is_never_shown_as_a_number(mie: Served, opened: Open) -> None:
    assert an_answer(["a"])["verdicts"][0]["metrics"]["people_below"] is None
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "a.json", "b.json", "c.json")
    row = visit.page.get_by_role("row", name="People below")
    assert row.get_by_role("cell").all_inner_texts() == ["not known"] * 3
