"""`/api/v1/aircraft` and `/api/v1/stream`: what flies now."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.dependencies import context
from api.live import LivePicture, PublicState
from soramichi.domain.flight import Aircraft

router = APIRouter(prefix="/api/v1", tags=["live"])


@router.get("/aircraft")
async def aircraft(request: Request) -> dict[str, Any]:
    """Every aircraft heard of lately, as GeoJSON."""
    here = context(request)
    registry = await here.registry()
    return {
        "type": "FeatureCollection",
        "features": [_feature(state, registry) for state in here.picture.states.values()],
        "next": None,
    }


def _feature(state: PublicState, registry: dict[str, Aircraft]) -> dict[str, Any]:
    known = registry.get(state.id)
    properties: dict[str, Any] = {
        name: value
        for name in PublicState.__struct_fields__
        if name not in {"id", "lon", "lat"} and (value := getattr(state, name)) is not None
    }
    properties["name"] = (
        {"ja": known.name.ja, "en": known.name.en} if known else {"ja": state.id, "en": state.id}
    )
    properties["aircraft_class"] = known.aircraft_class if known else "unknown"
    return {
        "type": "Feature",
        "id": state.id,
        "geometry": {"type": "Point", "coordinates": [state.lon, state.lat]},
        "properties": properties,
    }


class EventStream(Response):
    """Server-sent events straight from the shared bytes of the live picture.

    Each viewer holds only the number of the last tick it was sent, so a slow one
    costs nobody else anything and catches up with one snapshot.
    """

    def __init__(self, picture: LivePicture) -> None:
        super().__init__(
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        del self.headers["content-length"]
        self._picture = picture

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the viewer leaves or the server ends."""
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            seen, event = self._picture.tick, self._picture.snapshot()
            while True:
                await send({"type": "http.response.body", "body": event, "more_body": True})
                following = asyncio.ensure_future(self._picture.next_event(seen))
                await asyncio.wait({gone, following}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    following.cancel()
                    return
                seen, event = following.result()
        finally:
            gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get("/stream")
async def stream(request: Request) -> EventStream:
    """The live picture as server-sent events: all states first, then what changed each second."""
    return EventStream(context(request).picture)
