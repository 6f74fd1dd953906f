"""Candidates side by side: a row each, and a profile of heights along the line.

The profile has the zones under the line as well, met or not: that a corridor passes 40 m below a
limitation surface is what a planner wants to see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from routes_planner.compiled.tables import Floats
from routes_planner.flown import Flown, fly
from routes_planner.ground import steps
from routes_planner.messages import zone_name
from routes_planner.overlap import overlaps
from routes_planner.surroundings import COLUMN, Surroundings
from routes_planner.verdict import Metrics, Severity, Verdict
from soramichi.domain.altitude import Altitude, Datum
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
    lon = (line.longitude_deg + 180.0) % 360.0 - 180.0
    ground = np.full(line.from_m.size, np.nan)
    if surroundings.terrain is not None:
        ground = surroundings.terrain.surfaces_amsl_m(lon, line.latitude_deg)
    undulation = np.full(ground.size, np.nan)
    if surroundings.geoid is not None and surroundings.ellipsoidal:
        undulation = surroundings.geoid.undulations_m(lon, line.latitude_deg)
    below = _Below(datum, 0.5 * (line.from_m + line.to_m), ground, undulation)
    return {
        "candidate": corridor.name,
        "datum": str(datum),
        "length_m": round(length, 1),
        "distance_m": _listed(below.along_m),
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
        "limits": list(_limits(flown, surroundings, below)),
    }


@dataclass(frozen=True, slots=True)
class _Below:
    """What is needed to show every limit in the profile's own datum, at places along the line."""

    datum: Datum
    along_m: Floats
    ground_amsl_m: Floats
    undulation_m: Floats

    def shown(self, limit: Altitude, at_m: Floats) -> Floats:
        """The limit in the profile's datum at these distances; nan where that is not known."""
        if limit.datum is self.datum:
            return np.full(at_m.size, limit.metres)
        ground, undulation = (
            np.interp(at_m, self.along_m, values)
            for values in (self.ground_amsl_m, self.undulation_m)
        )
        amsl = {
            Datum.AMSL: 0.0 * at_m,
            Datum.AGL: ground,
            Datum.ELLIPSOID: -undulation,
        }[limit.datum]
        return limit.metres + amsl - (ground if self.datum is Datum.AGL else 0.0)


def _limits(flown: Flown, surroundings: Surroundings, below: _Below) -> Iterator[dict[str, Any]]:
    """The band of every volume whose footprint the corridor passes while it applies, at any height.

    `floor_m` and `ceiling_m` at each of `at_m`: null where not known; absent when there is none.
    """
    band = flown.flights.band.copy()
    band[:, :, :2], band[:, :, 2:] = np.inf, -np.inf
    rows = overlaps(replace(flown, flights=flown.flights._replace(band=band)), surroundings)
    for row, from_m, to_m in zip(
        rows.volume.tolist(), rows.from_m.tolist(), rows.to_m.tolist(), strict=True
    ):
        zone = surroundings.zones[int(surroundings.zone_of[row])]
        volume = zone.volumes[int(surroundings.part_of[row])]
        at = np.array([from_m, to_m])
        if any(
            e is not None and e.datum is not below.datum for e in (volume.floor, volume.ceiling)
        ):
            inner = below.along_m[(below.along_m > from_m) & (below.along_m < to_m)]
            at = np.concatenate([[from_m], inner, [to_m]])
        name = zone_name(zone)
        yield {
            "identifier": zone.identifier,
            "name": {"ja": name.ja, "en": name.en},
            "zone_type": str(zone.zone_type),
            "at_m": _listed(at),
            **{
                key: _listed(below.shown(limit, at))
                for key, limit in (("floor_m", volume.floor), ("ceiling_m", volume.ceiling))
                if limit is not None
            },
        }


def _has(corridor: Corridor, datum: Datum) -> bool:
    return corridor.heights is not None and corridor.heights[0].datum is datum


def _listed(values: Floats) -> list[float | None]:
    return [round(v, 1) if np.isfinite(v) else None for v in values.tolist()]
