"""`POST /api/v1/routes/check`, `/search` and `/html`: the planner over HTTP, on the stored zones.

The planner is imported with the first question: a server that only shows
flights does not pay for its compiler.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.dependencies import context
from maps.export import routes_file
from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import WIDEST_M
from soramichi.domain.flight import AircraftClass
from soramichi.errors import BadFile, Unavailable
from soramichi.settings import ApiSettings
from soramichi.store import geozones

router = APIRouter(prefix="/api/v1/routes", tags=["routes"])

# One question at a time leaves the event loop and the other viewers their share of the machine.
_asking = asyncio.Semaphore(1)
_LONGEST_QUEUE = 20
_LONGEST_TEXT = 2_000_000
_MOST_MEMBERS = 30
_waiting = 0


class _Strict(BaseModel):
    """Members that are known, and no others; of very many others only that they are too many."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few(cls, members: Any) -> Any:
        # An error for each of a million members would hold up everybody for half a minute.
        if isinstance(members, dict) and len(members) > _MOST_MEMBERS:
            raise PydanticCustomError(
                "too_long", "more than {max_length} members", {"max_length": _MOST_MEMBERS}
            )
        return members


class _Question(_Strict):
    """What both questions may state; what is left out is said by the file or by the class."""

    aircraft_class: AircraftClass | None = None
    depart: AwareDatetime | None = None
    speed_mps: Annotated[float, Field(gt=0, le=500)] | None = None
    width_m: Annotated[float, Field(gt=0, le=WIDEST_M)] | None = None
    height_datum: Literal["AMSL", "AGL", "ELLIPSOID", "TAKEOFF"] | None = None


class CandidateFile(_Strict):
    """One file as it was dropped: its name, for messages, and its text."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    text: str  # Its length is looked at where the answer can name the file.


class Check(_Question):
    """Candidates to be judged: GeoJSON, KML, GPX, CSV or QGroundControl plans."""

    candidates: Annotated[list[CandidateFile], Field(min_length=1, max_length=20)]
    # Whether all of them are to fly; otherwise they are alternatives to each other.
    together: bool = False


LonLat = Annotated[list[float], Field(min_length=2, max_length=2)]


class Search(_Question):
    """A corridor that passes is wanted between two places, each [longitude, latitude]."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Annotated[LonLat, Field(alias="from")]
    goal: Annotated[LonLat, Field(alias="to")]
    height_m: Annotated[float, Field(ge=0, le=10_000)] | None = None


@router.post("/check")
async def check(request: Request, question: Check) -> dict[str, Any]:
    """A verdict for each candidate, the lines judged, height profiles and layers to draw."""
    return await _ask(request, question)


@router.post("/search")
async def search(request: Request, question: Search) -> dict[str, Any]:
    """Corridors that pass, with what each costs; or why there is none."""
    return await _ask(request, question)


@router.post("/html", response_class=HTMLResponse)
async def html(request: Request, question: Check) -> HTMLResponse:
    """The same check as a page in one file, which opens without any network."""
    answer = await _ask(request, question)
    outlines = await geozones.public_outlines(context(request).pool)
    page = await asyncio.to_thread(routes_file, answer, zones=outlines)
    named = {"Content-Disposition": 'attachment; filename="soramichi-routes.html"'}
    return HTMLResponse(page, headers=named | {"X-Content-Type-Options": "nosniff"})


async def _ask(request: Request, question: Check | Search) -> dict[str, Any]:
    global _waiting  # noqa: PLW0603  # a queue length, touched by the event loop only
    if _waiting >= _LONGEST_QUEUE:
        raise Unavailable(
            "too many questions at once; ask again in a moment",
            ja="質問が混み合っています。少し待ってからもう一度お試しください",
        )
    here = context(request)
    _waiting += 1
    try:
        async with _asking:
            zones = await geozones.public_zones(here.pool)
            return await asyncio.to_thread(_answer, zones, question, here.settings)
    finally:
        _waiting -= 1


def _answer(
    zones: list[list[dict[str, Any]]], question: Check | Search, settings: ApiSettings
) -> dict[str, Any]:
    desk = importlib.import_module("routes_planner.desk")
    datum = question.height_datum
    stated = desk.Stated(
        aircraft_class=question.aircraft_class,
        departs_at=question.depart,
        ground_speed_mps=question.speed_mps,
        width_m=question.width_m,
        height_datum=None if datum is None else Datum(datum),
    )
    ground = desk.ground(settings.terrain_folder, settings.population_file)
    if isinstance(question, Check):
        for one in question.candidates:
            if len(one.text) > _LONGEST_TEXT:
                raise BadFile(
                    one.name,
                    f"the file is longer than {_LONGEST_TEXT} characters; split it",
                    ja=f"ファイルが {_LONGEST_TEXT} 文字を超えています。分割してください",
                )
        files = [(one.name, one.text.encode()) for one in question.candidates]
        answer = desk.check(zones, files, stated, ground, together=question.together)
    else:
        answer = desk.search(
            zones,
            question.start,
            question.goal,
            stated,
            height_m=question.height_m,
            known=ground,
        )
    assert isinstance(answer, dict)  # noqa: S101
    return answer
