"""The map benchmark's long part: what it reports is a real page's, over a real API process."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from soramichi.bench import map_long

pytestmark = pytest.mark.browser


def test_an_hour_is_opened_and_the_big_screen_runs_for_hours(chromium: Browser) -> None:
    found = map_long.rows(chromium, runs=1, kiosk_hours=0.1, warm_s=300, say=print)

    rows = {row["name"]: row for row in found}
    opened = [row["value"] for name, row in rows.items() if "replay of an hour" in name]
    assert len(opened) == 4
    assert all(0 < ms < map_long.OPENS_WITHIN_MS for ms in opened)
    kiosk = "map kiosk, 0.1 simulated hours:"
    assert 1 < rows[f"{kiosk} heap before"]["value"] < 100
    assert rows[f"{kiosk} heap growth"]["value"] < 3
    assert rows[f"{kiosk} nodes growth"]["value"] < 300
