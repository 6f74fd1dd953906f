"""Two bands of heights over unknown ground: for which heights of the ground they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routes_planner.compiled.tables import Floats
from routes_planner.surroundings import COLUMN
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.geozone import ZoneVolume

# A height above the sea as a number and how often the ground is added to it, 0 or 1.
_Level = tuple[Floats, float]


@dataclass(frozen=True, slots=True)
class Bands:
    """Lower and upper levels of the corridor and of the volume (only the limits it has)."""

    lower: tuple[_Level, ...]
    upper: tuple[_Level, ...]

    @classmethod
    def of(cls, top: Floats, bottom: Floats, volume: ZoneVolume, undulation: Floats) -> Bands:
        """From the corridor's rows of datums, and the geoid at each square."""
        amsl, agl = COLUMN[Datum.AMSL], COLUMN[Datum.AGL]
        column, times = (amsl, 0.0) if np.isfinite(top[:, amsl]).all() else (agl, 1.0)
        lower: list[_Level] = [(bottom[:, column, None, None], times)]
        upper: list[_Level] = [(top[:, column, None, None], times)]
        for limit, levels in ((volume.floor, lower), (volume.ceiling, upper)):
            if limit is not None:
                levels.append(_level(limit, undulation))
        return cls(tuple(lower), tuple(upper))

    def ground(self) -> tuple[Floats, Floats]:
        """Between which heights of the ground the bands meet; least over most where nowhere."""
        least, most = np.array(-np.inf), np.array(np.inf)
        for low, low_times in self.lower:
            for high, high_times in self.upper:
                room = high - low
                if low_times > high_times:
                    most = np.minimum(most, room)
                elif low_times < high_times:
                    least = np.maximum(least, -room)
                else:
                    most = np.minimum(
                        most, np.where(room >= 0.0, np.inf, np.minimum(room, -np.inf))
                    )
        return least, most

    def overlap(self, least: Floats, most: Floats) -> tuple[Floats, Floats]:
        """Lowest and highest metres AMSL at which they meet over ground of these heights."""
        bottoms = [low + times * least if times else low for low, times in self.lower]
        tops = [high + times * most if times else high for high, times in self.upper]
        return np.maximum.reduce(np.broadcast_arrays(*bottoms, least)[:-1]), np.minimum.reduce(
            np.broadcast_arrays(*tops, most)[:-1]
        )


def _level(limit: Altitude, undulation: Floats) -> _Level:
    if limit.datum is Datum.AGL:
        return np.array(limit.metres), 1.0
    if limit.datum is Datum.AMSL:
        return np.array(limit.metres), 0.0
    return limit.metres - undulation, 0.0
