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
