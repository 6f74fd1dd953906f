"""`/api/v1/geozones` and `/api/v1/corridors`: what the map draws under the aircraft."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request

from api.dependencies import context
from soramichi.store import geozones as stored

router = APIRouter(prefix="/api/v1", tags=["geozones"])


@router.get("/geozones")
async def geozones(
    request: Request, detail: Literal["outline", "volumes"] = "outline"
) -> dict[str, Any]:
    """Every stored zone: one GeoJSON feature around it, or one for each of its volumes."""
    pool = context(request).pool
    if detail == "outline":
        found = await stored.public_outlines(pool)
    else:
        found = [volume for zone in await stored.public_zones(pool) for volume in zone]
    return {"type": "FeatureCollection", "features": found, "next": None}


@router.get("/corridors")
async def corridors(request: Request) -> dict[str, Any]:
    """The published candidate corridors as GeoJSON lines (longitude, latitude, altitude)."""
    found = await stored.public_corridors(context(request).pool)
    return {"type": "FeatureCollection", "features": found, "next": None}
