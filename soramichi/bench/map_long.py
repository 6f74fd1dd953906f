"""What lasts for hours, in the browser of `bench map` and on a real API process with its database.

A flight of an hour is opened, and a big screen runs for days of simulated time.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ingest.inbox import Received
from soramichi.bench import live, stage, stream
from soramichi.bench.report import Result, median, result
from soramichi.bench.stage import Stage, answers
from soramichi.domain import wire
from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import TelemetrySample
from soramichi.embedded.folder import free_port
from soramichi.embedded.nats import PLATFORM
from soramichi.embedded.processes import wait_until
from soramichi.errors import Unavailable
from soramichi.settings import ApiSettings, DatabaseSettings, environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOUR_S = 3_600
_RATES_HZ = (1, 10)
_SIZES = ((1920, 1080), (390, 844))
OPENS_WITHIN_MS = 60_000
# The track is drawn and everything is wired: play, scrub, map, profile.
SHOWN = "() => performance.getEntriesByName('flight-shown')[0]?.startTime ?? 0"
_KIOSK = (1280, 720)
# As long as the big screen looks at one thing, and a little more.
_STEP_S = 20
_STEPS_A_LOOK = 10
_READY = "() => globalThis.soramichi?.feed?.ready === true"
# From here on only what is told below is heard: the server's clock is another one.
_LISTEN_TO_US = "() => soramichi.feed.source.close()"
# Three new aircraft every hour, for forty minutes; then nothing flies and recordings are shown.
_TELL = """(at_s) => {
  const { feed } = soramichi;
  const time = new Date().toISOString();
  const [hour, into] = [Math.floor(at_s / 3600), at_s % 3600];
  const flying = into < 2400 ? [0, 1, 2] : [];
  feed.tick({ time, aircraft: flying.map((i) => ({
    id: `H${hour}-${i}`, flight: `H${hour}-${i}`, time, received_at: time,
    lon: 136.5 + i / 10 + into / 20000, lat: 34.6 + i / 20, altitude_m: 100 + into / 10,
    altitude_datum: "AMSL", ground_speed_mps: 30, track_deg: 90, status: "Airborne" })) });
  if (at_s % 60 === 0) {
    feed.tell("event", { id: `E${at_s}`, kind: "takeoff", severity: "info", time,
      aircraft: `H${hour}-0`, message: { ja: "離陸しました", en: "took off" } });
  }
}"""


def rows(
    browser: Browser,
    *,
    runs: int,
    kiosk_hours: float,
    say: Callable[[str], None],
    warm_s: int = HOUR_S,
) -> list[Result]:
    """Everything here; `warm_s` simulated seconds show the big screen everything once.

    Raises `Unavailable` when a page does not open.
    """
    with _api() as (base, database):
        for rate_hz in _RATES_HZ:
            fly(database, f"HOUR{rate_hz}", rate_hz=rate_hz, operator=stream.OPERATOR)
        say("map: an hour-long flight opened")
        found = [
            _replay(browser, base, rate_hz, size, runs) for rate_hz in _RATES_HZ for size in _SIZES
        ]
        say(f"map: {kiosk_hours:g} simulated hours of the big screen")
        return found + _kiosk(browser, base, kiosk_hours, warm_s)


def fly(
    database: DatabaseSettings,
    aircraft: str,
    *,
    rate_hz: int,
    operator: str,
    seconds: int = HOUR_S,
) -> None:
    """Store a flight `AIRCRAFT-1` over Ise Bay: circles that drift north, up and down."""
    writer = stage.writer(database)
    now = datetime.now(UTC).replace(microsecond=0)
    start = now - timedelta(seconds=seconds)
    topic = wire.telemetry_topic(operator, aircraft)
    every = [
        _sample(f"{aircraft}-1", start, number / rate_hz) for number in range(seconds * rate_hz)
    ]
    for first in range(0, len(every), 500):
        part = every[first : first + 500]
        writer.settle([Received(topic, wire.encode(part), 1, 0, now)])
    writer.close()


def _sample(flight: str, start: datetime, at_s: float) -> TelemetrySample:
    turn = at_s / 60.0
    return TelemetrySample(
        time=start + timedelta(seconds=at_s),
        flight=flight,
        latitude_deg=34.5 + 0.02 * math.cos(turn) + 1e-4 * turn,
        longitude_deg=136.8 + 0.024 * math.sin(turn),
        altitude_m=300.0 + 120.0 * math.sin(turn / 3.0),
        altitude_datum=Datum.AMSL,
        ground_speed_mps=37.0,
        track_deg=math.degrees(turn + math.pi / 2.0) % 360.0,
    )


def _replay(browser: Browser, base: str, rate_hz: int, size: tuple[int, int], runs: int) -> Result:
    """From navigation, with nothing cached, to the drawn track and controls that answer."""
    took = []
    for _ in range(runs):
        with _page(browser, size) as page:
            page.goto(f"{base}/replay/HOUR{rate_hz}-1")
            took.append(float(_until(page, SHOWN)))
    name = f"map replay of an hour at {rate_hz} Hz, {size[0]}x{size[1]}"
    return result(name, median(took), "ms", target="value < 1000")


def _kiosk(browser: Browser, base: str, hours: float, warm_s: int) -> list[Result]:
    """Heap and nodes once it is warm, and after so many hours; every timer fires once a step."""
    with _page(browser, _KIOSK) as page:
        page.clock.install()
        page.goto(f"{base}/kiosk")
        _until(page, _READY)
        page.evaluate(_LISTEN_TO_US)
        end_s = warm_s + round(hours * HOUR_S)
        _run(page, range(0, warm_s // 2, _STEP_S))
        before = _least(page, range(warm_s // 2, warm_s, _STEP_S))
        _run(page, range(warm_s, end_s - warm_s // 2, _STEP_S))
        after = _least(page, range(end_s - warm_s // 2, end_s, _STEP_S))
    name = f"map kiosk, {hours:g} simulated hours:"
    return [
        result(f"{name} heap before", before[0], "MB"),
        result(f"{name} heap growth", after[0] - before[0], "MB", target="value < 1"),
        result(f"{name} nodes before", before[1], "nodes"),
        result(f"{name} nodes growth", after[1] - before[1], "nodes", target="value < 100"),
    ]


def _run(page: Page, seconds: Sequence[int]) -> None:
    for at_s in seconds:
        page.clock.fast_forward(_STEP_S * 1_000)
        page.evaluate(_TELL, at_s)


def _least(page: Page, seconds: Sequence[int]) -> tuple[float, int]:
    """`_kept` when it was least in this time: what grows for good, and no track that is shown."""
    looks = []
    for at in range(0, len(seconds), _STEPS_A_LOOK):
        _run(page, seconds[at : at + _STEPS_A_LOOK])
        looks.append(_kept(page))
    return min(heap for heap, _ in looks), min(nodes for _, nodes in looks)


def _kept(page: Page) -> tuple[float, int]:
    """(MB of JavaScript heap, DOM nodes) after a collection."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    heap: dict[str, Any] = devtools.send("Runtime.getHeapUsage")
    nodes: dict[str, Any] = devtools.send("Memory.getDOMCounters")
    devtools.detach()
    return heap["usedSize"] / 1e6, int(nodes["nodes"])


def _until(page: Page, condition: str) -> Any:
    """What the condition says once that is true."""
    for _ in range(OPENS_WITHIN_MS // 50):
        if found := page.evaluate(condition):
            return found
        page.wait_for_timeout(50)
    raise Unavailable(f"{page.url} did not open within {OPENS_WITHIN_MS / 1e3:.0f} s")


@contextmanager
def _page(browser: Browser, size: tuple[int, int]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    yield context.new_page()
    context.close()


@contextmanager
def _api() -> Iterator[tuple[str, DatabaseSettings]]:
    """The address of an API process that shows all of the bench's operator, and its database."""
    with Stage() as stage, stage.broker("nats") as users:
        database = stage.database()
        live.publish(database)
        settings = ApiSettings(port=free_port())
        variables = environment(users[PLATFORM]) | environment(database) | environment(settings)
        child = stage.run("api", [sys.executable, "-m", "api"], variables)
        try:
            wait_until(lambda: answers(settings.port, "/healthz"), child, timeout_s=60)
            yield f"http://127.0.0.1:{settings.port}", database
        finally:
            child.stop()
