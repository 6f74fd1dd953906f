"""Zones and corridors on the live map."""

from __future__ import annotations

from typing import Any

import pytest
from shapely.geometry import Point, shape

from tests.browser import DESKTOP, Open, Visit
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
        "Needs authorisation",
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


# What is written on the map when [lat, lon] is in its middle.
WRITTEN = """async ([lat, lon, zoom]) => {
  const { map, layer } = soramichi;
  map.setView([lat, lon], zoom, { animate: false });
  for (let i = 0; i < 2; i += 1) await new Promise(requestAnimationFrame);
  return layer.places.written.map(({ text, left, width }) => [text, left + width / 2]);
}"""


def written(visit: Visit, zoom: float) -> dict[str, float]:
    """Name: x of its middle."""
    return dict(visit.page.evaluate(WRITTEN, [34.46, 136.36, zoom]))


def test_a_zone_has_its_name_on_the_map_where_that_fits_and_while_it_is_shown(
    opened: Open,
) -> None:
    with serving(StandIn(fleet=[])) as base:
        visit = opened(base, "/live?lang=en", DESKTOP)
        visit.wait("soramichi.zones.ready")
        assert written(visit, 12)["PROHIBITED"] == pytest.approx(960, abs=2)
        assert "PROHIBITED" not in written(visit, 8.5)
        visit.page.locator("#zones-on").uncheck()
        assert "PROHIBITED" not in written(visit, 12)
        visit.page.locator("#zones-on").check()
        assert "PROHIBITED" in written(visit, 12)
        visit.page.close()


def test_a_zones_name_stands_inside_it_and_never_in_its_hole(
    mie: tuple[StandIn, str], opened: Open
) -> None:
    def square(half: float, lon: float = 136.5) -> list[list[float]]:
        west, east, south, north = lon - half, lon + half, 34.5 - half, 34.5 + half
        return [[west, south], [east, south], [east, north], [west, north], [west, south]]

    ring = {"type": "Polygon", "coordinates": [square(0.2), square(0.12)]}
    pair = {"type": "MultiPolygon", "coordinates": [[square(0.02)], [square(0.05, 136.9)]]}
    zones: list[dict[str, Any]] = [
        {"geometry": ring, "properties": {"name_ja": "輪", "name_en": "Ring"}},
        {"geometry": pair, "properties": {"identifier": "P"}},
        {"geometry": ring, "properties": {"name": "Edge", "kind": "airport-surface"}},
    ]
    visit = opened(mie[1], "/live")
    named = visit.page.evaluate(
        """async (zones) => (await import("soramichi/zone-names.js")).zoneNames(zones)
          .map(({ ja, en, spots }) => [ja, en, spots.map(({ x, y }) => [x * 360 / 256 - 180,
            Math.atan(Math.sinh(Math.PI * (1 - 2 * y / 256))) * 180 / Math.PI])])""",
        zones,
    )
    assert [(ja, en) for ja, en, _ in named] == [("輪", "Ring"), ("P", "P"), ("Edge", "Edge")]
    for zone, (*_, spots) in zip(zones, named, strict=True):
        assert spots
        assert all(shape(zone["geometry"]).contains(Point(spot)) for spot in spots)
    # The larger of two parts has the name; an airport's surface has it at its edge.
    assert all(lon == pytest.approx(136.9) for lon, _ in named[1][2])
    assert all(abs(lat - 34.5) > 0.15 for _, lat in named[2][2])


def test_no_trail_cuts_a_name(mie: tuple[StandIn, str], opened: Open) -> None:
    visit = opened(mie[1], "/live?lang=en", DESKTOP)
    visit.wait("soramichi.feed.aircraft.get('JA-SM01')?.track.samples.length > 100")
    drawn = visit.page.evaluate(
        """() => {
          const { layer } = soramichi;
          const drawn = [];
          const { context } = layer.ground;
          const { stroke, drawImage } = CanvasRenderingContext2D.prototype;
          context.stroke = function () {
            if (Math.abs(this.lineWidth - 2.8) < 0.01) drawn.push("trail");
            stroke.apply(this, arguments);
          };
          context.drawImage = function () {
            drawn.push("name");
            drawImage.apply(this, arguments);
          };
          layer.drawGround(layer.view.now());
          delete context.stroke;
          delete context.drawImage;
          return drawn;
        }"""
    )
    assert set(drawn) == {"trail", "name"}
    assert drawn == sorted(drawn, reverse=True)
