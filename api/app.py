"""The web application: everything it needs is an argument; making it opens nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Gauge
from psycopg_pool import PoolTimeout
from starlette.middleware.gzip import GZipMiddleware

from api import errors
from api.audience import Audience
from api.bulletin import Bulletin
from api.dependencies import Context
from api.fast_lane import FastLane
from api.live import LivePicture, listener
from api.routes import completeness, events, flights, geozones, health, live, pages, routes
from soramichi.settings import ApiSettings, BrokerSettings, DatabaseSettings
from soramichi.store import pool, reads, symposiums
from soramichi.version import VERSION

log = logging.getLogger(__name__)

# Twenty candidate files of two million characters, the largest question, and some.
_MOST_BYTES = 50_000_000


def create_app(
    settings: ApiSettings, broker: BrokerSettings, database: DatabaseSettings, *, name: str = "api"
) -> FastAPI:
    """The application; `name` tells several API processes apart at the broker."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        picture = LivePicture(max_age=timedelta(seconds=settings.state_max_age_s))
        connections = pool.async_pool(database, application="soramichi-api")
        await connections.open()
        audience = Audience(limit=settings.stream_max_viewers)
        app.state.context = Context(settings, connections, picture, audience)
        Gauge(
            "soramichi_api_aircraft", "Aircraft in the live picture", registry=app.state.metrics
        ).set_function(lambda: len(picture.states))
        Gauge(
            "soramichi_api_viewers", "Open live streams", registry=app.state.metrics
        ).set_function(lambda: len(audience))
        # Of their own: however many ask for flights, what is withdrawn goes at once.
        following = pool.async_pool(database, application="soramichi-api-follow", most=2)
        await following.open()
        bulletin = Bulletin(following, picture)
        client = listener(picture, broker, f"soramichi-{name}", on_event=bulletin.hear)
        tasks = [
            asyncio.create_task(_follow(picture, following, settings, bulletin), name="follow"),
            asyncio.create_task(bulletin.run(), name="bulletin"),
            asyncio.create_task(_tick(app.state.context), name="ticks"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            client.disconnect()
            client.loop_stop()
            await following.close()
            await connections.close()

    app = FastAPI(
        title="Soramichi 空みち",
        description="Demonstration flights, streamed, judged and shown.",
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,  # their scripts come from another host; `pages` has our own
        redoc_url=None,
        max_body_size=_MOST_BYTES,
    )
    app.state.metrics = CollectorRegistry()
    errors.install(app)
    for each in (live, flights, events, completeness, geozones, routes, health):
        app.include_router(each.router)
    pages.install(app, settings)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6)
    app.add_middleware(FastLane, lanes=live.LANES)
    return app


# How soon a publication, or its withdrawal, is followed.
_FOLLOW_EVERY_S = 2.0


async def _tick(here: Context) -> None:
    """Show every viewer, once an interval, what has changed."""
    interval_s = here.settings.stream_interval_ms / 1_000
    while True:
        await asyncio.sleep(interval_s)
        try:
            await here.audience.show(here.picture.advance(datetime.now(UTC)), here.picture.whole)
        except Exception:
            log.exception("a tick could not be shown")


async def _follow(
    picture: LivePicture, connections: pool.AsyncPool, settings: ApiSettings, bulletin: Bulletin
) -> None:
    """Keep to what is published; fill from the database where messages may have been missed."""
    while True:
        try:
            picture.publish(await symposiums.publications(connections))
            if picture.behind:
                with picture.filling():
                    since = datetime.now(UTC) - timedelta(seconds=settings.state_max_age_s)
                    picture.update(await reads.latest_states(connections, since=since))
                    await bulletin.catch_up()
        except (psycopg.Error, PoolTimeout) as error:
            picture.miss()
            log.warning("the live picture waits for the database: %s", error)
        except Exception:
            # Whatever it is: to stop here would be to show for ever what is withdrawn later.
            picture.miss()
            log.exception("the live picture could not follow what is published")
        await asyncio.sleep(_FOLLOW_EVERY_S)
