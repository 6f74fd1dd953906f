"""Heights for formats that know one datum only: converted with the geoid, or refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from soramichi.domain import geoid
from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import DatumMismatch

ADVICE = "export it as csv or geojson, which state the datum of each height"


def heights_m(samples: Sequence[TelemetrySample], wanted: Datum, *, kind: str) -> list[float]:
    """The heights of `samples` in metres above `wanted`, AMSL or ELLIPSOID.

    Between those two the geoid is the evidence, within 1 m, which is known for
    Japan and its seas. Raises `DatumMismatch`, naming the format `kind` and what
    to do, for any other datum and any other place. Empty for no samples.
    """
    others = sorted({one.altitude_datum for one in samples} - {Datum.AMSL, Datum.ELLIPSOID})
    if others:
        raise DatumMismatch(
            f"{kind} has no place for heights of datum {', '.join(others)}; {ADVICE}"
        )
    metres = np.array([one.altitude_m for one in samples])
    foreign = np.array([one.altitude_datum is not wanted for one in samples], dtype=bool)
    if not foreign.any():
        return [one.altitude_m for one in samples]
    undulations = geoid.undulations_m(
        np.array([one.longitude_deg for one in samples])[foreign],
        np.array([one.latitude_deg for one in samples])[foreign],
    )
    if np.isnan(undulations).any():
        raise DatumMismatch(
            f"{kind} needs heights of datum {wanted}, and the geoid that leads there is known "
            f"to 1 m in Japan and its seas only; {ADVICE}"
        )
    metres[foreign] += undulations if wanted is Datum.ELLIPSOID else -undulations
    return [float(height_m) for height_m in metres]
