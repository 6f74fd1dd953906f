"""Where no zone is loaded far and wide: there nobody looked, and nothing may be said to pass.

Files of zones do not say what they cover. Built-up areas alone lie nearer to each other than
`FAR_M` everywhere on the land of Japan, so a place farther than that from every zone is outside
what was loaded, or far out at sea.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from math import ceil, cos, floor, radians

import numpy as np
import shapely

from routes_planner.compiled.tables import Floats
from routes_planner.verdict import Finding, Severity, Verdict
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import distance_m
from soramichi.domain.geozone import Geozone

FAR_M = 50_000.0
# Places are asked about cell by cell, and a line place by place: both finer than FAR_M by far.
_CELL_DEG = 0.05
_STEP_M = 4_000.0
_METRES_PER_DEGREE = 111_320.0
_MESSAGE = Name(
    ja="50 km 以内に空域のデータがありません。読み込んだデータの範囲の外かもしれません",
    en="no zone is loaded within 50 km of here: this may be outside the data",
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What zones cover, as far as it shows; made once with `coverage_of`.

    `boxes` are rows of (west, south, east, north) in degrees. Without any, nothing is told.
    """

    boxes: Floats
    _far: dict[tuple[int, int], bool] = field(default_factory=dict, repr=False, compare=False)

    def judged(self, verdict: Verdict, corridor: Corridor) -> Verdict:
        """The verdict with an unknown finding for each stretch that is far from every zone."""
        if not len(self.boxes):
            return verdict
        found = tuple(self._stretches(corridor))
        if not found:
            return verdict
        together = sorted((*verdict.findings, *found), key=lambda one: (one.from_m, one.to_m))
        return replace(verdict, findings=tuple(together))

    def _stretches(self, corridor: Corridor) -> Iterator[Finding]:
        for is_far, places in groupby(_along(corridor), key=lambda one: self._is_far(*one[1])):
            if is_far:
                stretch = list(places)
                line = [where for _, where in stretch]
                yield Finding(
                    kind="evidence",
                    severity=Severity.UNKNOWN,
                    from_m=stretch[0][0],
                    to_m=stretch[-1][0],
                    message=_MESSAGE,
                    geometry=shapely.LineString(line if len(line) > 1 else line * 2),
                )

    def _is_far(self, longitude_deg: float, latitude_deg: float) -> bool:
        cell = floor(longitude_deg / _CELL_DEG), floor(latitude_deg / _CELL_DEG)
        if cell not in self._far:
            lon, lat = ((one + 0.5) * _CELL_DEG for one in cell)
            west, south, east, north = self.boxes.T
            # The nearest way round; boxes of zones never cross the antimeridian.
            aside = np.minimum(_beyond(lon, west, east), 360.0 - _span(lon, west, east))
            x = np.maximum(aside, 0.0) * cos(radians(min(abs(lat), 89.0)))
            y = _beyond(lat, south, north)
            self._far[cell] = bool((np.hypot(x, y) * _METRES_PER_DEGREE > FAR_M).all())
        return self._far[cell]


def coverage_of(zones: Iterable[Geozone]) -> Coverage:
    """What these zones cover."""
    footprints = [volume.footprint for zone in zones for volume in zone.volumes]
    boxes = shapely.bounds(footprints) if footprints else np.empty((0, 4))
    return Coverage(boxes)


def _beyond(value: float, low: Floats, high: Floats) -> Floats:
    """How far outside of [low, high]; 0 inside."""
    return np.maximum(0.0, np.maximum(low - value, value - high))


def _span(value: float, low: Floats, high: Floats) -> Floats:
    """From the value to the far end of [low, high]."""
    return np.maximum(np.abs(low - value), np.abs(high - value))


def _along(corridor: Corridor) -> Iterator[tuple[float, tuple[float, float]]]:
    """Places of the line, its ends among them: metres along it and (longitude, latitude)."""
    along = 0.0
    for here, there in pairwise(corridor.waypoints):
        length = distance_m(here, there)
        (lon, lat), (to_lon, to_lat) = here.lonlat, there.lonlat
        across = (to_lon - lon + 180.0) % 360.0 - 180.0
        steps = max(1, ceil(length / _STEP_M))
        for k in range(steps):
            share = k / steps
            place = (lon + share * across + 180.0) % 360.0 - 180.0, lat + share * (to_lat - lat)
            yield along + share * length, place
        along += length
    yield along, corridor.waypoints[-1].lonlat
