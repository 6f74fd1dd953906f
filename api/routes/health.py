"""`/healthz`, `/readyz` and `/metrics`: for those who run the platform."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api import books
from api.access import monitor
from api.dependencies import context

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, str]:
    """The process can do its work: the database answers (503 otherwise)."""
    async with context(request).pool.connection() as connection:
        await connection.execute("SELECT 1")
    return {"status": "ready"}


@router.get("/metrics", dependencies=[Depends(monitor)])
async def metrics(request: Request) -> Response:
    """For Prometheus: figures of this process, and the books of the whole platform.

    From the server's own host, or for staff.
    """
    text = generate_latest(request.app.state.metrics)
    text += await books.exposition(context(request).pool)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
