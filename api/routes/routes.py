"""`POST /api/v1/routes/check` and `/search`: the planner over HTTP, against the stored zones.

The planner is imported with the first question: a server that only shows
flights does not pay for its compiler.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.dependencies import context
from soramichi.domain.flight import AircraftClass
from soramichi.errors import Unavailable
from soramichi.store import geozones

router = APIRouter(prefix="/api/v1/routes", tags=["routes"])

# One question at a time leaves the event loop and the other viewers their share of the machine.
_asking = asyncio.Semaphore(1)
_LONGEST_QUEUE = 20
_waiting = 0


class _Question(BaseModel):
    """What both questions may state; what is left out is said by the file or by the class."""

    model_config = ConfigDict(extra="forbid")

    aircraft_class: AircraftClass | None = None
    depart: AwareDatetime | None = None
    speed_mps: Annotated[float, Field(gt=0, le=500)] | None = None
    width_m: Annotated[float, Field(gt=0, le=50_000)] | None = None


class CandidateFile(BaseModel):
    """One file as it was dropped: its name, for messages, and its text."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1, max_length=2_000_000)]


class Check(_Question):
    """Candidates to be judged: GeoJSON, KML, GPX, CSV or QGroundControl plans."""

    candidates: Annotated[list[CandidateFile], Field(min_length=1, max_length=20)]


LonLat = Annotated[list[float], Field(min_length=2, max_length=2)]


class Search(_Question):
    """A corridor that passes is wanted between two places, each [longitude, latitude]."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Annotated[LonLat, Field(alias="from")]
    goal: Annotated[LonLat, Field(alias="to")]
    height_m: Annotated[float, Field(ge=0, le=10_000)] | None = None


@router.post("/check")
async def check(request: Request, question: Check) -> dict[str, Any]:
    """A verdict for each candidate, and the lines that were judged."""
    return await _ask(request, question)


@router.post("/search")
async def search(request: Request, question: Search) -> dict[str, Any]:
    """Corridors that pass, with what each costs; or why there is none."""
    return await _ask(request, question)


async def _ask(request: Request, question: Check | Search) -> dict[str, Any]:
    global _waiting  # noqa: PLW0603  # a queue length, touched by the event loop only
    if _waiting >= _LONGEST_QUEUE:
        raise Unavailable("too many questions at once; ask again in a moment")
    zones = await geozones.public_zones(context(request).pool)
    _waiting += 1
    try:
        async with _asking:
            return await asyncio.to_thread(_answer, zones, question)
    finally:
        _waiting -= 1


def _answer(zones: list[list[dict[str, Any]]], question: Check | Search) -> dict[str, Any]:
    desk = importlib.import_module("routes_planner.desk")
    stated = desk.Stated(
        aircraft_class=question.aircraft_class,
        departs_at=question.depart,
        ground_speed_mps=question.speed_mps,
        width_m=question.width_m,
    )
    if isinstance(question, Check):
        files = [(one.name, one.text.encode()) for one in question.candidates]
        answer = desk.check(zones, files, stated)
    else:
        answer = desk.search(
            zones, question.start, question.goal, stated, height_m=question.height_m
        )
    assert isinstance(answer, dict)  # noqa: S101
    return answer
