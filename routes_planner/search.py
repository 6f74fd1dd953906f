"""Corridors that pass: the cheapest line around the zones, then flyable, then judged.

The line is searched on rasters (100 m cells or finer, coarse ones first) in a plane
around the flight. Zones are closed there with the half width and half a cell to
spare, each only while it applies at the moment of passage. What comes out is
rounded for the turn radius, given its climb and descent, and judged by the same
check as any other candidate; the raster alone never says that a line passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from routes_planner import raster
from routes_planner.check import check
from routes_planner.compiled.lines import path_cost
from routes_planner.hunt import Hunt, HuntingGround, area_around, corridor_along, ends_m
from routes_planner.paths import cheapest_path
from routes_planner.raster import Crowding
from routes_planner.request import Found, Judge, NoRoute, Proposal, Request
from routes_planner.surroundings import Surroundings
from routes_planner.verdict import Answer, Finding, Severity
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import distance_m
from soramichi.errors import BadInput

# What a thousand people per km² add to the cost of a metre; a DID has at least four thousand.
OBJECTIVES = {"shortest": 0.0, "balanced": 0.5, "quietest": 5.0}
FARTHEST_M = 400_000.0
# How far the search looks beside the ends, as a share of their distance; further when in vain.
MARGINS = (0.2, 0.8)
_TRIES = 4
_CLOSED_COST = 100.0
# A finding that begins or ends so near an end of the way holds there.
_END_M = 1.0


def search(
    request: Request,
    surroundings: Surroundings,
    *,
    judge: Judge | None = None,
    crowding: Crowding | None = None,
    objectives: Sequence[str] = tuple(OBJECTIVES),
) -> Found:
    """The shortest corridor that passes and, with `crowding`, one balanced and one quietest.

    `objectives` asks for some of them only. A proposal whose verdict is `unknown`
    (evidence is missing) is given, for want of a better one; one that fails never is.
    `judge` None: by the zones alone. Raises `BadInput` for ends that are the same
    place or more than 400 km apart.
    """
    apart = distance_m(request.start, request.goal)
    if not 0.0 < apart <= FARTHEST_M:
        raise BadInput(
            "give two different places, at most 400 km apart; "
            f"these are {apart:.0f} m from each other",
            ja=f"出発地と目的地の間が {apart:.0f} m です。"
            "400 km 以内の、異なる二つの場所にしてください",
        )
    judge = judge or Judge(
        verdict=lambda corridor: check(corridor, surroundings), binds_climbs=lambda _: True
    )
    hunt = Hunt(request, surroundings, judge, crowding)
    wanted = [name for name in objectives if not OBJECTIVES[name] or crowding is not None]
    grounds = [HuntingGround(hunt, area_around(request, apart, margin)) for margin in MARGINS]
    proposals: list[Proposal] = []
    for objective in wanted:
        found = (_best(hunt, ground, objective) for ground in grounds)
        proposal = next((one for one in found if one is not None), None)
        if proposal is not None:
            proposals.append(proposal)
    if proposals:
        return Found(tuple(proposals))
    return _least_closed(hunt, grounds[0])


def _best(hunt: Hunt, ground: HuntingGround, objective: str) -> Proposal | None:
    """The cheapest corridor that does not fail; a wider berth each time that it does."""
    request, area = hunt.request, ground.area
    for attempt in range(_TRIES):
        field = ground.field(attempt * 0.5 * area.cell_m, OBJECTIVES[objective])
        path = cheapest_path(field, *np.rint(area.cells(ends_m(area.plane, request))))
        if not len(path):
            return None
        corridor = corridor_along(request, area, path, objective)
        verdict = hunt.judge.verdict(corridor)
        if verdict.answer is not Answer.FAIL:
            return Proposal(
                objective=objective,
                corridor=corridor,
                verdict=verdict,
                cost_m=float(path_cost(field, path)),
            )
    return None


def _least_closed(hunt: Hunt, ground: HuntingGround) -> Found:
    """The way through as little of closed cells as possible: it passes after all, or tells why not.

    Cells are closed with half a cell to spare, so that a gap may be there which they do not show.
    """
    request, area = hunt.request, ground.area
    field = ground.field(0.0, 0.0)
    through = raster.open_field(area, request.speed_mps)
    through.weight[field.closed_until > field.closed_from] = _CLOSED_COST
    path = cheapest_path(through, *np.rint(area.cells(ends_m(area.plane, request))))
    corridor = corridor_along(request, area, path, "shortest")
    verdict = hunt.judge.verdict(corridor)
    if verdict.answer is not Answer.FAIL:
        proposal = Proposal(
            objective="shortest",
            corridor=corridor,
            verdict=verdict,
            cost_m=verdict.metrics.length_m,
        )
        return Found((proposal,))
    blocking = tuple(f for f in verdict.findings if f.severity is Severity.FAIL)
    names = list(_names(blocking, verdict.metrics.length_m))
    why = Name(
        ja="通れる経路がありません。最も通りやすい道をふさぐもの: "
        + "、".join([n.ja for n in names] or [f.message.ja for f in blocking]),
        en="no corridor passes; the least closed way is closed by "
        + ", ".join([n.en for n in names] or [f.message.en for f in blocking]),
    )
    return Found((), NoRoute(reason=why, closed_by=blocking))


def _names(findings: tuple[Finding, ...], length_m: float) -> Iterator[Name]:
    """The zones' names, each once, in the order met; with the end of the way that lies in it."""
    seen = set()
    for finding in findings:
        zone = finding.zone
        if zone is None or zone.identifier in seen:
            continue
        seen.add(zone.identifier)
        mine = [f for f in findings if f.zone == zone]
        ja, en = zone.name.ja or zone.identifier, zone.name.en or zone.identifier
        if min(f.from_m for f in mine) <= _END_M:
            ja, en = f"{ja}（出発地がこの中）", f"{en} (the start lies in it)"
        if max(f.to_m for f in mine) >= length_m - _END_M:
            ja, en = f"{ja}（目的地がこの中）", f"{en} (the destination lies in it)"
        yield Name(ja=ja, en=en)
