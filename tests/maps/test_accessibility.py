"""Every page at both sizes and in both languages: axe-core's rules, no complaint, no other host."""

from __future__ import annotations

import pytest

from maps.assets import WEB_FOLDER
from tests.browser import DESKTOP, PHONE, Open
from tests.maps.stand_in_server import StandIn
from tests.maps.test_routes_page import files

pytestmark = pytest.mark.browser
AXE = WEB_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
# axe cannot see what colour a canvas has behind a text, so it says "incomplete", not "passed".
RULES = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map(({ id, nodes: [one] }) => `${id}: ${one.html} ${one.failureSummary}`);
}"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("page", ["/", "/live", "/replay/JA-SM01-1", "/kiosk", "/routes"])
def test_a_page_breaks_no_rule(
    mie: tuple[StandIn, str], opened: Open, page: str, language: str, size: tuple[int, int]
) -> None:
    visit = opened(mie[1], f"{page}?lang={language}", size)
    visit.wait("!soramichi.layer || soramichi.layer.drawn.length > 0")
    if page == "/routes":
        visit.page.locator("#files").set_input_files(files("bay.json", "coast.json"))
        visit.page.locator(".comparison").wait_for()

    visit.wait(f"document.documentElement.lang === '{language}'")
    visit.resize(size)  # nothing is wider than the screen
    visit.page.evaluate(AXE.read_text())
    assert visit.page.evaluate(RULES) == []
