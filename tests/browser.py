"""One Chromium for all browser tests, and pages that remember what went wrong in them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LAPTOP = (1280, 720)  # where the size is not what is tested: the fewer pixels, the quicker
DESKTOP = (1920, 1080)
PHONE = (390, 844)
READY = "globalThis.soramichi?.feed?.ready || globalThis.soramichi?.ready"


# Not for the whole session: while Playwright is on, this thread has a running event loop, and
# tests of other modules could not start one of their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        absent = f"no Chromium at {CHROMIUM}: apt-get install chromium"
        (pytest.fail if os.environ.get("REQUIRE_SERVERS") else pytest.skip)(absent)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that was opened, and what it complained of."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def wait(self, condition: str, timeout_s: float = 40) -> None:
        """Until the JavaScript condition holds.

        Playwright's own wait evaluates a string inside the page, which the page's policy forbids.
        """
        until = time.monotonic() + timeout_s
        while not self.page.evaluate(condition):
            assert time.monotonic() < until, f"not within {timeout_s} s: {condition}"
            self.page.wait_for_timeout(50)

    def resize(self, size: tuple[int, int]) -> None:
        """To another screen; nothing may then be wider than it."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def close(self) -> None:
        """Close it; a complaint or a request to another host fails the test."""
        self.page.context.close()
        assert self.complaints == []
        assert self.hosts <= {urlsplit(self.base).netloc}


Open = Callable[..., Visit]


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Open]:
    """open(base, path, size) -> Visit; every visit is checked for complaints at the end."""
    visits: list[Visit] = []

    def open_page(
        base: str, path: str, size: tuple[int, int] = LAPTOP, *, ready: str = READY
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="ja-JP"
        )
        visit = Visit(context.new_page(), base)
        visits.append(visit)
        page = visit.page
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("request", lambda request: visit.hosts.add(urlsplit(request.url).netloc))
        page.on(
            "console",
            lambda said: (
                visit.complaints.append(said.text) if said.type in {"error", "warning"} else None
            ),
        )
        page.goto(base + path)
        visit.wait(ready)
        return visit

    yield open_page
    for visit in visits:
        visit.close()
