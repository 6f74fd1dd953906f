"""The planner's desk in a real browser."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from playwright.sync_api import FilePayload

from tests.browser import DESKTOP, PHONE, Open
from tests.maps.scenery import HOSTILE, an_answer
from tests.maps.stand_in_server import StandIn

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]


def files(*names: str) -> Sequence[FilePayload]:
    return [FilePayload(name=name, mimeType="application/json", buffer=b"{}") for name in names]


def test_dropped_candidates_are_judged_and_laid_side_by_side(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    visit.page.locator("[name=width_m]").fill("200")
    visit.page.locator("#files").set_input_files(files("bay.json", "coast.json"))
    visit.page.locator(".comparison").wait_for()
    assert visit.page.locator(".verdict .badge").all_inner_texts() == ["Pass", "Fail"]
    assert mie[0].asked["width_m"] == 200
    assert mie[0].asked["candidates"][0] == {"name": "bay.json", "text": "{}"}
    rows = visit.page.locator(".comparison tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows[1:3]] == ["Verdict", "Length"]
    assert "not known" in visit.page.locator(".comparison").inner_text()
    visit.resize(PHONE)


def test_a_finding_is_text_and_leads_to_its_place(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=ja")
    visit.page.locator("#files").set_input_files(files("bay.json", "coast.json"))
    visit.page.locator(".verdict-head").nth(1).click()
    finding = visit.page.locator(".finding")
    assert HOSTILE in finding.inner_text()
    assert finding.locator("img, script").count() == 0
    visit.page.evaluate("globalThis.before = soramichi.map.getCenter()")
    finding.click()
    visit.wait("!soramichi.map.getCenter().equals(before, 0.01)")


def test_on_paper_the_map_is_as_wide_as_an_a4_page(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=ja")
    visit.page.locator("#files").set_input_files(files("bay.json", "coast.json"))
    visit.page.locator(".comparison").wait_for()
    visit.page.evaluate("soramichi.layOut(true)")
    assert visit.page.evaluate("soramichi.map.getSize().x") == 703
    assert not visit.page.locator("#question").is_visible()
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
    visit.page.locator("#files").set_input_files(files("a.json", "b.json", "c.json"))
    visit.page.locator(".comparison").wait_for()
    row = visit.page.get_by_role("row", name="People below")
    assert row.get_by_role("cell").all_inner_texts() == ["not known"] * 3
