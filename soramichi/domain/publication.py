"""What the public may see: decided once, here, from what symposiums publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Subject(StrEnum):
    """What a symposium can publish."""

    OPERATOR = "operator"
    AIRCRAFT = "aircraft"
    FLIGHT = "flight"
    CORRIDOR = "corridor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """[starts_at, ends_at); an `ends_at` of None is no end."""

    starts_at: datetime
    ends_at: datetime | None = None

    def contains(self, at: datetime) -> bool:
        """Whether `at` lies in it."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discretion:
    """What an operator asked for: shown `delay` late, at the nearest point of a `grid_deg` grid."""

    delay: timedelta = timedelta(0)
    grid_deg: float = 0.0

    def coarse(self, degrees: float) -> float:
        """A latitude or longitude as the public sees it.

        >>> Discretion(grid_deg=0.01).coarse(136.87124)
        136.87
        """
        if self.grid_deg <= 0.0:
            return degrees
        return round(round(degrees / self.grid_deg) * self.grid_deg, 9)


NO_DISCRETION = Discretion()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publications:
    """Everything published by any symposium; nothing at all by default."""

    periods: Mapping[tuple[Subject, str], Sequence[Period]] = field(default_factory=dict)
    discretions: Mapping[str, Discretion] = field(default_factory=dict)

    def allows(
        self, *, operator_id: str, aircraft_id: str, flight_id: str, received_at: datetime
    ) -> bool:
        """Whether a sample received then may be seen by the public, sooner or later."""
        subjects = (
            (Subject.OPERATOR, operator_id),
            (Subject.AIRCRAFT, aircraft_id),
            (Subject.FLIGHT, flight_id),
        )
        # Plain loops: this is asked of every state of every aircraft.
        for subject in subjects:
            for period in self.periods.get(subject, ()):
                if period.contains(received_at):
                    return True
        return False

    def discretion(self, operator_id: str) -> Discretion:
        """How late and how coarse this operator's aircraft are shown."""
        return self.discretions.get(operator_id, NO_DISCRETION)
