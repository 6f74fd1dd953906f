"""`/api/v1/completeness`: what of each flight has arrived. For operators, not for everyone."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request

from api.access import FOR_STAFF
from api.dependencies import context, no_flight, not_a_page
from soramichi.store import completeness
from soramichi.store.completeness import Numbers

router = APIRouter(prefix="/api/v1", tags=["completeness"], dependencies=FOR_STAFF)


@router.get("/flights/{flight_id}/completeness")
async def one(request: Request, flight_id: str) -> dict[str, Any]:
    """One flight: expected, stored, missing and quarantined samples, gaps and latency.

    For staff: it tells how well somebody's equipment works.
    """
    here = context(request)
    numbers = await completeness.numbers(here.pool, flight_id)
    if numbers is None:
        raise no_flight(flight_id)
    return {
        **_summary(numbers),
        "missing_ranges": numbers.missing_ranges,
        **asdict(await completeness.times(here.pool, numbers.flight)),
    }


@router.get("/completeness")
async def several(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[str | None, Query(description="as given in `next`")] = None,
) -> dict[str, Any]:
    """The numbers of the flights last observed; `next` is where the following page is, or null.

    For staff, like the single flight, which also knows gaps and latency.
    """
    found = await completeness.page(context(request).pool, limit=limit + 1, before=_cursor(before))
    following = None
    if len(found) > limit:
        last = found[limit - 1].flight
        mark = f"{last.last_observed_at.isoformat()}|{last.flight_id}"
        following = "/api/v1/completeness?" + urlencode({"limit": limit, "before": mark})
    return {"flights": [_summary(numbers) for numbers in found[:limit]], "next": following}


def _summary(numbers: Numbers) -> dict[str, Any]:
    return {
        "id": numbers.flight.flight_id,
        "aircraft_id": numbers.flight.aircraft_id,
        "first_observed_at": numbers.flight.first_observed_at,
        "last_observed_at": numbers.flight.last_observed_at,
        "expected": numbers.expected,
        "stored": numbers.stored,
        "missing": numbers.missing,
        "quarantined": numbers.quarantined,
        "longest_gap": numbers.longest_gap,
    }


def _cursor(before: str | None) -> tuple[datetime, str] | None:
    """Where a page of flights goes on, out of its `next` link. Raises `BadInput`."""
    if before is None:
        return None
    moment, _, flight_id = before.partition("|")
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError as error:
        raise not_a_page() from error
    if parsed.tzinfo is None or not flight_id:
        raise not_a_page()
    return parsed, flight_id
