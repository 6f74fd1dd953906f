"""The pages, and the files they load: everything from this server, under a strict policy."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from maps import assets
from maps.pages import (
    Page,
    TileSource,
    home_page,
    kiosk_page,
    live_page,
    replay_page,
    routes_page,
)
from soramichi.settings import ApiSettings

_A_YEAR_S = 31_536_000


class _Files(StaticFiles):
    """Files whose address carries a digest of their content are cached for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be asked for again each time unless its address names its content."""
        response = await super().get_response(path, scope)
        fixed = scope.get("query_string", b"").startswith(b"v=")
        response.headers["Cache-Control"] = (
            f"public, max-age={_A_YEAR_S}, immutable" if fixed else "no-cache"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def install(app: FastAPI, settings: ApiSettings) -> None:
    """Add the pages and static files to the application."""
    tiles = (
        TileSource(url=settings.tile_url, attribution=settings.tile_attribution)
        if settings.tile_url and settings.tile_attribution
        else None
    )
    home, live = home_page(tiles=tiles), live_page(tiles=tiles, zones=True)
    desk = routes_page(tiles=tiles, zones=True)
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def show_home(request: Request) -> Response:
        return _answer(request, home)

    @router.api_route("/live", methods=["GET", "HEAD"])
    async def show_live(request: Request) -> Response:
        return _answer(request, live)

    @router.api_route("/routes", methods=["GET", "HEAD"])
    async def show_routes(request: Request) -> Response:
        return _answer(request, desk)

    @router.api_route("/kiosk", methods=["GET", "HEAD"])
    async def show_kiosk(request: Request) -> Response:
        phone = settings.public_url or str(request.base_url)
        return _answer(request, kiosk_page(phone_url=phone, tiles=tiles))

    @router.api_route("/replay/{flight_id}", methods=["GET", "HEAD"])
    async def show_replay(request: Request, flight_id: str) -> Response:
        return _answer(request, replay_page(flight_id, tiles=tiles, zones=True))

    app.include_router(router)
    for prefix, folder in assets.vendor_folders().items():
        app.mount(prefix, _Files(directory=folder))
    app.mount(assets.STATIC_URL, _Files(directory=assets.STATIC_FOLDER))


def _answer(request: Request, page: Page) -> Response:
    body = page.html.encode()
    headers = {
        "Content-Security-Policy": page.content_security_policy,
        "Cache-Control": "no-cache",
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/html", headers=headers)
