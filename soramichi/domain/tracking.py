"""A stretch of observations as arrays, with a position and heights anywhere between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from soramichi.domain import geoid
from soramichi.domain.altitude import Datum
from soramichi.domain.events import Place
from soramichi.domain.flight import Name
from soramichi.domain.telemetry import TelemetrySample
from soramichi.domain.terrain import Terrain

Floats = NDArray[np.float64]

# What a fix may be wrong by where the receiver does not say: satellite navigation without
# corrections under an open sky.
USUAL_ACCURACY_H_M = 10.0
USUAL_ACCURACY_V_M = 15.0
# No receiver is right to the centimetre against a zone that was drawn by hand.
LEAST_ACCURACY_M = 1.0

_REASONS = {
    Datum.BARO: Name(
        ja="気圧高度はほかの高さに換算できない",
        en="a barometric height cannot be converted to any other",
    ),
    Datum.TAKEOFF: Name(
        ja="離陸地点の標高が分からない",
        en="the height of the take-off point is not known",
    ),
}
_NO_TERRAIN = Name(
    ja="この場所の地表の標高が読み込まれていない", en="no terrain is loaded at this place"
)
_NO_GEOID = Name(
    ja="この場所のジオイド高が分からない", en="the height of the geoid is not known at this place"
)


class Fix(Struct, frozen=True):
    """One stored observation, and when it was received."""

    sample: TelemetrySample
    flight_id: str
    received_at: datetime


@dataclass(slots=True)
class Track:
    """Observations of one aircraft in order of time, one or more.

    `takeoff_amsl_m` is the height of the take-off point as known at each of
    them, NaN where it is not. A place on the track is an index, whole at an
    observation, between two of them in between.
    """

    fixes: Sequence[Fix]
    terrain: Terrain
    takeoff_amsl_m: Floats
    longitude_deg: Floats = field(init=False)
    latitude_deg: Floats = field(init=False)
    accuracy_h_m: Floats = field(init=False)
    accuracy_v_m: Floats = field(init=False)
    _altitude_m: Floats = field(init=False)
    _tables: dict[Datum, Floats] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        samples = [fix.sample for fix in self.fixes]
        longitude = np.array([one.longitude_deg for one in samples])
        # Without a jump at the antimeridian, so that what lies between can be interpolated.
        self.longitude_deg = np.unwrap(longitude, period=360.0)
        self.latitude_deg = np.array([one.latitude_deg for one in samples])
        self._altitude_m = np.array([one.altitude_m for one in samples])
        self.accuracy_h_m = _accuracy([one.accuracy_h_m for one in samples], USUAL_ACCURACY_H_M)
        self.accuracy_v_m = _accuracy([one.accuracy_v_m for one in samples], USUAL_ACCURACY_V_M)

    def __len__(self) -> int:
        return len(self.fixes)

    def heights_m(self, datum: Datum) -> Floats:
        """The height above `datum` at each observation, NaN where it cannot be told."""
        if datum not in self._tables:
            self._tables[datum] = self._converted(datum)
        return self._tables[datum]

    def _converted(self, datum: Datum) -> Floats:
        own = np.array([fix.sample.altitude_datum == datum for fix in self.fixes])
        if own.all():
            return self._altitude_m
        if datum is Datum.AMSL:
            other = self._amsl()
        elif datum is Datum.ELLIPSOID:
            other = self.heights_m(Datum.AMSL) + self._undulations_m()
        elif datum is Datum.AGL:
            other = self.heights_m(Datum.AMSL) - self._surfaces_m()
        elif datum is Datum.TAKEOFF:
            other = self.heights_m(Datum.AMSL) - self.takeoff_amsl_m
        else:
            other = np.full(len(self), np.nan)
        return np.where(own, self._altitude_m, other)

    def _amsl(self) -> Floats:
        datums = {fix.sample.altitude_datum for fix in self.fixes}
        found = np.full(len(self), np.nan)
        added: dict[Datum, Callable[[], Floats]] = {
            Datum.ELLIPSOID: lambda: -self._undulations_m(),
            Datum.AGL: self._surfaces_m,
            Datum.TAKEOFF: lambda: self.takeoff_amsl_m,
        }
        for datum in datums & added.keys():
            where = np.array([fix.sample.altitude_datum is datum for fix in self.fixes])
            found[where] = (self._altitude_m + added[datum]())[where]
        return found

    def _undulations_m(self) -> Floats:
        return geoid.undulations_m(_within(self.longitude_deg), self.latitude_deg)

    def _surfaces_m(self) -> Floats:
        return self.terrain.surfaces_amsl_m(_within(self.longitude_deg), self.latitude_deg)

    def why_unknown(self, index: int, datum: Datum) -> Name:
        """Why the height above `datum` cannot be told at an observation."""
        sample = self.fixes[index].sample
        if sample.altitude_datum in _REASONS:
            return _REASONS[sample.altitude_datum]
        if Datum.AGL in {sample.altitude_datum, datum}:
            return _NO_TERRAIN
        return _NO_GEOID

    def at(self, values: Floats, index: Floats) -> Floats:
        """Values of the observations, interpolated at these places."""
        return np.interp(index, np.arange(len(values)), values)

    def time_at(self, index: float) -> datetime:
        """When the aircraft was there, evenly between two observations."""
        before, part = self._split(index)
        start = self.fixes[before].sample.time
        if part == 0.0:
            return start
        whole = self.fixes[before + 1].sample.time - start
        return start + timedelta(seconds=round(part * whole.total_seconds(), 3))

    def place(self, index: float) -> Place:
        """Where the aircraft was; the height only where both observations have one datum."""
        before, part = self._split(index)
        one, other = self.fixes[before], self.fixes[before + (part > 0.0)]
        metres = one.sample.altitude_m
        if one.sample.altitude_datum is other.sample.altitude_datum:
            metres += part * (other.sample.altitude_m - metres)
        else:
            one = other
            metres = other.sample.altitude_m
        longitude, latitude = (
            float(self.at(values, np.array([index]))[0])
            for values in (self.longitude_deg, self.latitude_deg)
        )
        received = (self.fixes[before].received_at, other.received_at)
        return Place(
            time=self.time_at(index),
            flight_id=other.flight_id,
            longitude_deg=round(float(_within(longitude)), 7),
            latitude_deg=round(latitude, 7),
            altitude_m=round(metres, 2),
            altitude_datum=one.sample.altitude_datum,
            received_from=min(received),
            received_to=max(received),
        )

    def _split(self, index: float) -> tuple[int, float]:
        before = min(int(index), len(self) - 1)
        return before, index - before


def _accuracy(stated: list[float | None], usual: float) -> Floats:
    return np.array([usual if one is None else max(one, LEAST_ACCURACY_M) for one in stated])


def _within(longitude_deg: Floats | float) -> Floats:
    """Longitudes in [-180, 180); +180 becomes -180, the same place."""
    return np.asarray((np.asarray(longitude_deg) + 180.0) % 360.0 - 180.0)
