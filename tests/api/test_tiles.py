"""A base map out of a PMTiles file: its tiles, its words, and what is refused at start."""

from __future__ import annotations

import gzip
import io
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from pmtiles.tile import Compression, TileType, deserialize_header, zxy_to_tileid
from pmtiles.writer import Writer
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.tiles import Tiles
from soramichi.errors import BadSettings
from soramichi.settings import ApiSettings, DatabaseSettings, load
from tests.api.conftest import Server, serving
from tests.browser import Open

MARKUP = "<a href='https://elsewhere.example'>地図 &amp; <b>Map</b></a>"


def a_file(
    path: Path,
    *,
    kind: TileType = TileType.PNG,
    packed: Compression = Compression.NONE,
    attribution: str | None = MARKUP,
    deepest: int = 5,
) -> Path:
    """A file of the world down to a zoom, each in its colour; one tile of it is missing."""
    with path.open("wb") as file:
        writer = Writer(file)
        for z in range(deepest + 1):
            picture = io.BytesIO()
            Image.new("RGB", (256, 256), (200, 30, z)).save(picture, "PNG")
            image = picture.getvalue()
            image = gzip.compress(image) if packed is Compression.GZIP else image
            for tile_id in range(zxy_to_tileid(z, 0, 0), zxy_to_tileid(z + 1, 0, 0)):
                if tile_id != zxy_to_tileid(1, 0, 1):
                    writer.write_tile(tile_id, image)
        metadata = {"attribution": attribution} if attribution else {}
        writer.finalize({"tile_type": kind, "tile_compression": packed}, metadata)
    return path


@pytest.fixture
def mapped(database: DatabaseSettings, tmp_path: Path) -> Iterator[Server]:
    with serving(database, tmp_path, pmtiles_file=a_file(tmp_path / "map.pmtiles")) as server:
        yield server


