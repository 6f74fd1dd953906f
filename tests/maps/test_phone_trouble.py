"""On a phone: what is to be pressed stays where it can be seen, whatever is told meanwhile."""

from __future__ import annotations

import pytest

from tests.browser import PHONE, Open, Visit
from tests.maps.stand_in_server import StandIn

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]
SMALL = (360, 640)

# Whether a finger in the middle of it would meet it.
REACHED = """(selector) => {
  const found = document.querySelector(selector);
  const { left, top, width, height } = found.getBoundingClientRect();
  const met = document.elementFromPoint(left + width / 2, top + height / 2);
  return left >= 0 && left + width <= innerWidth && Boolean(met) && found.contains(met);
}"""


def reached(visit: Visit, *selectors: str) -> list[bool]:
    return [visit.page.evaluate(REACHED, selector) for selector in selectors]


@pytest.mark.parametrize("size", [PHONE, SMALL], ids=["phone", "small"])
@pytest.mark.parametrize("page", ["/", "/live"])
def test_while_the_line_is_cut_every_button_can_be_pressed(
    hall: Served, opened: Open, page: str, size: tuple[int, int]
) -> None:
    visit = opened(hall[1], f"{page}?lang=en", size)
    visit.wait("soramichi.layer.drawn.length > 0")
    hall[0].up = False
    visit.page.locator("#cut").wait_for(timeout=20_000)
    assert reached(visit, "#language", ".legend summary", ".thumb a") == [True] * 3
    gone = ("503", "INCOMPLETE")
    visit.complaints[:] = [said for said in visit.complaints if not any(g in said for g in gone)]


def test_the_last_line_of_the_legend_can_be_read_beside_the_follow_button(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/live?lang=ja", PHONE)
    visit.page.locator(".card").first.click()
    visit.page.locator("#follow").wait_for()
    visit.page.locator(".legend summary").click()
    visit.page.locator("#zones li").last.scroll_into_view_if_needed()
    assert reached(visit, "#zones li:last-child") == [True]


def test_the_points_of_a_line_lie_on_it(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=ja", PHONE)
    visit.wait("document.querySelector('#draw') !== null")
    visit.page.locator("#draw").click()
    taps = [(200, 220), (220, 260), (260, 320)]
    for x, y in taps:
        visit.page.mouse.click(x, y)
        visit.page.wait_for_timeout(400)
    middles = visit.page.locator(".handle:not(.ghost)").evaluate_all(
        """all => all.map((one) => one.getBoundingClientRect())
          .map(({ left, top, width, height }) => [left + width / 2, top + height / 2])"""
    )
    assert len(middles) == len(taps)
    off = [max(abs(x - a), abs(y - b)) for (x, y), (a, b) in zip(taps, middles, strict=True)]
    assert max(off) <= 2
    assert reached(visit, ".legend summary") == [True]


def test_a_chosen_language_outlives_a_reload(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/live?lang=en", PHONE)
    visit.page.locator("#language").click()
    visit.page.reload()
    visit.wait("document.documentElement.lang === 'ja'")


@pytest.mark.parametrize("page", ["/", "/live"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_legend_stands_beside_the_way_to_the_other_page(
    mie: Served, opened: Open, language: str, page: str
) -> None:
    visit = opened(mie[1], f"{page}?lang={language}", PHONE)
    visit.page.locator(".legend summary").click()
    hidden, over, right, left = visit.page.evaluate(
        """() => {
          const legend = document.querySelector(".legend");
          const [ours, theirs] = [".legend", ".thumb a"]
            .map((css) => document.querySelector(css).getBoundingClientRect());
          return [legend.scrollHeight - legend.clientHeight,
            legend.scrollWidth - legend.clientWidth, ours.right, theirs.left];
        }"""
    )
    assert over == 0
    assert right < left
    assert hidden == 0 or page == "/live"  # whose zones are looked at by scrolling


def test_the_way_to_the_big_map_does_not_lie_on_the_credits(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/replay/JA-SM01-1?lang=en", PHONE)
    visit.wait("soramichi.complete")
    assert reached(visit, ".thumb a", ".attribution a") == [True] * 2


@pytest.mark.parametrize("size", [PHONE, SMALL], ids=["phone", "small"])
def test_the_degrees_of_a_point_are_seen_whole(
    mie: Served, opened: Open, size: tuple[int, int]
) -> None:
    visit = opened(mie[1], "/routes?lang=ja", size)
    visit.page.locator("#draw").click()
    for x, y in [(100, 220), (160, 240)]:
        visit.page.mouse.click(x, y)
        visit.page.wait_for_timeout(100)
    # Who has drawn a line knows how, and the map is small.
    visit.page.locator("#draw-help").wait_for(state="hidden")
    fields = visit.page.locator(".points .row input")
    fields.first.fill("34.123456")
    fields.nth(1).fill("-136.123456")
    fields.nth(1).blur()
    assert fields.evaluate_all(
        "all => all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length"
    ) == 0  # fmt: skip
    visit.resize(size)


def test_what_a_search_found_comes_into_sight(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", PHONE)
    visit.page.locator("#draw").click()
    for x, y in [(100, 220), (160, 240)]:
        visit.page.mouse.click(x, y)
        visit.page.wait_for_timeout(100)
    visit.page.locator("#find").click()
    for end, place in (("From", "Shima Spain Village"), ("To", "Tsu")):
        visit.page.get_by_label(end, exact=True).select_option(label=place)
    visit.page.get_by_role("button", name="Search for routes").click()
    visit.page.get_by_text("Found, shortest").first.wait_for()
    assert reached(visit, ".verdict[data-chosen=true] .name") == [True]
    # What was being drawn before is left as it is, and the finding without its handles.
    assert visit.page.locator(".verdict").count() == 2
    assert visit.page.locator(".handle").count() == 0
