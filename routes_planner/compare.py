"""Candidates side by side: a row each, and a profile of heights along the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from routes_planner.flown import fly
from routes_planner.ground import steps
from routes_planner.kernel import Floats
from routes_planner.surroundings import COLUMN, Surroundings
from routes_planner.verdict import Metrics, Severity, Verdict
from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import Corridor

_STEPS = 200
_ORDER = {"pass": 0, "unknown": 1, "fail": 2}


def table(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """One row a candidate: verdict, how many findings of each severity, and every metric.

    Those that pass come first, then by metres over districts, people below and length.
    """
    rows = [
        {
            "candidate": verdict.candidate,
            "verdict": str(verdict.answer),
            **{
                f"{severity}s": sum(f.severity is severity for f in verdict.findings)
                for severity in Severity
            },
            **{field.name: getattr(verdict.metrics, field.name) for field in fields(Metrics)},
        }
        for verdict in verdicts
    ]
    return sorted(
        rows,
        key=lambda row: (
            _ORDER[row["verdict"]],
            row["over_did_m"] or 0.0,
            row["people_below"] or 0,
            row["length_m"],
        ),
    )


def height_profile(
    corridor: Corridor, surroundings: Surroundings, verdict: Verdict
) -> dict[str, Any]:
    """Height against distance: the corridor's band, the ground, and the zones that it meets.

    Heights are above the sea where that is known, else in the corridor's own datum;
    None where they are not known. At least one value per `_STEPS`th of the line.
    """
    geoid = surroundings.geoid if _has(corridor, Datum.ELLIPSOID) else None
    flown = fly([corridor], geoid)
    length = flown.length_m(0)
    line = steps(flown, 0, (0.0, length), max(length / _STEPS, 1.0))
    datum = Datum.AMSL
    if not np.isfinite(line.top_m[:, COLUMN[datum]]).all() and _has(corridor, Datum.AGL):
        datum = Datum.AGL
    ground = np.full(line.from_m.size, np.nan)
    if surroundings.terrain is not None:
        lon = (line.longitude_deg + 180.0) % 360.0 - 180.0
        ground = surroundings.terrain.surfaces_amsl_m(lon, line.latitude_deg)
    return {
        "candidate": corridor.name,
        "datum": str(datum),
        "distance_m": _listed(0.5 * (line.from_m + line.to_m)),
        "top_m": _listed(line.top_m[:, COLUMN[datum]]),
        "bottom_m": _listed(line.bottom_m[:, COLUMN[datum]]),
        "ground_m": _listed(ground if datum is Datum.AMSL else np.zeros(ground.size)),
        "zones": [
            {
                "identifier": finding.zone.identifier,
                "severity": str(finding.severity),
                "from_m": round(finding.from_m, 1),
                "to_m": round(finding.to_m, 1),
                "height": finding.height_overlap
                and {
                    "from_m": finding.height_overlap.from_m,
                    "to_m": finding.height_overlap.to_m,
                    "datum": str(finding.height_overlap.datum),
                },
            }
            for finding in verdict.findings
            if finding.zone is not None
        ],
    }


def _has(corridor: Corridor, datum: Datum) -> bool:
    return corridor.heights is not None and corridor.heights[0].datum is datum


def _listed(values: Floats) -> list[float | None]:
    return [round(v, 1) if np.isfinite(v) else None for v in values.tolist()]
