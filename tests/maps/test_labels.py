"""What is written on the map: aircraft's plates and places' names, each where it can be read."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser import DESKTOP, PHONE, Open, Visit
from tests.maps.scenery import Craft
from tests.maps.stand_in_server import StandIn, serving

pytestmark = pytest.mark.browser

# Puts the place [lon, lat] at x, y of the map, and answers what is drawn there two frames later.
DRAWN = """async ([lon, lat, x, y, zoom]) => {
  const { map, layer } = soramichi;
  const half = map.getSize().divideBy(2);
  const centre = map.project([lat, lon], zoom).add([half.x - x, half.y - y]);
  map.setView(map.unproject(centre, zoom), zoom, { animate: false });
  await new Promise((done) => setTimeout(done, 300)); // Panels are measured four times a second.
  for (let i = 0; i < 2; i += 1) await new Promise(requestAnimationFrame);
  const whole = map.getContainer().getBoundingClientRect();
  const kinds = ".bar, .list, .legend, .controls, .thumb, .note, .dock";
  const panels = [...document.querySelectorAll(kinds)]
    .map((panel) => panel.getBoundingClientRect()).filter(({ height }) => height > 0)
    .map(({ left, top, width, height }) =>
      ({ left: left - whole.left, top: top - whole.top, width, height }));
  panels.push(...layer.places.marks(layer.view.now())); // Where one can land is no place for words.
  const plates = [];
  const { drawImage } = CanvasRenderingContext2D.prototype;
  layer.air.context.drawImage = function (image, left, top, width, height) {
    if (width) plates.push({ left, top, width, height }); // An aircraft is drawn in its own size.
    return drawImage.apply(this, arguments);
  };
  layer.drawAir(layer.view.now());
  delete layer.air.context.drawImage;
  return { plates, panels, names: layer.places.written, wide: whole.width, high: whole.height };
}"""


def apart(a: dict[str, float], b: dict[str, float]) -> bool:
    return (
        a["left"] + a["width"] <= b["left"]
        or b["left"] + b["width"] <= a["left"]
        or a["top"] + a["height"] <= b["top"]
        or b["top"] + b["height"] <= a["top"]
    )


def hovering(lon: float, lat: float) -> Craft:
    return Craft("H-1", {"ja": "鳥羽の観光ドローン", "en": "Toba tourism drone"}, "drone",
                 lon, lat, 0.001, 0.001, 60)  # fmt: skip


def whole(found: dict[str, Any], box: dict[str, float]) -> bool:
    """Nothing of it is beyond an edge of the map."""
    right, bottom = box["left"] + box["width"], box["top"] + box["height"]
    inside: bool = right <= found["wide"] and bottom <= found["high"]
    return inside and min(box["left"], box["top"]) >= 0


@pytest.mark.parametrize("page", ["/", "/live"])
def test_nothing_is_written_under_a_panel_or_over_the_edge(opened: Open, page: str) -> None:
    with serving(StandIn(fleet=[hovering(136.85, 34.48)])) as base:
        visit = opened(base, f"{page}?lang=en", PHONE)
        visit.wait("soramichi.layer.drawn.length === 1")
        plates = 0
        for x, y in ((60, 130), (60, 20), (330, 130), (195, 70), (380, 250), (10, 250), (195, 385)):
            found = visit.page.evaluate(DRAWN, [136.85, 34.48, x, y, 10.5])
            plates += len(found["plates"])
            for box in (*found["plates"], *found["names"]):
                assert whole(found, box), (x, y, box)
                assert all(apart(box, panel) for panel in found["panels"]), (x, y, box)
        assert plates >= 5
        visit.page.close()


def test_a_name_that_would_be_cut_at_its_right_stands_at_the_left(opened: Open) -> None:
    with serving(StandIn(fleet=[])) as base:
        visit = opened(base, "/?lang=en", PHONE)
        centrair = (136.805, 34.858)
        found = visit.page.evaluate(DRAWN, [*centrair, 340, 250, 10])
        [name] = [one for one in found["names"] if "Centrair" in one["text"]]
        assert name["left"] + name["width"] < 340
        visit.page.close()


def test_a_plate_makes_way_for_a_note(opened: Open) -> None:
    stand_in = StandIn(fleet=[hovering(136.85, 34.48)])
    with serving(stand_in) as base:
        visit = opened(base, "/live?lang=en", DESKTOP)
        visit.wait("soramichi.layer.drawn.length === 1 && soramichi.feed.link === 'live'")
        stand_in.happened.append(
            {"id": "1", "kind": "takeoff", "severity": "info", "aircraft": "H-1", "flight": "H-1-1",
             "time": "2026-11-26T05:00:00Z", "message": {"ja": "離陸", "en": "Took off"}}
        )  # fmt: skip
        note = visit.page.locator(".note")
        note.wait_for()
        box = note.bounding_box()
        assert box
        # Its plate would stand at the right, on the note.
        found = visit.page.evaluate(
            DRAWN, [136.85, 34.48, box["x"] - 40, box["y"] + box["height"] / 2, 11]
        )
        assert note.count() == 1
        assert len(found["plates"]) == 1
        assert all(apart(plate, panel) for plate in found["plates"] for panel in found["panels"])
        visit.page.close()


def test_nothing_shows_through_a_plate(opened: Open) -> None:
    def alpha(visit: Visit) -> int:
        found: int = visit.page.evaluate(
            """async () => {
              const { plate } = await import("soramichi/lettering.js");
              const opaque = [false, true].map((faded) => {
                const { image } = plate("i", "i", 1, 1, faded);
                return image.getContext("2d").getImageData(image.width / 2, 4, 1, 1).data[3];
              });
              return Math.min(...opaque);
            }"""
        )
        return found

    with serving(StandIn(fleet=[])) as base:
        visit = opened(base, "/live")
        assert alpha(visit) == 255
        visit.page.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("page", ["/", "/live", "/replay/JA-SM01-1"])
def test_a_scale_in_metres_lies_on_nothing(
    mie: tuple[StandIn, str], opened: Open, page: str, size: tuple[int, int]
) -> None:
    visit = opened(mie[1], f"{page}?lang=en", size)
    visit.wait("soramichi.layer.drawn.length > 0")
    if not page.startswith("/replay"):
        visit.page.locator(".card").first.click()  # so that the button to follow is there, too
        visit.wait("soramichi.state.following")
    scale = visit.page.locator(".leaflet-control-scale")
    assert re.fullmatch(r"[1235]0* k?m", scale.inner_text())
    covered = visit.page.evaluate(
        """() => {
          const box = (node) => node.getBoundingClientRect();
          const scale = box(document.querySelector(".leaflet-control-scale"));
          return [...document.querySelectorAll("[data-covers]")]
            .filter((panel) => !panel.querySelector(".leaflet-control-scale"))
            .filter((panel) => !panel.matches(".leaflet-control-scale") && box(panel).height > 0)
            .filter((panel) => box(panel).left < scale.right && box(panel).right > scale.left
              && box(panel).top < scale.bottom && box(panel).bottom > scale.top)
            .map(({ className }) => className);
        }"""
    )
    assert covered == []


def test_a_seas_name_is_read_on_land_as_well(mie: tuple[StandIn, str], opened: Open) -> None:
    visit = opened(mie[1], "/live")
    contrast = visit.page.evaluate(
        """async () => {
          const { written } = await import("soramichi/lettering.js");
          const { look } = soramichi.layer.places.fixed.find(({ kind }) => kind === "sea");
          const { image } = written("五ヶ所湾", look, 1);
          const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
          context.fillStyle = "#ece6d8";
          context.fillRect(0, 0, image.width, image.height);
          context.drawImage(image, 0, 0);
          const { data } = context.getImageData(0, 0, image.width, image.height);
          const light = (i) => [0.2126, 0.7152, 0.0722].reduce((sum, share, part) =>
            sum + share * (data[i + part] / 255) ** 2.2, 0);
          const all = Array.from({ length: data.length / 4 }, (_, i) => light(4 * i));
          return (Math.max(...all) + 0.05) / (Math.min(...all) + 0.05);
        }"""
    )
    assert contrast > 4.5
