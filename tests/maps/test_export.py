"""Saved maps open from disk with the network off, and show the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from maps.export import live_file, replay_file, routes_file
from soramichi.errors import BadInput
from tests.maps.scenery import (
    a_hostile_one,
    a_track,
    an_answer,
    collection,
    corridors_over_the_bay,
    some_events,
    three_over_mie,
)

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
FLEET = [*three_over_mie(), a_hostile_one()]


def saved_live() -> str:
    tracks = {f"{craft.id}-1": a_track(craft, NOW) for craft in FLEET}
    return live_file(collection(FLEET, NOW), tracks=tracks, at=NOW)


def saved_replay() -> str:
    return replay_file(
        a_track(FLEET[0], NOW),
        aircraft=collection(FLEET, NOW),
        events=some_events(NOW),
        corridors=corridors_over_the_bay(),
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (saved_live(), "Saved map"),
        (saved_replay(), "Recorded 23 November 2026"),
        (routes_file(an_answer(["bay", "coast"])), "Candidate routes"),
    ],
)
def test_a_saved_map_opens_from_disk_without_any_request(
    chromium: Browser, tmp_path: Path, html: str, shown: str
) -> None:
    file = tmp_path / "map.html"
    file.write_text(html)
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
    page.goto(f"{file.as_uri()}?lang=en")
    page.get_by_text(shown).wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("soramichi.layer?.drawn.length ?? 1") in {1, len(FLEET)}
    assert complaints == []
    assert set(asked) <= {"file", "data"}
    context.close()


def test_a_hostile_name_cannot_leave_the_data_it_is_in() -> None:
    assert "<img src=x" not in saved_live()
    assert "</script><b>" not in saved_live()


def test_a_saved_map_is_small_enough_to_send() -> None:
    assert len(saved_replay().encode()) < 1_000_000


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(BadInput):
        live_file({"features": []}, tracks={}, at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_flight_of_one_point_is_refused() -> None:
    track = a_track(FLEET[0], NOW, over=timedelta(seconds=2))
    with pytest.raises(BadInput):
        replay_file(
            track, aircraft={"features": []}, events={"events": []}, corridors={"features": []}
        )
