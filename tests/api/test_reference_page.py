"""`/docs`: every endpoint explained in both languages, by this server alone."""

from __future__ import annotations

import urllib.request

import pytest

from api.app import create_app
from maps.reference import JAPANESE
from soramichi.settings import ApiSettings, BrokerSettings, DatabaseSettings
from tests.api.conftest import Server
from tests.api.test_data import problem
from tests.api.test_operator_page import AXE, RULES
from tests.browser import DESKTOP, PHONE, Open


def operations() -> set[tuple[str, str]]:
    app = create_app(ApiSettings(), BrokerSettings(), DatabaseSettings())
    return {(m, path) for path, methods in app.openapi()["paths"].items() for m in methods}


def test_every_endpoint_is_explained_in_japanese_too() -> None:
    assert operations() == JAPANESE.keys()


def test_the_frameworks_own_pages_are_gone(server: Server) -> None:
    assert problem(f"{server.url}/redoc")["status"] == 404
    assert problem(f"{server.url}/docs/oauth2-redirect")["status"] == 404


@pytest.mark.parametrize(
    ("accepted", "language"), [("en-GB,ja;q=0.5", "en"), ("ja,en", "ja"), ("", "ja")]
)
def test_the_browsers_language_is_the_first(server: Server, accepted: str, language: str) -> None:
    request = urllib.request.Request(f"{server.url}/docs", headers={"Accept-Language": accepted})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.url.endswith(f"?lang={language}")
        assert f'<html lang="{language}">' in answer.read().decode()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["ja", "en"])
def test_it_is_read_without_scripts_and_breaks_no_rule(
    server: Server, opened: Open, language: str
) -> None:
    visit = opened(server.url, f"/docs?lang={language}", ready="document.readyState === 'complete'")
    page = visit.page
    assert page.locator("script").count() == 0
    assert page.locator("article").count() == len(operations())
    visit.page.evaluate(AXE.read_text())
    for size in (DESKTOP, PHONE):
        visit.resize(size)
        assert page.evaluate(RULES) == []
    page.locator(".now a").last.click()
    assert page.locator("html").get_attribute("lang") != language
