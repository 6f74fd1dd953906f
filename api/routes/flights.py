"""`/api/v1/flights`: what flew, and where; each one also as a page to take home."""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from api.bulletin import public
from api.dependencies import Context, context, no_flight
from api.prepared import Prepared, document, encode
from maps.export import replay_file
from soramichi.domain.flight import Aircraft, Flight
from soramichi.store import events, geozones, reads

router = APIRouter(prefix="/api/v1/flights", tags=["flights"])

# Of a page to take home: what the replay page asks for, and draws.
_POINTS = 2_000
_EVENTS = 500
# A page is a tenth of a second of work: one at a time leaves the stream its share.
_making = asyncio.Semaphore(1)


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
    feature = await _public_track(context(request), flight_id, points=points)
    # Megabytes for the longest flights: not on the event loop.
    return (await asyncio.to_thread(document, feature, level=6)).answer(request)


@router.get("/{flight_id}/html", response_class=HTMLResponse)
async def html(request: Request, flight_id: str) -> Response:
    """What is public of a flight now, as a page in one file, which opens without any network."""
    here = context(request)
    track = await _public_track(here, flight_id, points=_POINTS)
    happened = await events.page(here.pool, public=True, limit=_EVENTS, flight_id=flight_id)
    corridors = await geozones.public_corridors(here.pool)
    async with _making:
        page = await asyncio.to_thread(
            _page,
            encode(track),
            encode({"events": [public(one) for one in happened]}),
            encode({"features": corridors}),
        )
    return page.answer(request)


@lru_cache(maxsize=8)
def _page(track: bytes, happened: bytes, corridors: bytes) -> Prepared:
    """The page of these three answers; hundreds in a hall take the same flight home."""
    decoded = msgspec.json.decode(track)
    # The track names its aircraft, so that nobody need be asked what flies now.
    page = replay_file(
        decoded,
        aircraft={"features": []},
        events=msgspec.json.decode(happened),
        corridors=msgspec.json.decode(corridors),
    )
    name = re.sub(r"[^\w.-]", "-", decoded["id"], flags=re.ASCII)
    saved = {"Content-Disposition": f'attachment; filename="soramichi-{name}.html"'}
    return Prepared(page.encode(), "text/html", saved, level=6)


async def _public_track(here: Context, flight_id: str, *, points: int) -> dict[str, Any]:
    """The feature of its track. Raises `NotFound` when nothing of the flight is public."""
    found = await reads.public_flight(here.pool, flight_id)
    if found is None:
        raise no_flight(flight_id)
    samples = await reads.public_track(here.pool, found, points=points)
    return _feature(found, samples, _aircraft(found, await here.registry()))


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
