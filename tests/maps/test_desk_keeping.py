"""What a planner has done is lost by nothing: no link, no step back, no page opened anew."""

from __future__ import annotations

import pytest

from tests.browser import DESKTOP, Open, Visit
from tests.maps.stand_in_server import StandIn
from tests.maps.test_routes_page import draw, open_files

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]
NAMES = "soramichi.desk.features.map(({ properties }) => properties.name)"


def again(visit: Visit, fragment: str = "") -> None:
    """Leave the page and come back, perhaps by a link."""
    visit.page.goto("about:blank")
    visit.page.goto(f"{visit.base}/routes?lang=en{fragment}")
    visit.wait("globalThis.soramichi?.desk")
    visit.hosts.discard("")  # about:blank has none


def link_of(visit: Visit) -> str:
    visit.page.locator("#save-link").click()
    address = visit.page.get_by_label("Link", exact=True).input_value()
    return f"#{address.partition('#')[2]}"


def test_a_link_that_is_opened_leaves_ones_own_work_alone(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "theirs.json")
    link = link_of(visit)
    assert "lang=en" in visit.page.url  # the address is left as it is
    visit.page.locator("#edit").click()
    visit.page.locator("#member-name").fill("mine")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate(NAMES) == ["mine"]

    again(visit, link)
    visit.page.get_by_text("The candidates of a link.").wait_for()
    assert visit.page.evaluate(NAMES) == ["theirs.json"]
    # What is made of them is kept with the link, and not in place of one's own.
    visit.page.get_by_role("button", name="Duplicate").click()
    again(visit, link)
    visit.page.get_by_text("The candidates of a link.").wait_for()
    assert visit.page.evaluate(NAMES) == ["theirs.json", "theirs.json 2"]
    visit.page.get_by_role("button", name="To your own").click()
    visit.page.get_by_text("This is where you left off").wait_for()
    assert visit.page.evaluate(NAMES) == ["mine"]

    # The same when it is put into the address of the page that is open.
    visit.page.goto(f"{visit.base}/routes?lang=en{link}")
    visit.page.get_by_text("The candidates of a link.").wait_for()

    again(visit, link[:200])
    visit.page.get_by_text("This link seems to be cut short").wait_for()
    assert visit.page.evaluate(NAMES) == ["mine"]


def test_conditions_of_a_link_are_those_that_the_form_has(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "theirs.json")
    visit.page.evaluate(
        """Object.assign(soramichi.desk.conditions, { depart: "2026-11-28T10:00:00Z", width_m: 200,
          speed_mps: 9999, from: [0, 0], length: 1, together: "yes" })"""
    )
    link = link_of(visit)
    again(visit, link)
    visit.wait("soramichi.desk.features.length === 1")
    # Ten o'clock in Greenwich is seven in the evening in Japan, in the field and in the question.
    assert visit.page.evaluate("soramichi.desk.conditions") == {
        "depart": "2026-11-28T19:00:00+09:00",
        "width_m": 200,
    }
    assert visit.page.locator("[name=depart]").input_value() == "2026-11-28T19:00"


def test_no_step_leads_behind_what_was_kept_and_one_leads_back_from_nothing(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "bay.json", "coast.json")
    again(visit)
    visit.wait("soramichi.desk.features.length === 2")
    assert visit.page.locator("#undo").is_disabled()
    for _ in range(2):
        visit.page.get_by_role("button", name="Delete candidate").click()
    assert visit.page.evaluate(NAMES) == []
    visit.page.locator("#back #undo").click()
    assert len(visit.page.evaluate(NAMES)) == 1

    visit.page.locator("#conditions summary").click()
    visit.page.locator("[name=width_m]").fill("200")
    visit.page.locator("[name=width_m]").blur()
    again(visit)
    visit.page.get_by_role("button", name="Start anew").click()
    assert visit.page.evaluate("[soramichi.desk.features, soramichi.desk.conditions]") == [[], {}]
    assert visit.page.locator("[name=width_m]").input_value() == ""
    visit.page.locator("#message").get_by_role("button", name="Undo").click()
    assert len(visit.page.evaluate(NAMES)) == 1
    assert visit.page.evaluate("soramichi.desk.conditions") == {"width_m": 200}


def test_a_line_is_drawn_without_a_mouse(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    visit.page.locator("#draw").focus()
    visit.page.keyboard.press("Enter")
    visit.page.keyboard.press("Enter")
    visit.page.keyboard.press("ArrowRight")
    visit.page.wait_for_timeout(600)  # while the map glides there
    visit.page.keyboard.press("Enter")
    [first, second] = visit.page.evaluate("soramichi.desk.features[0].geometry.coordinates")
    assert second[0] > first[0] + 0.001
    # A point that is added by its button has a place of its own, too.
    visit.page.locator("#undo").click()
    visit.page.locator("#add-point").click()
    [first, second] = visit.page.evaluate("soramichi.desk.features[0].geometry.coordinates")
    assert second[0] > first[0] + 0.001
    visit.wait("soramichi.desk.entries[0].result")


def test_the_form_stands_below_the_card_that_it_changes(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    for n in range(2):
        draw(visit, (700, 300 + 60 * n), (900, 380 + 60 * n))
        visit.page.locator("#edit").click()
    visit.page.locator(".verdict-head").first.click()
    visit.page.locator("#edit").click()
    order = "[...document.querySelector('#verdicts').children].map((one) => one.className)"
    assert visit.page.evaluate(order) == ["verdict", "editor", "verdict"]
    # The button that was pressed, and is still pointed at, can be read.
    done = visit.page.locator("#edit")
    done.hover()
    style = "(one) => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]"
    assert done.evaluate(style) == ["rgb(245, 195, 44)", "rgb(12, 34, 50)"]
    name = visit.page.locator("#member-name")
    name.fill("typed")
    visit.page.wait_for_timeout(800)  # a verdict comes meanwhile
    assert name.evaluate("(field) => document.activeElement === field")
