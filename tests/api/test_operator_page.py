"""`/operator` in a real browser, on the real server and database."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Route

from maps.assets import WEB_FOLDER
from soramichi.domain.events import EventKind
from soramichi.domain.flight import Name
from soramichi.settings import DatabaseSettings
from soramichi.store import pool
from tests.api.conftest import STAFF_TOKEN, Server
from tests.api.test_data import get, store
from tests.api.test_events import ZONE, an_event, one_of_each, tell
from tests.browser import DESKTOP, PHONE, Open, Visit

pytestmark = pytest.mark.browser
AXE = WEB_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
RULES = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map(({ id, nodes: [one] }) => `${id}: ${one.html} ${one.failureSummary}`);
}"""
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def busy(database: DatabaseSettings, server: Server) -> Server:
    """One aircraft with an event of each kind, gaps in what arrived, and something rejected."""
    store(database, "JA01", range(20))
    tell(database, "JA01", one_of_each("JA01"))
    zone = type(ZONE)(source="s", identifier="Z2", name=Name(ja=HOSTILE, en=HOSTILE),
                      zone_type="PROHIBITED")  # fmt: skip
    tell(database, "JA01", [an_event(EventKind.GEOZONE_ENTERED, 99.0, zone=zone)])
    with pool.connect(database, application="test") as connection:
        connection.execute(
            "UPDATE flights SET seq_stored = '{[1,40),[50,60)}' WHERE flight_id = 'JA01-1'"
        )
        connection.execute(
            "INSERT INTO quarantine (topic, original, reason, received_at)"
            " VALUES ('t', 'x', 'not-json', now())"
        )
    return server


def entered(opened: Open, server: Server, query: str = "?lang=ja") -> Visit:
    visit = opened(server.url, f"/operator{query}")
    visit.page.locator("#token").fill(STAFF_TOKEN)
    visit.page.locator("#who").fill("佐藤")
    visit.page.keyboard.press("Enter")
    visit.page.locator(".event").first.wait_for()
    return visit


def test_the_page_itself_holds_nothing_and_asks_for_the_token(busy: Server, opened: Open) -> None:
    with urllib.request.urlopen(f"{busy.url}/operator") as answer:
        html = answer.read().decode()
        policy = answer.headers["Content-Security-Policy"]
    assert not [word for word in (STAFF_TOKEN, "JA01", "mie-demo") if word in html]
    assert "unsafe" not in policy
    visit = opened(busy.url, "/operator?lang=en")
    visit.page.locator("#token").fill("wrong")
    visit.page.locator("#who").fill("Sato")
    visit.page.keyboard.press("Enter")
    visit.page.locator("#refused").wait_for()
    assert "does not open" in visit.page.locator("#refused").inner_text()
    assert visit.page.locator("#desk").is_hidden()
    assert visit.page.evaluate("sessionStorage.length") == 0
    visit.complaints.clear()  # the browser itself notes the 403


def test_what_arrived_and_what_is_missing_stands_in_columns(busy: Server, opened: Open) -> None:
    visit = entered(opened, busy)
    row = visit.page.locator("#flights tr").first
    cells = row.locator("td")
    visit.wait("document.querySelector('#flights tr').innerText.includes('ms')")

    assert row.locator("th").inner_text() == "JA01-1"
    assert cells.all_inner_texts()[:4] == ["59", "20", "10", "10"]
    assert visit.page.locator("#quarantine").inner_text().split() == ["not-json", "1"]
    assert "JA01" in visit.page.locator("#links").inner_text()


def test_names_are_text_whatever_they_say(busy: Server, opened: Open) -> None:
    visit = entered(opened, busy)

    assert HOSTILE in visit.page.locator("#events").inner_text()
    assert visit.page.locator("#events img").count() == 0


def test_an_event_is_acknowledged_by_the_keyboard(busy: Server, opened: Open) -> None:
    visit = entered(opened, busy)
    button = visit.page.locator("[data-key^=event-]").first
    button.focus()
    visit.page.keyboard.press("Enter")
    visit.page.locator(".event .done").first.wait_for()

    assert "佐藤" in visit.page.locator(".event .done").first.inner_text()
    events = get(f"{busy.url}/api/v1/events?detail=full", staff=True)["events"]
    assert [e["acknowledged_by"] for e in events if e["acknowledged_by"]] == ["佐藤"]
    visit.page.locator("#only").check()
    visit.wait("document.querySelectorAll('.event .done').length === 0")


