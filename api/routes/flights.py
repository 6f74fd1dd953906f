"""`/api/v1/flights`: what flew, and where."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import context, no_flight
from api.prepared import document
from soramichi.domain.flight import Aircraft, Flight
from soramichi.store import reads

router = APIRouter(prefix="/api/v1/flights", tags=["flights"])


@router.get("")
async def flights(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[str | None, Query(description="as given in `next`")] = None,
) -> Response:
    """Published flights, the last observed first; `next` is the following page, or null."""
    here = context(request)
    registry = await here.registry()
    page = await reads.public_flights(here.pool, limit=limit + 1, after=before)
    following = None
    if len(page) > limit:
        mark = page[limit - 1].flight_id
        following = "/api/v1/flights?" + urlencode({"limit": limit, "before": mark})
    answer = {"flights": [_summary(one, registry) for one in page[:limit]], "next": following}
    return document(answer, level=6).answer(request)


@router.get("/{flight_id}/track")
async def track(
    request: Request,
    flight_id: str,
    points: Annotated[int, Query(ge=2, le=100_000)] = 2_000,
) -> Response:
    """What is public of a flight's track, as GeoJSON (longitude, latitude, altitude)."""
    here = context(request)
    found = await reads.public_flight(here.pool, flight_id)
    if found is None:
        raise no_flight(flight_id)
    samples = await reads.public_track(here.pool, found, points=points)
    of = _aircraft(found, await here.registry())
    # Megabytes for the longest flights: not on the event loop.
    answer = await asyncio.to_thread(document, _feature(found, samples, of), level=6)
    return answer.answer(request)


def _feature(found: Flight, samples: reads.Track, of: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": found.flight_id,
        "geometry": {
            "type": "LineString",
            "coordinates": list(
                zip(
                    samples.longitudes_deg,
                    samples.latitudes_deg,
                    samples.altitudes_m,
                    strict=True,
                )
            ),
        },
        "properties": {
            "flight": found.flight_id,
            **of,
            "sample_count": found.sample_count,
            "altitude_datum": samples.altitude_datum,
            "times": samples.times,
            "ground_speed_mps": samples.ground_speeds_mps,
            "track_deg": samples.tracks_deg,
        },
    }


def _summary(flight: Flight, registry: dict[str, Aircraft]) -> dict[str, Any]:
    return {
        "id": flight.flight_id,
        **_aircraft(flight, registry),
        "first_observed_at": flight.first_observed_at,
        "last_observed_at": flight.last_observed_at,
        "sample_count": flight.sample_count,
    }


def _aircraft(flight: Flight, registry: dict[str, Aircraft]) -> dict[str, Any]:
    known = registry.get(flight.aircraft_id)
    name = (known.name.ja, known.name.en) if known else (flight.aircraft_id,) * 2
    return {
        "aircraft_id": flight.aircraft_id,
        "name": {"ja": name[0], "en": name[1]},
        "aircraft_class": known.aircraft_class if known else "unknown",
    }
