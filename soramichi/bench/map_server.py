"""The server of `bench map`: our own pages and folium's Realtime, over the same moving aircraft.

`python -m soramichi.bench.map_server PORT AIRCRAFT`. Pages and files are those of the API,
compressed as there; aircraft fly circles over Ise Bay and are told once a second.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import folium
import uvicorn
from fastapi import FastAPI
from folium.plugins import Realtime
from folium.utilities import JsCode
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles

from api.routes import pages
from maps import assets
from maps.map_element import CENTRE, ZOOM
from soramichi.settings import ApiSettings

REALTIME = assets.WEB_FOLDER / "node_modules" / "leaflet-realtime" / "dist"
_CLASSES = ("evtol", "drone", "helicopter")
_LEAFLET = f"{assets.STATIC_URL}/vendor/leaflet/leaflet"


def state(number: int, at_s: float) -> dict[str, Any]:
    """Aircraft `number` on its circle at this moment, as the stream has it."""
    # The golden angle spreads any number of circles evenly.
    turn, away = 2.4 * number, 0.3 * math.sqrt((number % 5_000) / 5_000)
    angle = at_s / 30 + number
    time_text = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
    return {
        "id": f"B{number:04}",
        "flight": f"B{number:04}-1",
        "time": time_text,
        "received_at": time_text,
        "lon": round(CENTRE[1] + away * math.cos(turn) + 0.01 * math.sin(angle), 6),
        "lat": round(CENTRE[0] + away * math.sin(turn) + 0.008 * math.cos(angle), 6),
        "altitude_m": 40.0 + (37 * number) % 1_100,
        "altitude_datum": "AMSL",
        "ground_speed_mps": 30.0,
        "track_deg": round(math.degrees(angle + math.pi / 2) % 360, 2),
        "heading_deg": round(math.degrees(angle + math.pi / 2) % 360, 2),
        "status": "Airborne",
    }


def _collection(count: int) -> dict[str, Any]:
    now = time.time()
    features = []
    for number in range(count):
        moving = state(number, now)
        place = [moving.pop("lon"), moving.pop("lat")]
        identifier = moving.pop("id")
        moving["name"] = {"ja": identifier, "en": identifier}
        moving["aircraft_class"] = _CLASSES[number % len(_CLASSES)]
        point = {"type": "Point", "coordinates": place}
        features.append(
            {"type": "Feature", "id": identifier, "geometry": point, "properties": moving}
        )
    return {"type": "FeatureCollection", "features": features, "next": None}


async def _ticks(count: int) -> AsyncIterator[str]:
    while True:
        now = time.time()
        message = {
            "time": datetime.fromtimestamp(now, UTC).isoformat(),
            "aircraft": [state(number, now) for number in range(count)],
        }
        yield f"event: states\ndata: {json.dumps(message)}\n\n"
        await asyncio.sleep(1.0)


def realtime_page() -> str:
    """folium's own way: a map with its Realtime plugin, its scripts from this server."""
    drawn = folium.Map(location=CENTRE, zoom_start=ZOOM, tiles=None, prefer_canvas=True)
    drawn.default_js = [("leaflet", f"{_LEAFLET}.js")]
    drawn.default_css = [("leaflet_css", f"{_LEAFLET}.css")]
    land = json.loads((assets.STATIC_FOLDER / "basemap" / "mie.geojson").read_text())
    folium.GeoJson(land).add_to(drawn)
    layer = Realtime(
        "/api/v1/aircraft", interval=1_000, get_feature_id=JsCode("(f) => { return f.id; }")
    )
    layer.default_js = [("realtime", "/realtime/leaflet-realtime.js")]
    layer.add_to(drawn)
    html: str = drawn.get_root().render()
    return html


def app(count: int) -> FastAPI:
    """The application over `count` aircraft."""
    made = FastAPI()

    async def aircraft(_: Request) -> Response:
        return JSONResponse(_collection(count))

    async def stream(_: Request) -> Response:
        return StreamingResponse(_ticks(count), media_type="text/event-stream")

    async def realtime(_: Request) -> Response:
        return HTMLResponse(realtime_page())

    async def blank(_: Request) -> Response:
        return HTMLResponse("<!DOCTYPE html><title>blank</title><main>blank</main>")

    async def nothing(_: Request) -> Response:
        return JSONResponse({"features": [], "events": [], "flights": [], "next": None})

    for path, endpoint in {
        "/api/v1/aircraft": aircraft,
        "/api/v1/stream": stream,
        "/realtime": realtime,
        "/blank": blank,
        "/api/v1/geozones": nothing,
        "/api/v1/corridors": nothing,
        "/api/v1/flights": nothing,
        "/api/v1/events": nothing,
    }.items():
        made.add_route(path, endpoint)
    made.mount("/realtime", StaticFiles(directory=REALTIME))
    pages.install(made, ApiSettings())
    return made


if __name__ == "__main__":
    uvicorn.run(app(int(sys.argv[2])), port=int(sys.argv[1]), log_level="critical")