def status(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_tiles_are_images_that_a_browser_may_keep(mapped: Server) -> None:
    with urllib.request.urlopen(f"{mapped.url}/tiles/2/3/1") as answer:
        headers, body = answer.headers, answer.read()

    assert headers["content-type"] == "image/png"
    assert headers["cache-control"] == "public, max-age=86400"
    assert Image.open(io.BytesIO(body)).getpixel((5, 5)) == (200, 30, 2)
    assert status(f"{mapped.url}/tiles/2/3/1", **{"If-None-Match": headers["etag"]}) == 304
    for absent in ("1/0/1", "6/0/0", "2/4/0", "2/-1/0", "-1/0/0"):
        assert status(f"{mapped.url}/tiles/{absent}") == 404, absent


@pytest.mark.browser
def test_the_pages_show_them_and_ask_no_other_host(mapped: Server, opened: Open) -> None:
    visit = opened(mapped.url, "/live")
    visit.wait("document.querySelectorAll('img.leaflet-tile-loaded').length > 0")

    tile = "document.querySelector('img.leaflet-tile-loaded')"
    assert visit.page.evaluate(f"{tile}.naturalWidth") == 256
    assert visit.page.evaluate(f"new URL({tile}.src).pathname").startswith("/tiles/5/")
    assert "地図 & Map" in visit.page.locator(".attribution").first.inner_text()
    with urllib.request.urlopen(f"{mapped.url}/live") as answer:
        assert "img-src 'self';" in answer.headers["content-security-policy"]


@pytest.mark.browser
def test_tiles_that_are_no_longer_wanted_need_no_picture_inside_an_address(
    mapped: Server, opened: Open
) -> None:
    """Leaflet would put a `data:` image in their place, which the page's policy forbids."""
    visit = opened(mapped.url, "/live")
    shown = "[...document.querySelectorAll('img.leaflet-tile')].map(({ src }) => src)"
    visit.wait("document.querySelectorAll('img.leaflet-tile-loaded').length > 0")
    # Away again before anything can have come: given up while they load.
    visit.page.evaluate(
        """() => {
          soramichi.map.setView([30, 120], 3, { animate: false });
          soramichi.map.setView([34, 136], 5, { animate: false });
        }"""
    )
    visit.wait(f"{shown}.every((src) => src.includes('/tiles/5/'))")
    visit.wait("document.querySelectorAll('img.leaflet-tile-loaded').length > 0")
    assert visit.page.evaluate(shown)
    assert visit.complaints == []


DAMAGES = {
    "tile": lambda header: (header["tile_data_offset"], bytes(header["tile_data_length"])),
    "directory": lambda header: (header["root_offset"], b"\xff" * header["root_length"]),
    "header": lambda _: (0, bytes(127)),
}


@pytest.mark.parametrize("packed", [Compression.NONE, Compression.GZIP])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_damaged_inside_leaves_holes_and_says_so_once(
    database: DatabaseSettings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: str,
    packed: Compression,
) -> None:
    path = a_file(tmp_path / "map.pmtiles", packed=packed, deepest=2)
    with serving(database, tmp_path, pmtiles_file=path) as server:
        with path.open("r+b") as file:
            offset, content = DAMAGES[damage](deserialize_header(file.read(127)))
            file.seek(offset)
            file.write(content)

        assert [status(f"{server.url}/tiles/{tile}") for tile in ("2/3/1", "1/1/1")] == [404, 404]

    told = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert len([text for text in told if f"{path} is damaged: its tile 2/3/1" in text]) == 1
    assert not [text for text in told if "1/1/1" in text]


def test_a_file_that_was_cut_off_leaves_holes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = a_file(tmp_path / "map.pmtiles", deepest=2)
    tiles = Tiles(path, None)
    os.truncate(path, path.stat().st_size - 1)

    request = Request({"type": "http", "method": "GET", "headers": []})
    assert tiles.answer(request, 0, 0, 0).status_code == 200
    with pytest.raises(HTTPException) as missing:
        tiles.answer(request, 2, 3, 0)  # the last one
    assert missing.value.status_code == 404
    assert "copy it again" in caplog.text


def test_the_attribution_of_the_settings_stands_before_the_files(tmp_path: Path) -> None:
    path = a_file(tmp_path / "map.pmtiles", deepest=1)

    assert Tiles(path, None).source.attribution == "地図 & Map"
    assert Tiles(path, "ours").source.attribution == "ours"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": TileType.MVT}, "MVT tiles"),
        ({"packed": Compression.ZSTD}, "packed with ZSTD"),
        ({"attribution": None}, "SORAMICHI_API_TILE_ATTRIBUTION"),
        ({"attribution": "<b> </b>"}, "SORAMICHI_API_TILE_ATTRIBUTION"),
    ],
)
def test_what_cannot_be_a_base_map_is_refused_at_start(
    tmp_path: Path, changes: dict[str, TileType], reason: str
) -> None:
    path = a_file(tmp_path / "map.pmtiles", deepest=1, **changes)  # type: ignore[arg-type]

    with pytest.raises(BadSettings, match=reason) as refused:
        Tiles(path, None)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    "content", [None, b"", b"PMTiles", b"PMTiles\x02" + bytes(200), b"\xff" * 300]
)
def test_an_unreadable_file_is_refused_at_start(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "map.pmtiles"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BadSettings, match="copy it again") as refused:
        Tiles(path, None)
    assert str(path) in str(refused.value)


def test_a_file_and_an_address_are_two_base_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SORAMICHI_API_PMTILES_FILE", "map.pmtiles")
    monkeypatch.setenv("SORAMICHI_API_TILE_ATTRIBUTION", "ours")
    assert load(ApiSettings).pmtiles_file == Path("map.pmtiles")
    monkeypatch.setenv("SORAMICHI_API_TILE_URL", "https://tiles.example/{z}/{x}/{y}.png")

    with pytest.raises(BadSettings, match="unset one of them"):
        load(ApiSettings)
