"""`/api/v1/geozones` and `/api/v1/corridors`: what the map draws under the aircraft."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dependencies import context
from api.prepared import Prepared, document
from soramichi.store import geozones as stored

router = APIRouter(prefix="/api/v1", tags=["geozones"])


@router.get("/geozones")
async def geozones(request: Request, detail: Literal["outline", "volumes"] = "outline") -> Response:
    """Every stored zone: one GeoJSON feature around it, or one for each of its volumes."""
    here = context(request)

    async def make() -> Prepared:
        if detail == "outline":
            found = await stored.public_outlines(here.pool)
        else:
            found = [volume for zone in await stored.public_zones(here.pool) for volume in zone]
        return await asyncio.to_thread(_collection, found)

    version = await stored.version(here.pool)
    return (await here.remembered(f"geozones-{detail}", version, make)).answer(request)


@router.get("/corridors")
async def corridors(request: Request) -> Response:
    """The published candidate corridors as GeoJSON lines (longitude, latitude, altitude)."""
    found = await stored.public_corridors(context(request).pool)
    return _collection(found).answer(request)


def _collection(features: list[dict[str, Any]]) -> Prepared:
    answer = {"type": "FeatureCollection", "features": features, "next": None}
    return document(answer, level=6)
