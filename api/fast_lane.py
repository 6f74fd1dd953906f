"""A way past the framework for the few answers that everybody wants, every second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from soramichi.errors import SoramichiError

Endpoint = Callable[[Request], Awaitable[Response]]


class FastLane:
    """Middleware around all other: its layers cost more than these answers, and memory a viewer.

    The same endpoints are routes of the application too, which document them, and which
    say what is wrong when they refuse.
    """

    def __init__(self, app: ASGIApp, lanes: Mapping[str, Endpoint]) -> None:
        self._app = app
        self._lanes = lanes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on what is not for us."""
        endpoint = self._lanes.get(scope["path"]) if scope["type"] == "http" else None
        if endpoint is None or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        try:
            response = await endpoint(Request(scope))
        except SoramichiError:
            await self._app(scope, receive, send)
        else:
            await response(scope, receive, send)
