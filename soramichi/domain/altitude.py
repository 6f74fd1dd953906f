"""Heights that carry their datum, so that unlike heights never meet by accident."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from soramichi.errors import BadInput, DatumMismatch


class Datum(StrEnum):
    """What a height is measured from.

    ELLIPSOID: the WGS 84 ellipsoid, what a GNSS receiver computes.
    AMSL: mean sea level, Japan's 標高 (geoid of Tokyo Bay) to the geoid model's accuracy.
    AGL: the ground or water surface directly below.
    TAKEOFF: the point this flight took off from.
    BARO: pressure altitude in the standard atmosphere (1013.25 hPa).
    """

    ELLIPSOID = "ELLIPSOID"
    AMSL = "AMSL"
    AGL = "AGL"
    TAKEOFF = "TAKEOFF"
    BARO = "BARO"


@dataclass(frozen=True, slots=True)
class Altitude:
    """A height of `metres` above `datum`.

    Ordering or subtracting heights of different datums raises `DatumMismatch`;
    equality of different datums is False. Not-a-number is refused.

    >>> Altitude(150.0, Datum.AGL) < Altitude(300.0, Datum.AGL)
    True
    """

    metres: float
    datum: Datum

    def __post_init__(self) -> None:
        if not math.isfinite(self.metres):
            raise BadInput(
                f"a height must be a finite number of metres, not {self.metres}",
                ja=f"高さは有限の数（m）で書いてください。{self.metres} は使えません",
            )

    def __lt__(self, other: Altitude) -> bool:
        return self.metres < self._same_datum(other).metres

    def __le__(self, other: Altitude) -> bool:
        return self.metres <= self._same_datum(other).metres

    def __gt__(self, other: Altitude) -> bool:
        return self.metres > self._same_datum(other).metres

    def __ge__(self, other: Altitude) -> bool:
        return self.metres >= self._same_datum(other).metres

    def __sub__(self, other: Altitude) -> float:
        """Metres from `other` up to this height; both of one datum."""
        return self.metres - self._same_datum(other).metres

    def _same_datum(self, other: Altitude) -> Altitude:
        if other.datum is not self.datum:
            raise DatumMismatch(
                f"{self.datum} and {other.datum} heights cannot be compared as is",
                ja=f"{self.datum} と {other.datum} の高さは、そのままでは比べられません",
            )
        return other

    def _require(self, datum: Datum, evidence: str) -> None:
        if self.datum is not datum:
            raise DatumMismatch(
                f"a height above {self.datum} has no {evidence} to apply",
                ja=f"{self.datum} の高さは、この方法では換算できません",
            )

    def ellipsoid_to_amsl(self, *, geoid_undulation_m: float) -> Altitude:
        """H = h - N, with N the height of the geoid above the ellipsoid at that place."""
        self._require(Datum.ELLIPSOID, "geoid undulation")
        return Altitude(self.metres - geoid_undulation_m, Datum.AMSL)

    def amsl_to_ellipsoid(self, *, geoid_undulation_m: float) -> Altitude:
        """h = H + N, the inverse of `ellipsoid_to_amsl`."""
        self._require(Datum.AMSL, "geoid undulation")
        return Altitude(self.metres + geoid_undulation_m, Datum.ELLIPSOID)

    def amsl_to_agl(self, *, surface_amsl_m: float) -> Altitude:
        """Height above the ground or water surface at `surface_amsl_m` below it."""
        self._require(Datum.AMSL, "surface height")
        return Altitude(self.metres - surface_amsl_m, Datum.AGL)

    def agl_to_amsl(self, *, surface_amsl_m: float) -> Altitude:
        """The inverse of `amsl_to_agl`."""
        self._require(Datum.AGL, "surface height")
        return Altitude(self.metres + surface_amsl_m, Datum.AMSL)

    def takeoff_to_amsl(self, *, takeoff_amsl_m: float) -> Altitude:
        """Height above sea level, given that of the take-off point."""
        self._require(Datum.TAKEOFF, "take-off height")
        return Altitude(self.metres + takeoff_amsl_m, Datum.AMSL)
