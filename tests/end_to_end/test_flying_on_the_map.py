"""simulator → broker → ingest → database → API → page, all of it real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import DESKTOP, PHONE, Open
from tests.embedded.test_demo import demo, end, stored

pytestmark = pytest.mark.browser
# Left here for people to look at; not part of the project.
SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
PLACES = "soramichi.layer.drawn.map(({one, worldX, worldY}) => [one.id, worldX, worldY])"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A running demo: its folder and address."""
    folder = tmp_path_factory.mktemp("demo")
    with demo(folder) as process:
        variables = environment(folder)
        yield folder, variables["SORAMICHI_DEMO_URL"].rstrip("/")
        end(process)


def environment(folder: Path) -> dict[str, str]:
    lines = (folder / "running.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize(
    ("path", "size"), [("/", DESKTOP), ("/", PHONE), ("/live", DESKTOP), ("/live", PHONE)]
)
def test_three_aircraft_move_on_the_map(
    running: tuple[Path, str], opened: Open, path: str, size: tuple[int, int]
) -> None:
    visit = opened(running[1], path, size)
    visit.wait("soramichi.layer.drawn.length >= 3", timeout_s=20)
    visit.page.evaluate(f"globalThis.before = {PLACES}")
    visit.wait(
        f"{PLACES}.filter(([id, x, y], i) => Math.hypot(x - before[i][1], y - before[i][2]) > 1e-6)"
        ".length >= 3",
        timeout_s=30,
    )

    SCREENSHOTS.mkdir(exist_ok=True)
    name = f"{path.strip('/') or 'home'}-{size[0]}x{size[1]}.png"
    visit.page.screenshot(path=SCREENSHOTS / name)
    assert (SCREENSHOTS / name).stat().st_size > 20_000


def test_a_recorded_flight_is_stored_sample_by_sample_and_shown(
    running: tuple[Path, str], opened: Open, shared_data: Path
) -> None:
    """The log holds 32 GPS fixes; its first is 66.814 m AMSL, 106.766 m above the ellipsoid."""
    folder, url = running
    SCREENSHOTS.mkdir(exist_ok=True)
    visit = opened(url, "/live", DESKTOP)
    before = stored(folder, "recorded-1")
    log = shared_data / "flights" / "px4_real_log_small.ulg"
    done = subprocess.run(
        [sys.executable, "-m", "soramichi", "replay", str(log), "--aircraft", "recorded-1",
         "--speed", "4", "--json"],
        env={**os.environ, **environment(folder)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["published"] == 32
    card = visit.page.get_by_text("recorded-1").first
    card.wait_for(timeout=10_000)
    card.click()
    visit.wait("soramichi.layer.drawn.some(({one}) => one.id === 'recorded-1')")
    visit.page.screenshot(path=SCREENSHOTS / "replay.png")
    assert before == []
    rows = stored(folder, "recorded-1")
    assert len(rows) == len({row[0] for row in rows}) == 32
    assert rows[0][1:] == (66.814, "AMSL")
    assert {row[0].year for row in rows} == {2021}


@pytest.mark.parametrize("kind", ["live", "replay", "routes"])
def test_a_map_saved_from_the_running_server_opens_without_a_network(
    running: tuple[Path, str], chromium: Browser, tmp_path: Path, kind: str
) -> None:
    folder, url = running
    with urllib.request.urlopen(f"{url}/api/v1/flights") as answer:
        flight = next(one["id"] for one in json.load(answer)["flights"] if one["sample_count"] > 10)
    routes = Path(__file__).parents[2] / "routes_planner" / "data" / "mie-routes.geojson"
    more = {"live": [], "replay": [flight], "routes": [str(routes)]}[kind]
    file = tmp_path / "map.html"
    done = subprocess.run(
        [sys.executable, "-m", "soramichi", "map", kind, *more, "--html", str(file)],
        env={**os.environ, **environment(folder)},
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    page = chromium.new_context(offline=True).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_timeout(1_500)

    assert complaints == []
    assert page.locator("canvas").count() > 0
    page.context.close()


def test_nothing_private_leaves_by_a_public_door(running: tuple[Path, str]) -> None:
    with urllib.request.urlopen(f"{running[1]}/api/v1/aircraft") as answer:
        text = answer.read().decode()

    assert '"features":[{' in text
    assert not [word for word in ("operator", "battery", "mie-demo", "seq") if word in text]
