"""The pages, and the files they load: everything from this server, under a strict policy."""

from __future__ import annotations

import asyncio
from functools import cache, lru_cache

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from api.files import Files, prepared
from api.prepared import Prepared
from api.tiles import Tiles
from api.tiles import install as install_tiles
from maps import assets
from maps.pages import (
    Page,
    Sounds,
    TileSource,
    home_page,
    kiosk_page,
    live_page,
    operator_page,
    replay_page,
    routes_page,
)
from maps.reference import Language, reference_page
from routes_planner.noise import ABSORBED_DB_PER_M
from routes_planner.vehicle import VEHICLES
from soramichi.settings import ApiSettings

_SEEN = ["GET", "HEAD"]
# Of the worker itself: it may ask this server and nobody else.
_WORKER = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
    "Service-Worker-Allowed": "/",
}
SOUNDS = Sounds(
    absorbed_db_per_m=ABSORBED_DB_PER_M,
    classes={
        kind.value: (one.level_db, one.level_distance_m, one.level_doubt_db)
        for kind, one in VEHICLES.items()
    },
)


def install(app: FastAPI, settings: ApiSettings) -> None:
    """Add the pages and static files to the application."""
    router = APIRouter(include_in_schema=False)
    tiles = _base_map(router, settings)
    fixed = {
        "/": _prepared(home_page(tiles=tiles, sounds=SOUNDS)),
        "/live": _prepared(live_page(tiles=tiles, zones=True, sounds=SOUNDS)),
        "/routes": _prepared(routes_page(tiles=tiles, zones=True)),
        "/operator": _prepared(operator_page()),
        "/manifest.webmanifest": prepared(assets.STATIC_FOLDER / "manifest.webmanifest"),
        "/service-worker.js": prepared(assets.STATIC_FOLDER / "service-worker.js", _WORKER),
    }
    files = Files()

    # The addresses in pages are made by whoever asks: only so many are remembered.
    @lru_cache(maxsize=64)
    def kiosk(phone_url: str) -> Prepared:
        return _prepared(kiosk_page(phone_url=phone_url, tiles=tiles, sounds=SOUNDS))

    @lru_cache(maxsize=64)
    def replay(flight_id: str) -> Prepared:
        return _prepared(replay_page(flight_id, tiles=tiles, zones=True))

    async def show(request: Request) -> Response:
        return fixed[request.url.path].answer(request)

    for path in fixed:
        router.add_api_route(path, show, methods=_SEEN)

    @router.api_route("/kiosk", methods=_SEEN)
    async def show_kiosk(request: Request) -> Response:
        page = await asyncio.to_thread(kiosk, settings.public_url or str(request.base_url))
        return page.answer(request)

    @router.api_route("/replay/{flight_id}", methods=_SEEN)
    async def show_replay(request: Request, flight_id: str) -> Response:
        return (await asyncio.to_thread(replay, flight_id)).answer(request)

    @router.api_route(assets.STATIC_URL + "/{path:path}", methods=_SEEN)
    async def show_file(request: Request) -> Response:
        return files.answer(request)

    _explain(app, router)
    app.include_router(router)


def _base_map(router: APIRouter, settings: ApiSettings) -> TileSource | None:
    """The tiles that the settings name, None for our own drawing. Raises `BadSettings`."""
    file = settings.pmtiles_file
    own = Tiles(file, settings.tile_attribution) if file else None
    install_tiles(router, own)
    if settings.tile_url and settings.tile_attribution:
        return TileSource(url=settings.tile_url, attribution=settings.tile_attribution)
    return own.source if own else None


def _explain(app: FastAPI, router: APIRouter) -> None:
    """Add `/docs`: what the other endpoints answer."""

    # With the first question: only then are all endpoints there.
    @cache
    def reference(language: Language) -> Prepared:
        return _prepared(reference_page(app.openapi(), language))

    @router.api_route("/docs", methods=_SEEN)
    async def show_reference(request: Request, lang: Language | None = None) -> Response:
        if lang is None:
            to = f"/docs?lang={_preferred(request)}"
            return RedirectResponse(to, headers={"Vary": "Accept-Language"})
        return reference(lang).answer(request)


def _preferred(request: Request) -> Language:
    """Japanese, unless the browser names English and does not name Japanese before it."""
    wanted = request.headers.get("accept-language", "").lower()
    ja, en = wanted.find("ja"), wanted.find("en")
    return "en" if en >= 0 and (ja < 0 or en < ja) else "ja"


def _prepared(page: Page) -> Prepared:
    headers = {
        "Content-Security-Policy": page.content_security_policy,
        "Referrer-Policy": "no-referrer",
    }
    return Prepared(page.html.encode(), "text/html", headers, level=9)
