"""`/api/v1/events`: what happened in flights; for staff whole, and to be acknowledged."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.access import FOR_STAFF, staff
from api.bulletin import public
from api.dependencies import context, not_a_page
from soramichi.domain.events import describe
from soramichi.errors import NotFound
from soramichi.store import events as stored
from soramichi.store import quarantine
from soramichi.store.events import Told

router = APIRouter(prefix="/api/v1", tags=["events"])
_PUBLIC_ID = re.compile("[0-9a-f]{16}")


class Acknowledgement(BaseModel):
    """Who has seen to it: a name or initials, for colleagues."""

    model_config = ConfigDict(extra="forbid")

    by: Annotated[str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=64)]


@router.get("/events")
async def events(  # noqa: PLR0913, PLR0917  # each one member of the query
    request: Request,
    flight: Annotated[str | None, Query(max_length=200)] = None,
    aircraft: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[str | None, Query(description="as given in `next`")] = None,
    detail: Literal["public", "full"] = "public",
) -> dict[str, Any]:
    """Flight events, the last observed first; `next` is the following page, or null.

    Only of what is published, and what may leave of it; `detail=full` is for staff.
    """
    if detail == "full":
        staff(request)
    page = await stored.page(
        context(request).pool,
        public=detail == "public",
        limit=limit + 1,
        flight_id=flight,
        aircraft_id=aircraft,
        before=_cursor(before, public=detail == "public"),
    )
    following = None
    if len(page) > limit:
        last = page[limit - 1]
        shown = last.event.place.time
        if detail == "public":
            shown = last.discretion.moment(shown)
        asked = {"flight": flight, "aircraft": aircraft, "detail": detail, "limit": limit}
        key = last.public_id if detail == "public" else last.event_id
        asked["before"] = f"{shown.isoformat()}|{key}"
        given = {name: value for name, value in asked.items() if value is not None}
        following = "/api/v1/events?" + urlencode(given)
    form = _full if detail == "full" else _public
    return {"events": [form(one) for one in page[:limit]], "next": following}


@router.post("/events/{event_id}/acknowledge", dependencies=FOR_STAFF, max_body_size=4_096)
async def acknowledge(
    request: Request, event_id: int, acknowledgement: Acknowledgement
) -> dict[str, Any]:
    """Say that somebody has seen to an event; who was first stays. For staff."""
    if not 0 < event_id < 2**63:
        raise _no_event(event_id)
    told = await stored.acknowledge(context(request).pool, event_id, by=acknowledgement.by)
    if told is None:
        raise _no_event(event_id)
    return _full(told)


@router.get("/links", dependencies=FOR_STAFF)
async def links(
    request: Request, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> dict[str, Any]:
    """The link of each aircraft, the last heard of first. For staff."""
    found = await stored.links(context(request).pool, limit=limit)
    return {"links": [one._asdict() for one in found]}


@router.get("/quarantine", dependencies=FOR_STAFF)
async def quarantined(request: Request) -> dict[str, Any]:
    """How many rejected samples wait to be settled, by reason, and the whole books. For staff."""
    found = await quarantine.overview(context(request).pool)
    return {"waiting": found.waiting, "books": found.books._asdict()}


def _public(told: Told) -> Any:
    return msgspec.to_builtins(public(told))


def _full(told: Told) -> dict[str, Any]:
    event, place = told.event, told.event.place
    return {
        "id": told.event_id,
        "kind": event.kind,
        "severity": event.severity,
        "operator": told.operator_id,
        "aircraft": told.aircraft_id,
        "flight": place.flight_id,
        "time": place.time,
        "lon": place.longitude_deg,
        "lat": place.latitude_deg,
        "altitude_m": place.altitude_m,
        "altitude_datum": place.altitude_datum,
        "known_at": event.known_at,
        "evidence": msgspec.to_builtins(event.evidence),
        "message": msgspec.to_builtins(describe(event.kind, event.evidence)),
        "acknowledged_by": told.acknowledged_by,
        "acknowledged_at": told.acknowledged_at,
    }


def _no_event(event_id: int) -> NotFound:
    return NotFound(f"there is no event {event_id}", ja=f"出来事 {event_id} はありません")


def _cursor(before: str | None, *, public: bool) -> tuple[datetime, int | str] | None:
    """Where a page goes on, out of its `next` link. Raises `BadInput`."""
    if before is None:
        return None
    moment, _, key = before.partition("|")
    if public and not _PUBLIC_ID.fullmatch(key):
        raise not_a_page()
    try:
        parsed, event_id = datetime.fromisoformat(moment), key if public else int(key)
    except ValueError as error:
        raise not_a_page() from error
    if parsed.tzinfo is None or not (public or 0 < int(event_id) < 2**63):
        raise not_a_page()
    return parsed, event_id
