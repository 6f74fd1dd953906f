"""Every page on a phone that is held sideways: the map beside what is told, nothing on anything."""

from __future__ import annotations

import pytest

from tests.browser import Open
from tests.maps.stand_in_server import StandIn
from tests.maps.test_routes_page import open_files

pytestmark = pytest.mark.browser

# The panels that lie on one another, and how much of the screen is a map that no panel covers.
LAID_OUT = """() => {
  const box = (panel) => panel.getBoundingClientRect();
  const panels = [...document.querySelectorAll("[data-covers]")]
    .filter((panel) => panel.offsetWidth > 0 && panel.offsetHeight > 0)
    .filter((panel) => !panel.parentElement.closest("[data-covers]"));
  const meet = (a, b) => a.left + 1 < b.right && b.left + 1 < a.right
    && a.top + 1 < b.bottom && b.top + 1 < a.bottom;
  const chart = box(document.querySelector(".chart"));
  const area = (a) => Math.max(0, Math.min(a.right, chart.right) - Math.max(a.left, chart.left))
    * Math.max(0, Math.min(a.bottom, chart.bottom) - Math.max(a.top, chart.top));
  const covered = panels.reduce((sum, panel) => sum + area(box(panel)), 0);
  return {
    overlaps: panels.flatMap((one, i) => panels.slice(i + 1)
      .filter((other) => meet(box(one), box(other)))
      .map((other) => [one.className, other.className])),
    map: (chart.width * chart.height - covered) / (innerWidth * innerHeight),
    zoom: map_soramichi.getZoom(),
  };
}"""


@pytest.mark.parametrize("size", [(844, 390), (667, 375)], ids=["large", "small"])
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("page", ["/", "/live", "/replay/JA-SM01-1", "/routes"])
def test_a_phone_on_its_side_shows_the_map_beside_what_is_told(
    mie: tuple[StandIn, str], opened: Open, page: str, language: str, size: tuple[int, int]
) -> None:
    visit = opened(mie[1], f"{page}?lang={language}", size)
    visit.wait("!soramichi.layer || soramichi.layer.drawn.length > 0")
    if page == "/routes":
        open_files(visit, "bay.json", "coast.json")
    seen = visit.page.evaluate(LAID_OUT)
    assert seen["overlaps"] == []
    assert seen["map"] > 0.25
    assert seen["zoom"] > 7  # what flies over Mie, not all of Japan
    visit.resize(size)
    for panel in ("#list", "#dock", ".planner"):  # and nothing is cut at a panel's side
        for found in visit.page.locator(panel).all():
            assert found.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
