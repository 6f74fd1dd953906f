"""What can be said of the pages without a browser."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from maps import assets
from maps.pages import (
    Page,
    TileSource,
    home_page,
    kiosk_page,
    live_page,
    operator_page,
    replay_page,
    routes_page,
)
from soramichi.errors import BadInput

GSI = TileSource(
    url="https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png", attribution="国土地理院"
)
HOSTILE = "a/../</script><b>"


def every_page() -> list[Page]:
    return [
        home_page(),
        live_page(),
        live_page(tiles=GSI),
        replay_page("f-1"),
        replay_page(HOSTILE),
        kiosk_page(phone_url="http://192.0.2.1:8000/"),
        routes_page(),
        operator_page(),
    ]


PAGES = pytest.mark.parametrize("page", every_page())


class Addresses(HTMLParser):
    """Collects what a browser would load, and every inline script and style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (name == "src" or (name == "href" and tag == "link")) and value:
                self.loaded.append(value)
            if name == "style" or name.startswith("on"):
                self.handlers.append(f"{tag} {name}")


@PAGES
def test_a_page_is_the_same_bytes_at_each_call(page: Page) -> None:
    assert page in every_page()


@PAGES
def test_everything_a_page_loads_is_a_file_that_we_serve(page: Page) -> None:
    loaded = Addresses(page.html).loaded
    assert loaded
    loaded.remove("/manifest.webmanifest")
    # The flight itself, and who flew it, are data of this server.
    loaded = [url for url in loaded if not url.startswith("/api/v1/")]
    assert all(url.startswith("/static/") and assets.file_of(url).is_file() for url in loaded)


@PAGES
def test_no_inline_style_and_no_event_handler(page: Page) -> None:
    assert Addresses(page.html).handlers == []
    assert "<style" not in page.html


@PAGES
def test_each_inline_script_is_allowed_by_its_hash_and_none_else(page: Page) -> None:
    inline = re.findall(r"<script(?: type=\"importmap\")?>(.*?)</script>", page.html, re.DOTALL)
    digests = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in inline}
    assert set(re.findall(r"'sha256-(.*?)'", page.content_security_policy)) == digests
    assert "unsafe" not in page.content_security_policy


def test_no_host_is_allowed_without_online_tiles() -> None:
    assert "http" not in live_page().content_security_policy


def test_online_tiles_widen_images_by_exactly_their_host() -> None:
    images = re.search(r"img-src ([^;]*)", live_page(tiles=GSI).content_security_policy)
    assert images
    assert images[1] == "'self' https://cyberjapandata.gsi.go.jp"


def test_a_hostile_flight_id_stays_inside_the_settings_and_its_address() -> None:
    html = replay_page(HOSTILE).html
    assert "<b>" not in html
    assert "/api/v1/flights/a%2F..%2F%3C%2Fscript%3E%3Cb%3E/track?points=" in html


def test_a_qr_code_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(BadInput):
        kiosk_page(phone_url="javascript:alert(1)")


def test_an_attribution_is_text() -> None:
    tiles = TileSource(url=GSI.url, attribution="</script><b>")
    assert "<b>" not in live_page(tiles=tiles).html
    assert live_page(tiles=tiles).html.count("</script>") == live_page(tiles=GSI).html.count(
        "</script>"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/{z}/{x}/{y}.png",
        "https:///{z}/{x}/{y}",
        "https://a.example;script-src *//{z}/{x}/{y}",
        "https://example.org/{z}/{x}",
    ],
)
def test_a_tile_address_that_could_not_work_or_would_widen_more_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        TileSource(url=url, attribution="")


def test_an_address_carries_the_digest_of_its_file() -> None:
    url = assets.versioned("/static/css/soramichi.css")
    digest = hashlib.sha256(assets.file_of(url).read_bytes()).hexdigest()
    assert url == f"/static/css/soramichi.css?v={digest[:12]}"


def test_modules_import_each_other_only_by_the_names_in_the_import_map() -> None:
    known = assets.modules()
    for url in known.values():
        text = assets.file_of(url).read_text()
        assert set(re.findall(r"from \"(.*?)\"", text)) <= known.keys()


def test_a_page_with_its_files_weighs_less_than_300_kb_compressed() -> None:
    page = home_page()
    config = re.search(r'id="config">(.*?)</script>', page.html)
    assert config
    loaded = [url for url in Addresses(page.html).loaded if url.startswith("/static/")]
    urls = loaded + list(json.loads(config[1])["resources"].values())
    total = len(gzip.compress(page.html.encode()))
    total += sum(len(gzip.compress(assets.file_of(url).read_bytes())) for url in set(urls))
    assert total < 300_000
