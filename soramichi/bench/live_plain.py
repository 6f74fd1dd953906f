"""The plainest program for each task of the API, under the same uvicorn: the limit.

`python -m soramichi.bench.live_plain PORT`: `/stream` sends the same shared bytes to everybody
once a second, anything else is FastAPI that answers with the same cached bytes.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

import msgspec
import uvicorn
from fastapi import FastAPI, Response
from starlette.types import Receive, Scope, Send

from api.live import public
from soramichi.bench import live_feed
from soramichi.domain.publication import Discretion

_HEADERS = [(b"content-type", b"text/event-stream")]


class Plain:
    """One loop wakes everybody; each viewer is one coroutine that sends."""

    def __init__(self) -> None:
        states = live_feed.states(0, datetime.now(UTC))
        self._aircraft = [public(one, Discretion()) for one in states]
        self._snapshot = msgspec.json.encode(self._aircraft)
        self._event = b""
        self._ticked = asyncio.Event()
        self._ticking: asyncio.Task[None] | None = None
        self._framework = FastAPI()
        self._framework.add_api_route("/healthz", self._answer)
        self._framework.add_api_route("/aircraft", self._answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; uvicorn runs it without lifespan."""
        if scope["path"] != "/stream":
            await self._framework(scope, receive, send)
            return
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._run())
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        while True:
            await self._ticked.wait()
            await send({"type": "http.response.body", "body": self._event, "more_body": True})

    async def _answer(self) -> Response:
        return Response(self._snapshot, media_type="application/json")

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            body = msgspec.json.encode({"time": datetime.now(UTC), "aircraft": self._aircraft})
            self._event = b"event: states\ndata: " + body + b"\n\n"
            self._ticked.set()
            self._ticked = asyncio.Event()


if __name__ == "__main__":
    uvicorn.run(
        Plain(), port=int(sys.argv[1]), lifespan="off", access_log=False, log_level="warning"
    )