def test_the_token_is_gone_with_leaving(busy: Server, opened: Open) -> None:
    visit = entered(opened, busy)
    assert STAFF_TOKEN in visit.page.evaluate("Object.values(sessionStorage)")
    assert STAFF_TOKEN not in visit.page.evaluate("Object.values(localStorage)")
    visit.page.locator("#leave").click()

    assert visit.page.evaluate("sessionStorage.length") == 0
    assert visit.page.locator("#desk").is_hidden()


def test_an_answer_that_comes_after_somebody_left_shows_nothing(busy: Server, opened: Open) -> None:
    visit = entered(opened, busy)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    visit.page.route("**/api/v1/links*", hold)
    for _ in range(200):
        if held:
            break
        visit.page.wait_for_timeout(100)
    assert held
    visit.page.locator("#leave").click()
    for route in held:
        route.continue_()
    visit.page.wait_for_timeout(1_000)

    assert visit.page.locator("#desk").is_hidden()
    assert "JA01" not in (visit.page.locator("#desk").text_content() or "")


CACHED = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);
  }
  return found;
}"""


def test_nothing_for_staff_is_kept_in_the_browsers_cache(busy: Server, opened: Open) -> None:
    visit = opened(busy.url, "/")
    worker = "navigator.serviceWorker.register('/service-worker.js').then(() => true)"
    assert visit.page.evaluate(worker)
    visit.wait("navigator.serviceWorker.controller !== null", timeout_s=20)
    visit.page.goto(f"{busy.url}/operator")
    visit.page.locator("#token").fill(STAFF_TOKEN)
    visit.page.locator("#who").fill("佐藤")
    visit.page.keyboard.press("Enter")
    visit.page.locator(".event").first.wait_for()

    cached = visit.page.evaluate(CACHED)
    assert "/live" in cached
    private = ("/api/v1/events", "/api/v1/completeness", "/api/v1/links", "/api/v1/quarantine")
    assert not set(private) & set(cached)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_rule_of_access_is_broken(
    busy: Server, opened: Open, language: str, tmp_path: Path
) -> None:
    visit = opened(busy.url, f"/operator?lang={language}")
    visit.page.evaluate(AXE.read_text())
    assert visit.page.evaluate(RULES) == []
    visit = entered(opened, busy, f"?lang={language}")
    visit.page.evaluate(AXE.read_text())
    for size in (DESKTOP, PHONE):
        visit.resize(size)
        assert visit.page.evaluate(RULES) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= size[0]
        visit.page.screenshot(path=tmp_path / f"operator-{language}-{size[0]}.png", full_page=True)


@pytest.mark.parametrize("first_second", [200.0, -5000.0], ids=["later", "between-those-shown"])
def test_after_many_events_at_once_all_of_them_can_be_asked_for(
    busy: Server, database: DatabaseSettings, opened: Open, first_second: float
) -> None:
    # An older one that nobody acknowledged, and the newest that a late burst comes behind.
    tell(database, "JA01", [an_event(EventKind.TAKEOFF, -9000.0)])
    visit = entered(opened, busy)
    ids = "[...document.querySelectorAll('#events [data-key]')].map((b) => b.dataset.key)"
    before = set(visit.page.evaluate(ids))
    # More than one page of them between two polls.
    many = [an_event(EventKind.BATTERY_LOW, first_second + n, battery_pct=9.0, limit_pct=20.0)
            for n in range(150)]  # fmt: skip
    tell(database, "JA01", many)
    visit.wait("document.querySelectorAll('#events .event').length >= 100")
    # None that is open has gone from sight.
    assert before < set(visit.page.evaluate(ids))
    for _ in range(3):
        older = visit.page.locator("#older")
        if not older.is_visible():
            break
        with visit.page.expect_response("**/api/v1/events?*before=*"):
            older.click()
        visit.page.wait_for_timeout(200)
    assert len(set(visit.page.evaluate(ids))) == len(before) + 150
