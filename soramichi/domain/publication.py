"""What the public may see: decided once, here, from what symposiums publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

# Beside a coarse place time and height are in steps too: from when an aircraft comes into a
# cell, and from its height above known ground, its place could be told much finer.
TIME_STEP = timedelta(seconds=10)
HEIGHT_STEP_M = 50.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def step_of(at: datetime) -> datetime:
    """The beginning of the step of time in which `at` lies."""
    return at - (at - _EPOCH) % TIME_STEP


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
    """What an operator asked for: shown `delay` late, at the nearest point of a `grid_deg` grid.

    On a grid there is one sample a `TIME_STEP`, the first: which later ones there were, and
    where, is not told.
    """

    delay: timedelta = timedelta(0)
    grid_deg: float = 0.0

    @property
    def is_coarse(self) -> bool:
        """Whether places are shown on a grid, and times and heights in steps."""
        return self.grid_deg > 0.0

    def coarse(self, degrees: float) -> float:
        """A latitude or longitude as the public sees it.

        >>> Discretion(grid_deg=0.01).coarse(136.87124)
        136.87
        """
        if not self.is_coarse:
            return degrees
        return round(round(degrees / self.grid_deg) * self.grid_deg, 9)

    def moment(self, at: datetime) -> datetime:
        """A time as the public sees it: the beginning of its step, so never in the future.

        >>> Discretion(grid_deg=0.01).moment(datetime(2026, 7, 1, 9, 0, 19, tzinfo=UTC)).second
        10
        """
        return step_of(at) if self.is_coarse else at

    def public_from(self, received_at: datetime) -> datetime:
        """When the public first sees what was received then; on a grid the end of a step.

        >>> Discretion(grid_deg=0.01).public_from(datetime(2026, 7, 1, 9, 0, 19, tzinfo=UTC)).second
        20
        """
        at = received_at + self.delay
        return step_of(at) + TIME_STEP if self.is_coarse else at

    def height(self, metres: float) -> float:
        """A height as the public sees it, above the datum it was given for.

        >>> Discretion(grid_deg=0.01).height(319.0)
        300.0
        """
        return round(metres / HEIGHT_STEP_M) * HEIGHT_STEP_M if self.is_coarse else metres


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
