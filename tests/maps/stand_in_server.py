"""A server for the pages alone: real pages and files, aircraft that fly circles, a real stream.

`python -m tests.maps.stand_in_server --port 8765 --fleet 3` to look at the pages without the
platform. It keeps the contract of the HTTP server (`/api/v1/aircraft`, `/api/v1/stream`, …).
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from maps import assets, pages
from maps.export import replay_file, routes_file
from tests.maps.scenery import (
    Craft,
    a_fleet,
    a_track,
    an_answer,
    corridors_over_the_bay,
    five_zones,
    gathered,
    some_events,
    stamp,
    three_over_mie,
)


def sent(page: pages.Page) -> Response:
    return Response(
        page.html,
        media_type="text/html",
        headers={"Content-Security-Policy": page.content_security_policy},
    )


def names_in(files: list[dict[str, str]]) -> list[str]:
    """A candidate for each feature of a file, under its name; for one without any, the file's."""
    names: list[str] = []
    for file in files:
        features = json.loads(file["text"]).get("features", []) if file["text"][:1] == "{" else []
        names += [one["properties"]["name"] for one in features] or [file["name"]]
    return names


@dataclass
class StandIn:
    """The routes over a list of aircraft that a test may change while it runs."""

    fleet: list[Craft] = field(default_factory=three_over_mie)
    page: dict[str, Callable[[], pages.Page]] = field(
        default_factory=lambda: {
            "/": pages.home_page,
            "/routes": lambda: pages.routes_page(zones=True),
            "/live": lambda: pages.live_page(zones=True),
            "/kiosk": lambda: pages.kiosk_page(phone_url="http://soramichi.example/"),
        }
    )
    zones: list[dict[str, Any]] = field(default_factory=five_zones)
    happened: list[dict[str, Any]] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.time)
    up: bool = True
    status: int = 200  # of pages, zones and corridors

    def heard(self) -> list[tuple[Craft, dict[str, Any]]]:
        now = time.time()
        return [
            (c, c.state(datetime.fromtimestamp(min(now, self.started + c.silent_after_s), UTC)))
            for c in self.fleet
        ]

    async def aircraft(self, _: Request) -> Response:
        return JSONResponse(gathered(self.heard()))

    async def ticks(self) -> AsyncIterator[str]:
        sent: dict[str, str] = {}
        told = len(self.happened)
        while self.up:
            states = [state for _, state in self.heard() if sent.get(state["id"]) != state["time"]]
            sent |= {state["id"]: state["time"] for state in states}
            message = {"time": stamp(datetime.now(UTC)), "aircraft": states}
            yield f"event: states\ndata: {json.dumps(message)}\n\n"
            for event in self.happened[told:]:
                yield f"event: flight-event\ndata: {json.dumps(event)}\n\n"
            told = len(self.happened)
            await asyncio.sleep(1)

    async def stream(self, _: Request) -> Response:
        if not self.up:
            return Response(status_code=503)
        return StreamingResponse(self.ticks(), media_type="text/event-stream")

    async def flights(self, _: Request) -> Response:
        now = datetime.now(UTC)
        flights = [
            {"id": f"{c.id}-1", "aircraft_id": c.id, "name": c.name,
             "aircraft_class": c.aircraft_class, "sample_count": 300,
             "first_observed_at": stamp(now - c.behind - timedelta(minutes=10)),
             "last_observed_at": stamp(now - c.behind)}
            for c in self.fleet
        ]  # fmt: skip
        return JSONResponse({"flights": flights, "next": None})

    async def check(self, request: Request) -> Response:
        self.asked = await request.json()
        names = names_in(self.asked["candidates"])
        if any(name.endswith(".txt") for name in names):
            problem = {"title": "Bad input", "status": 422, "detail": f"{names[0]} is no route"}
            return JSONResponse(problem, 422, media_type="application/problem+json")
        return JSONResponse(an_answer(names))

    async def html(self, request: Request) -> Response:
        self.asked = await request.json()
        answer = an_answer(names_in(self.asked["candidates"]))
        return Response(routes_file(answer, zones=self.zones), media_type="text/html")

    async def search(self, request: Request) -> Response:
        self.asked = await request.json()
        answer = an_answer(["shortest"])
        [corridor], [verdict] = answer["candidates"]["features"], answer["verdicts"]
        found = {"objective": "shortest", "cost_m": 1.0, "corridor": corridor, "verdict": verdict}
        return JSONResponse({"proposals": [found], "none": None})

    async def geozones(self, _: Request) -> Response:
        return JSONResponse({"type": "FeatureCollection", "features": self.zones}, self.status)

    async def corridors(self, _: Request) -> Response:
        return JSONResponse(corridors_over_the_bay(), self.status)

    async def events(self, request: Request) -> Response:
        if "flight" not in request.query_params:
            return JSONResponse({"events": self.happened, "next": None})
        mine = request.query_params["flight"] == "JA-SM01-1"
        return JSONResponse(some_events(datetime.now(UTC)) if mine else {"events": []})

    async def track(self, request: Request) -> Response:
        craft = next((c for c in self.fleet if f"{c.id}-1" == request.path_params["flight"]), None)
        if craft is None:
            return Response(status_code=404)
        return JSONResponse(a_track(craft, datetime.now(UTC)))

    async def to_take_home(self, request: Request) -> Response:
        track = json.loads(bytes((await self.track(request)).body))
        none: dict[str, Any] = {"features": [], "events": []}
        page = replay_file(track, aircraft=none, events=none, corridors=none)
        saved = {"Content-Disposition": 'attachment; filename="flight.html"'}
        return Response(page, media_type="text/html", headers=saved)

    def replay(self, request: Request) -> Response:
        return sent(pages.replay_page(request.path_params["flight"], zones=True))

    def file(self, request: Request) -> Response:
        return FileResponse(assets.STATIC_FOLDER / request.url.path.lstrip("/"))

    def shown(self, path: str) -> Callable[[Request], Response]:
        def endpoint(_: Request) -> Response:
            return (
                sent(self.page[path]()) if self.status < 400 else Response(status_code=self.status)
            )

        return endpoint

    def app(self) -> Starlette:
        routes: list[BaseRoute] = [Route(path, self.shown(path)) for path in self.page]
        routes += [
            Route("/replay/{flight}", self.replay),
            Route("/manifest.webmanifest", self.file),
            Route("/service-worker.js", self.file),
            Route("/api/v1/aircraft", self.aircraft),
            Route("/api/v1/stream", self.stream),
            Route("/api/v1/flights", self.flights),
            Route("/api/v1/geozones", self.geozones),
            Route("/api/v1/routes/check", self.check, methods=["POST"]),
            Route("/api/v1/routes/html", self.html, methods=["POST"]),
            Route("/api/v1/routes/search", self.search, methods=["POST"]),
            Route("/api/v1/corridors", self.corridors),
            Route("/api/v1/events", self.events),
            Route("/api/v1/flights/{flight}/track", self.track),
            Route("/api/v1/flights/{flight}/html", self.to_take_home),
            *(Mount(url, StaticFiles(directory=to)) for url, to in assets.vendor_folders().items()),
            Mount(assets.STATIC_URL, StaticFiles(directory=assets.STATIC_FOLDER)),
        ]
        return Starlette(routes=routes)


@contextmanager
def serving(stand_in: StandIn) -> Iterator[str]:
    """The base address of `stand_in` on a free port of this machine while the block runs."""
    config = uvicorn.Config(
        stand_in.app(), port=0, log_level="critical", timeout_graceful_shutdown=0
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    stand_in.up = False
    server.should_exit = True
    thread.join(timeout=5)


@click.command()
@click.option("--port", default=8765)
@click.option("--fleet", default=0, help="This many more aircraft over the prefecture.")
def main(port: int, fleet: int) -> None:
    """Serve the pages on this machine until Ctrl-C."""
    stand_in = StandIn(three_over_mie() + a_fleet(fleet))
    uvicorn.run(stand_in.app(), port=port, log_level="warning")


if __name__ == "__main__":
    main()
