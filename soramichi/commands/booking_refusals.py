"""Why a booking was refused: which booked corridor, where along the route, when, by how much."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from routes_planner.candidates_in.reading import read_candidates
from routes_planner.evidence import times_of
from routes_planner.flown import fly
from routes_planner.profile import profile
from routes_planner.separation import conflicts
from routes_planner.slices import BOOKED, STEP_S, Slices
from soramichi.domain import geoid
from soramichi.domain.corridor import Corridor
from soramichi.store.corridors import Rival

_KEPT = f"{BOOKED.horizontal_m:g} m, {BOOKED.vertical_m:g} m, {BOOKED.time_s:g} s"


def reason(plan: Corridor, cut: Slices, rival: Rival) -> dict[str, Any]:
    """One booked corridor in the way, as plain JSON values.

    `stretches` and `clearance_m` (between the edges) are those of the separation.
    Where it finds none, the two keep apart by less than a slice can tell, or their
    heights meet through the ground only: then `stretches` are the slices that met
    and `clearance_m` is None.
    """
    document = {"type": "FeatureCollection", "features": [rival.feature]}
    [other] = read_candidates(rival.corridor_id, json.dumps(document).encode()).corridors
    found = [one for one in conflicts(plan, other, BOOKED, geoid=geoid) if one.known]
    stretches = [(one.from_m, one.to_m) for one in found] or _met(cut, rival.met)
    line = fly([plan], geoid)
    return {
        "corridor": rival.corridor_id,
        "name": other.name,
        "stretches": [
            {
                "from_m": round(from_m, 1),
                "to_m": round(to_m, 1),
                "time": [utc(at) for at in times_of(plan, profile(line, 0, from_m, to_m)) or ()],
            }
            for from_m, to_m in stretches
        ],
        "clearance_m": round(min(one.clearance_m for one in found), 1) if found else None,
        "required": {
            "horizontal_m": BOOKED.horizontal_m,
            "vertical_m": BOOKED.vertical_m,
            "time_s": BOOKED.time_s,
        },
    }


def _met(cut: Slices, positions: Sequence[int]) -> list[tuple[float, float]]:
    """Slices that follow each other, as stretches along the line."""
    runs = np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)
    return [(float(cut.along_m[run[0], 0]), float(cut.along_m[run[-1], 1])) for run in runs]


def document_message(reasons: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What to do about it."""
    if reasons:
        return {
            "ja": "出発時刻、高さ、経路のいずれかを変えてください"
            f"(水平・高さ・時間のいずれかで必要な間隔: {_KEPT})",
            "en": "change departure, height or line; "
            f"to be kept aside, in height or in time: {_KEPT}",
        }
    return {
        "ja": "先に入った予約はもう取り消されています。もう一度お試しください",
        "en": "the booking in the way has been cancelled meanwhile; ask again",
    }


def lines(name: str, reasons: Sequence[dict[str, Any]]) -> list[str]:
    """A refusal for people."""
    told = [f"{name}: refused 予約できません"]
    for one in reasons:
        clearance, rival = one["clearance_m"], f"{one['name']} ({one['corridor']})"
        if clearance is None:
            ja = f"{STEP_S:g}秒以内の飛行ごとに確保した空域どうしが重なります"
            en = f"the airspace kept for each {STEP_S:g} s of flight overlaps"
        else:
            ja, en = f"縁どうしの間隔 {clearance:g} m", f"{clearance:g} m between the edges"
        told += [f"  「{rival}」に近すぎます: {ja}", f"  too close to {rival}: {en}"]
        told += [
            f"    {stretch['from_m']:.0f} – {stretch['to_m']:.0f} m, " + " – ".join(stretch["time"])
            for stretch in one["stretches"]
        ]
    message = document_message(reasons)
    return [*told, f"  {message['ja']}", f"  {message['en']}"]


def utc(at: datetime) -> str:
    """RFC 3339 to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
