"""Zones and corridors on the live map."""

from __future__ import annotations

import pytest

from tests.browser import Open
from tests.maps.scenery import HOSTILE, a_zone
from tests.maps.stand_in_server import StandIn, serving

pytestmark = pytest.mark.browser
SHORTLY_MS = 400
# A click on the middle of the first zone, as the map would get it.
PRESS = """async () => {
  const { map } = soramichi;
  map.setView([34.46, 136.36], 11, { animate: false });
  await new Promise(requestAnimationFrame);
  const { x, y } = map.latLngToContainerPoint([34.46, 136.36]);
  return [x, y];
}"""


def test_each_kind_has_its_row_and_can_be_put_away(mie: tuple[StandIn, str], opened: Open) -> None:
    visit = opened(mie[1], "/live?lang=en")
    visit.wait("soramichi.zones.ready")
    rows = visit.page.locator("#zones li").all_inner_texts()
    assert rows == [
        "Prohibited",
        "Needs authorization",
        "Conditional",
        "U-space",
        "No restriction",
        "Planned corridor",
    ]
    dashes = visit.page.locator("#zones rect").evaluate_all(
        "all => all.map((r) => r.getAttribute('stroke-dasharray') + r.getAttribute('fill'))"
    )
    assert len(set(dashes)) == 6
    visit.page.locator("#zones-on").uncheck()
    assert not visit.page.locator("#zones").is_visible()


def test_a_pressed_zone_tells_its_name_as_text_and_its_heights_with_datum(opened: Open) -> None:
    stand_in = StandIn(fleet=[], zones=[a_zone("PROHIBITED", 136.3, 34.4, HOSTILE)])
    with serving(stand_in) as base:
        visit = opened(base, "/live?lang=en")
        visit.wait("soramichi.zones.ready")
        visit.page.mouse.click(*visit.page.evaluate(PRESS))
        visit.page.wait_for_timeout(SHORTLY_MS)
        told = visit.page.locator("#zone")
        assert told.locator("strong").inner_text() == HOSTILE
        assert "0 m above ground 〜 150 m above ground" in told.inner_text()
        assert told.locator("img, script").count() == 0
        visit.page.close()  # before the server goes, which it would complain of
