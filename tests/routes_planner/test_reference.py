"""The check against the slow reference on random pairs.

`SORAMICHI_REFERENCE_PAIRS=10000 pytest tests/routes_planner/test_reference.py` runs the long one.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import numpy as np
import shapely

from routes_planner.check import check
from routes_planner.surroundings import survey
from routes_planner.verdict import Severity
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.geozone import Geozone
from tests.routes_planner.builders import (
    NOON,
    FlatGeoid,
    Floats,
    Hills,
    a_corridor,
    a_zone,
    place,
)
from tests.routes_planner.reference import met_along, met_over_ground

PAIRS = int(os.environ.get("SORAMICHI_REFERENCE_PAIRS", "150"))
STEP_M = 20.0
DATUMS = (Datum.AMSL, Datum.ELLIPSOID)


def a_random_zone(rng: np.random.Generator) -> Geozone:
    """A star of 5 to 30 corners, half of them with a hole, with limits and a period, or not."""
    count = int(rng.integers(5, 31))
    turn = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    radius = rng.uniform(100.0, 900.0) * rng.uniform(0.4, 1.0, count)
    east, north = rng.uniform(-1_200.0, 1_200.0, 2)

    def ring(size: Floats) -> list[tuple[float, float]]:
        at = zip(east + size * np.cos(turn), north + size * np.sin(turn), strict=True)
        return [place(float(x), float(y)).lonlat for x, y in at]

    holes = [ring(radius * 0.6)[::-1]] if rng.random() < 0.5 else []
    limits = [
        Altitude(float(rng.uniform(*span)), DATUMS[int(rng.integers(2))])
        if rng.random() < 0.7
        else None
        for span in ((0.0, 150.0), (100.0, 300.0))
    ]
    opens = NOON + timedelta(seconds=float(rng.uniform(-100.0, 150.0)))
    active = (opens, opens + timedelta(seconds=float(rng.uniform(10.0, 120.0))))
    return a_zone(
        shapely.Polygon(ring(radius), holes),
        floor=limits[0],
        ceiling=limits[1],
        active=active if rng.random() < 0.5 else None,
    )


def a_random_corridor(rng: np.random.Generator) -> Corridor:
    """Two to four waypoints within 1.5 km, climbing or sinking, 20 to 200 m to each side."""
    at = [(float(x), float(y)) for x, y in rng.uniform(-1_500.0, 1_500.0, (rng.integers(2, 5), 2))]
    datum = DATUMS[int(rng.integers(2))]
    return a_corridor(
        *at,
        heights=tuple(Altitude(float(h), datum) for h in rng.uniform(20.0, 300.0, len(at))),
        half_width_m=float(rng.uniform(20.0, 200.0)),
        below_m=float(rng.uniform(0.0, 20.0)),
        above_m=float(rng.uniform(0.0, 20.0)),
        ground_speed_mps=float(rng.uniform(10.0, 60.0)),
        vertical_speed_mps=10.0,
    )


def test_random_pairs_agree_with_dense_sampling() -> None:
    rng = np.random.default_rng(20261123)
    geoid = FlatGeoid()
    met = 0
    for pair in range(PAIRS):
        plan, zone = a_random_corridor(rng), a_random_zone(rng)
        findings = check(plan, survey([zone], geoid=geoid)).findings
        stretches = [(f.from_m, f.to_m) for f in findings]
        witnesses = met_along(plan, zone, step_m=STEP_M, undulation=geoid.undulations_m)
        # Unsafe direction: every place that is really in the zone lies on a stretch.
        for along in witnesses:
            assert any(a - 0.01 <= along <= b + 0.01 for a, b in stretches), (pair, along)
        # Safe direction: every stretch is near a place that is in the zone but for the step.
        if stretches:
            slack = {"slack_m": STEP_M, "slack_s": STEP_M / 10.0 + 2.0}
            close = met_along(plan, zone, step_m=STEP_M, undulation=geoid.undulations_m, **slack)
            for a, b in stretches:
                assert close.size, (pair, a, b)
                for end in (a, b):
                    assert np.abs(close - end).min() <= STEP_M, (pair, a, b)
            met += 1
    # The pairs must be worth comparing: neither all apart nor all met.
    assert PAIRS * 0.1 < met < PAIRS * 0.9


def test_random_pairs_over_hills_agree_with_places_all_over_the_width() -> None:
    rng = np.random.default_rng(3)
    hills = Hills()
    met = 0
    for pair in range(max(PAIRS // 8, 25)):
        datums = [(Datum.AMSL, Datum.AGL)[int(k)] for k in rng.integers(2, size=3)]
        limits = [
            Altitude(float(rng.uniform(*span)), datum)
            for span, datum in zip(((0.0, 120.0), (120.0, 250.0)), datums, strict=False)
        ]
        zone = a_random_zone(rng)
        footprint = zone.volumes[0].footprint
        zone = a_zone(footprint, floor=limits[0], ceiling=limits[1])
        plan = a_random_corridor(rng)
        assert plan.heights is not None
        levels = tuple(Altitude(h.metres, datums[2]) for h in plan.heights)
        plan = replace(plan, heights=levels)

        findings = check(plan, survey([zone], terrain=hills)).findings

        assert all(f.severity is Severity.FAIL for f in findings)
        stretches = [(f.from_m, f.to_m) for f in findings]
        for along in met_over_ground(plan, zone, hills.surfaces_amsl_m, step_m=STEP_M):
            assert any(a - 0.01 <= along <= b + 0.01 for a, b in stretches), (pair, along)
        loose = met_over_ground(
            plan, zone, hills.surfaces_amsl_m, step_m=STEP_M, slack_m=1.5 * STEP_M
        )
        for ends in stretches:
            for end in ends:
                # The reference's own places are a fifth of the width apart.
                apart = 2.0 * STEP_M + plan.half_width_m / 5.0
                assert np.abs(loose - end).min() <= apart, (pair, ends)
        met += bool(stretches)
    assert met > 5
