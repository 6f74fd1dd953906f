"""The pages when the network drops, in a real browser that is really taken off line."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from PIL import Image

from maps.assets import STATIC_FOLDER
from maps.shell import Page
from tests.browser import PHONE, Open
from tests.maps.stand_in_server import StandIn

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]
KEPT = """caches.open("soramichi-state")
  .then((shelf) => shelf.match("/api/v1/aircraft")).then((kept) => Boolean(kept))"""


@pytest.mark.parametrize(
    ("path", "words"), [("/", "の様子です"), ("/live", "This is how it was at")]
)
def test_off_line_a_reload_shows_the_last_state_with_its_age(
    mie: Served, opened: Open, path: str, words: str
) -> None:
    language = "ja" if path == "/" else "en"
    visit = opened(mie[1], f"{path}?lang={language}", PHONE)
    visit.wait("soramichi.layer.drawn.length === 4")
    visit.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    visit.wait(KEPT)
    visit.page.context.set_offline(True)
    visit.page.reload()
    visit.wait("globalThis.soramichi?.feed.ready && soramichi.layer.drawn.length === 4")
    cut = visit.page.locator("#cut")
    cut.wait_for()
    assert words in cut.inner_text()
    assert visit.page.locator(".card").count() == 4
    visit.page.context.set_offline(False)
    visit.wait("soramichi.feed.link === 'live'", timeout_s=20)
    cut.wait_for(state="hidden")
    visit.complaints[:] = [said for said in visit.complaints if "net::ERR" not in said]


def test_the_big_screen_says_that_the_server_is_gone_and_comes_back(
    hall: Served, opened: Open
) -> None:
    visit = opened(hall[1], "/kiosk?lang=en")
    visit.wait("soramichi.feed.link === 'live'")
    hall[0].up = False
    cut = visit.page.locator("#cut")
    cut.wait_for(timeout=15_000)
    assert cut.inner_text().startswith("The server cannot be reached. This is how it was at ")
    assert visit.page.evaluate("soramichi.layer.drawn.length") > 0
    hall[0].up = True
    cut.wait_for(state="hidden", timeout=30_000)
    gone = ("503", "INCOMPLETE")
    visit.complaints[:] = [said for said in visit.complaints if not any(g in said for g in gone)]


def test_a_proxy_without_its_server_does_not_end_a_screen_that_nobody_attends(
    hall: Served, opened: Open
) -> None:
    visit = opened(hall[1], "/kiosk?lang=en")
    visit.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    visit.wait('caches.open("soramichi-shell").then((kept) => kept.match("/kiosk")).then(Boolean)')
    hall[0].status = 502
    visit.page.reload()
    visit.wait("globalThis.soramichi?.feed.link === 'live'")
    visit.complaints[:] = [said for said in visit.complaints if "502" not in said]


def test_a_list_that_was_kept_answers_no_question(hall: Served, opened: Open) -> None:
    visit = opened(hall[1], "/live?lang=en")
    visit.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    visit.page.reload()
    visit.wait("globalThis.soramichi?.feed.ready")
    visit.wait("""caches.open("soramichi-state")
      .then((shelf) => shelf.match("/api/v1/events")).then(Boolean)""")
    visit.page.context.set_offline(True)
    ask = "(path) => fetch(path).then(({ ok }) => ok, () => false)"
    assert visit.page.evaluate(ask, "/api/v1/events")
    assert not visit.page.evaluate(ask, "/api/v1/events?flight=X")
    visit.complaints[:] = [said for said in visit.complaints if "net::ERR" not in said]


def test_zones_stay_while_the_server_has_no_answer(hall: Served, opened: Open) -> None:
    visit = opened(hall[1], "/live?lang=en")
    visit.wait("soramichi.zones.ready && soramichi.journeys.corridors.length > 0")
    kinds = visit.page.evaluate("soramichi.zones.kinds")
    hall[0].status = 503
    visit.page.evaluate("soramichi.zones.renew()")
    assert visit.page.evaluate("soramichi.zones.kinds") == kinds
    assert visit.page.evaluate("soramichi.journeys.corridors.length") > 0
    visit.complaints[:] = [said for said in visit.complaints if "503" not in said]


def test_what_was_withdrawn_while_the_line_was_cut_is_forgotten(hall: Served, opened: Open) -> None:
    visit = opened(hall[1], "/live?lang=en")
    visit.wait("soramichi.layer.drawn.length > 1")
    left = visit.page.evaluate(
        """() => {
          const { feed } = soramichi;
          const time = new Date(feed.now_s() * 1000).toISOString();
          const [{ id, state }] = feed.aircraft.values();
          feed.tick({ time, whole: true, aircraft: [{ ...state, id }] });
          return [...feed.aircraft.keys()].length;
        }"""
    )
    assert left == 1


def test_a_cut_line_is_not_told_as_lost_aircraft(hall: Served, opened: Open) -> None:
    visit = opened(hall[1], "/live?lang=en")
    visit.wait("soramichi.feed.link === 'live'")
    hall[0].fleet[0].silent_after_s = 0.0
    lost = visit.page.locator('[data-aircraft="JA-SM01"] .badge[data-kind="late"]')
    lost.wait_for(timeout=20_000)
    hall[0].up = False
    visit.wait("document.body.classList.contains('cut')", timeout_s=20)
    others = visit.page.locator('[data-aircraft="TOBA-D1"] .badge').get_attribute("data-kind")
    assert others == "airborne"
    gone = ("503", "INCOMPLETE")
    visit.complaints[:] = [said for said in visit.complaints if not any(g in said for g in gone)]


def test_the_manifest_has_icons_of_the_sizes_it_says() -> None:
    manifest = json.loads((STATIC_FOLDER / "manifest.webmanifest").read_text())
    sizes = {}
    for icon in manifest["icons"]:
        with Image.open(STATIC_FOLDER.parent / icon["src"].lstrip("/")) as image:
            sizes[icon["sizes"], icon.get("purpose", "any")] = image.size
            assert image.format == "PNG"
    assert sizes == {
        ("192x192", "any"): (192, 192),
        ("512x512", "any"): (512, 512),
        ("512x512", "maskable"): (512, 512),
    }
    with Image.open(STATIC_FOLDER / "icons" / "maskable-512.png") as image:
        assert image.convert("RGBA").getpixel((0, 0)) == (12, 34, 50, 255)


def test_a_file_of_another_release_is_not_kept_under_the_digest_of_this_one(
    hall: Served, opened: Open
) -> None:
    now = hall[0].page["/kiosk"]

    def as_released_elsewhere() -> Page:
        page = now()
        html = re.sub(r"(kiosk\.css\?v=)[0-9a-f]{12}", r"\g<1>0123456789ab", page.html)
        assert html != page.html
        return replace(page, html=html)

    visit = opened(hall[1], "/kiosk?lang=en")
    visit.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    hall[0].page["/kiosk"] = as_released_elsewhere
    visit.page.reload()
    # The page is shown with the file that there is, and neither is kept.
    visit.wait("globalThis.soramichi?.feed.link === 'live'")
    visit.page.wait_for_timeout(1000)
    kept = """caches.open("soramichi-shell").then(async (shelf) => [
      await (await shelf.match("/kiosk")).text(), ...(await shelf.keys()).map(({ url }) => url),
    ].join())"""
    assert "kiosk.css?v=" in visit.page.evaluate(kept)
    assert "0123456789ab" not in visit.page.evaluate(kept)
