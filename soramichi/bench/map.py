"""`soramichi bench map`: our map in a real browser, beside folium's own Realtime markers.

A headless Chromium without a graphics card (`--disable-gpu`), as a hall's machine may be. The
limit of a frame rate is that of an empty page in the same browser.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from soramichi.bench import map_long
from soramichi.bench.map_server import REALTIME
from soramichi.bench.report import Result, median, result
from soramichi.bench.stage import answers
from soramichi.embedded.folder import free_port
from soramichi.embedded.processes import Child, Command, wait_until
from soramichi.errors import Unavailable

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
)
_SCREEN = (1920, 1080)
_TARGET_AIRCRAFT = 1_000
_TRACK_POINTS = 100_000
_FIRST_TIMEOUT_S = 60.0

_FRAMES = """async (ms) => {
  const start = performance.now();
  let frames = 0;
  while (performance.now() - start < ms) {
    await new Promise(requestAnimationFrame);
    frames += 1;
  }
  return frames * 1000 / (performance.now() - start);
}"""
# Notes when the first aircraft stands on either map.
_NOTE_FIRST = """(() => {
  const look = () => {
    const ours = globalThis.soramichi?.layer?.drawn?.length;
    if (ours || document.querySelector(".leaflet-marker-icon")) {
      globalThis.firstAircraft_ms = performance.now();
    } else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""
_ALL_DRAWN = """(count) => (globalThis.soramichi
  ? soramichi.feed.visible().length : document.querySelectorAll(".leaflet-marker-icon").length
) >= count"""
# One winding flight over the bay. The time ends when the second frame after it begins, so that
# the browser's own drawing counts; two frames of an idle page are in it for both.
_TRACK = """async ([points, ours]) => {
  const { worldX, worldY } = await import("soramichi/motion.js");
  const { drawTrail } = await import("soramichi/trails.js");
  const places = Array.from({ length: points }, (_, i) => {
    const turn = i / 400;
    const away = 0.02 + 0.25 * (i / points);
    return [34.6 + away * Math.sin(turn), 136.7 + away * Math.cos(turn)];
  });
  const samples = places.map(([lat, lon], i) => (
    { x: worldX(lon), y: worldY(lat), altitude_m: 100 + 400 * Math.sin(i / 9000) ** 2 }));
  const renderer = L.canvas({ padding: 0 });
  const line = ours ? null : L.polyline(places, { renderer, weight: 3 }).addTo(soramichi.map);
  const { layer } = soramichi;
  const took = [];
  for (let i = 0; i < 15; i += 1) {
    await new Promise(requestAnimationFrame);
    const start = performance.now();
    if (ours) drawTrail(layer.ground.clear(), layer.view.now(), samples, points - 1);
    else {
      line.redraw();
      renderer._redraw();
    }
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    took.push(performance.now() - start);
  }
  line?.remove();
  return took.sort((a, b) => a - b)[7];
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many aircraft, and how long each frame rate is watched, how often.

    `kiosk_hours`: simulated, after an hour in which the big screen has seen everything once.
    """

    aircraft: Sequence[int] = (100, 1_000, 5_000)
    window_s: float = 5.0
    runs: int = 3
    kiosk_hours: float = 72


QUICK = Plan(aircraft=(100, 1_000), window_s=2.0, kiosk_hours=2)


def run(plan: Plan, say: Callable[[str], None]) -> list[Result]:
    """Everything. Raises `Unavailable` where the browser or a package is missing."""
    rows: list[Result] = []
    if not REALTIME.is_dir():
        raise Unavailable("leaflet-realtime is missing: make setup installs it")
    with _browser() as browser:
        for count in plan.aircraft:
            say(f"map: {count} aircraft")
            with _server(count) as base:
                limit = _rate(browser, f"{base}/blank", None, plan)
                ours = _rate(browser, f"{base}/live", count, plan)
                peer = _rate(browser, f"{base}/realtime", count, plan)
            target = "value >= 55" if count == _TARGET_AIRCRAFT else None
            name = f"map {count} aircraft, every frame"
            rows += [
                result(name, ours, "frames/s", limit=limit, target=target),
                result(
                    f"map {count} aircraft, folium Realtime 1 Hz", peer, "frames/s", limit=limit
                ),
            ]
        say("map: first load, first aircraft, a long track")
        with _server(min(plan.aircraft)) as base:
            rows += _first(browser, base, plan)
            rows += _track(browser, base)
        rows += map_long.rows(browser, runs=plan.runs, kiosk_hours=plan.kiosk_hours, say=say)
    return rows


def _rate(browser: Browser, url: str, count: int | None, plan: Plan) -> float:
    """The median frame rate of the page once it shows `count` aircraft."""
    with _visit(browser, url) as page:
        if count is not None:
            _until(page, _ALL_DRAWN, count)
            page.wait_for_timeout(3_000)
        windows = [page.evaluate(_FRAMES, plan.window_s * 1_000) for _ in range(plan.runs)]
    return median(windows)


def _first(browser: Browser, base: str, plan: Plan) -> list[Result]:
    rows = []
    for name, path in (("/", "/"), ("/live", "/live"), ("folium Realtime", "/realtime")):
        loads = [_load(browser, base + path) for _ in range(plan.runs)]
        target = "value < 300" if path == "/" else None
        rows += [
            result(f"map first load, {name}", loads[0][0] / 1e3, "kB", target=target),
            result(f"map time to first aircraft, {name}", median(ms for _, ms in loads), "ms"),
        ]
    return rows


def _load(browser: Browser, url: str) -> tuple[int, float]:
    """(bytes that came over the line, milliseconds to the first aircraft) with nothing cached."""
    received = [0]
    with _visit(browser, "about:blank") as page:
        devtools = page.context.new_cdp_session(page)
        devtools.send("Network.enable")
        # The stream never ends, so it is not in it: what it sends is not the page's weight.
        devtools.on(
            "Network.loadingFinished",
            lambda event: received.append(int(event["encodedDataLength"])),
        )
        page.add_init_script(_NOTE_FIRST)
        page.goto(url)
        _until(page, "() => globalThis.firstAircraft_ms !== undefined", None)
        first_ms = float(page.evaluate("globalThis.firstAircraft_ms"))
        page.wait_for_load_state("load")
        return sum(received), first_ms


def _track(browser: Browser, base: str) -> list[Result]:
    with _visit(browser, f"{base}/live") as page:
        _until(page, _ALL_DRAWN, 1)
        peer = page.evaluate(_TRACK, [_TRACK_POINTS, False])
        ours = page.evaluate(_TRACK, [_TRACK_POINTS, True])
    name = f"map drawing a track of {_TRACK_POINTS} points"
    return [
        result(f"{name}, by height", ours, "ms", limit=peer),
        result(f"{name}, Leaflet polyline", peer, "ms"),
    ]


@contextmanager
def _browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError as error:
        raise Unavailable("playwright is missing: make setup installs it") from error
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise Unavailable("there is no Chromium to measure in: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def _visit(browser: Browser, url: str) -> Iterator[Page]:
    size = {"width": _SCREEN[0], "height": _SCREEN[1]}
    context = browser.new_context(viewport={"width": size["width"], "height": size["height"]})
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def _until(page: Page, condition: str, argument: int | None) -> None:
    until = time.monotonic() + _FIRST_TIMEOUT_S
    while not page.evaluate(condition, argument):
        if time.monotonic() > until:
            raise Unavailable(f"{page.url} shows no aircraft; see the server's log")
        page.wait_for_timeout(50)


@contextmanager
def _server(count: int) -> Iterator[str]:
    port = free_port()
    line = [sys.executable, "-m", "soramichi.bench.map_server", str(port), str(count)]
    with tempfile.TemporaryDirectory(prefix="soramichi-bench-") as folder:
        log = Path(folder) / "map.log"
        child = Child(Command(name="map", arguments=line, log=log, environment={}))
        try:
            wait_until(lambda: answers(port, "/blank"), child, timeout_s=60)
            yield f"http://127.0.0.1:{port}"
        finally:
            child.stop()
