"""Every page against axe-core's rules, at both sizes and in both languages."""

from __future__ import annotations

import pytest

from maps.assets import WEB_FOLDER
from tests.browser import PHONE, Open
from tests.maps.stand_in_server import StandIn
from tests.maps.test_routes_page import files

pytestmark = pytest.mark.browser
AXE = WEB_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
# axe cannot see what colour a canvas has behind a text, so it says "incomplete", not "passed".
RULES = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map(({ id, nodes: [one] }) => `${id}: ${one.html} ${one.failureSummary}`);
}"""


@pytest.mark.parametrize(
    "page",
    [
        "/?lang=ja",
        "/live?lang=en",
        "/replay/JA-SM01-1?lang=ja",
        "/kiosk?lang=en",
        "/routes?lang=ja",
    ],
)
def test_no_rule_is_broken(mie: tuple[StandIn, str], opened: Open, page: str) -> None:
    visit = opened(mie[1], page)
    visit.wait("!soramichi.layer || soramichi.layer.drawn.length > 0")
    if page.startswith("/routes"):
        visit.page.locator("#files").set_input_files(files("bay.json", "coast.json"))
        visit.page.locator(".comparison").wait_for()
    visit.page.evaluate(AXE.read_text())
    assert visit.page.evaluate(RULES) == []
    if visit.page.locator("#language").count():
        visit.page.locator("#language").click()
    visit.resize(PHONE)
    assert visit.page.evaluate(RULES) == []
