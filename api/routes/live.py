"""`/api/v1/aircraft` and `/api/v1/stream`: what flies now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.audience import GZIP_BEGINS, Viewer
from api.dependencies import Context, context
from api.prepared import takes_gzip

router = APIRouter(prefix="/api/v1", tags=["live"])


@router.get("/aircraft")
async def aircraft(request: Request) -> Response:
    """Every aircraft heard of lately, as GeoJSON."""
    return (await context(request).aircraft()).answer(request)


class EventStream(Response):
    """Server-sent events of the live picture, until the viewer leaves or the server ends.

    The whole picture comes first, so a viewer that comes back, to this process or to
    another one, has nothing to say about what it saw before.
    """

    media_type = "text/event-stream"

    def __init__(self, here: Context, *, deflated: bool) -> None:
        headers = {
            "Cache-Control": "no-store",
            "Vary": "Accept-Encoding",
            "X-Accel-Buffering": "no",
        }
        if deflated:
            headers["Content-Encoding"] = "gzip"
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._here = here
        self._deflated = deflated

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; the audience does the sending."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if self._deflated:
            await send({"type": "http.response.body", "body": GZIP_BEGINS, "more_body": True})
        viewer = Viewer(send, deflated=self._deflated)
        self._here.audience.join(viewer, self._here.picture.snapshot())
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._here.audience.leave(viewer)


@router.get(
    "/stream", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}}
)
async def stream(request: Request) -> Response:
    """The live picture as server-sent events: all states first, then what changed each second."""
    here = context(request)
    here.audience.require_room()
    return EventStream(here, deflated=takes_gzip(request))


LANES = {f"{router.prefix}/aircraft": aircraft, f"{router.prefix}/stream": stream}
