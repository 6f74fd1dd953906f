"""Taking off and landing, told from what the aircraft says, else from its height and motion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from soramichi.domain.altitude import Datum
from soramichi.domain.events import Event, EventKind, Evidence, Place, Severity
from soramichi.domain.telemetry import OperationalStatus
from soramichi.domain.terrain import NotLoaded, surface_amsl_m
from soramichi.domain.tracking import Track

# Higher than people walk with a drone in their hands, and than a helicopter taxies on wheels.
AIRBORNE_ABOVE_M = 5.0
GROUND_BELOW_M = 3.0
# Faster than anything taxies or is carried; slower than this it may stand.
AIRBORNE_FASTER_MPS = 15.0
STANDING_BELOW_MPS = 1.0

Cause = Literal["status", "height", "motion"]
_SAID = {OperationalStatus.AIRBORNE: True, OperationalStatus.GROUND: False}


class Turn(Struct):
    """The aircraft seems to be in the other phase since this place."""

    place: Place
    cause: Cause


class PhaseState(Struct):
    """`airborne` None: not known yet. `ground_m` is the height at which it last stood."""

    airborne: bool | None = None
    turn: Turn | None = None
    ground_m: float | None = None
    ground_datum: Datum | None = None
    takeoff_amsl_m: float | None = None


class _Sign(NamedTuple):
    airborne: bool
    cause: Cause


@dataclass(slots=True)
class PhaseWatch:
    """One aircraft over one stretch of observations."""

    state: PhaseState
    track: Track
    dwell: timedelta
    found: list[Event]

    def run(self, *, first: int) -> NDArray[np.bool_]:
        """Whether it is airborne at each observation, from `first` on told anew.

        Where it takes off, the height of the take-off point becomes known to the track.
        """
        state = self.state
        airborne = np.full(len(self.track), bool(state.airborne))
        for k in range(first, len(self.track)):
            self._step(k)
            airborne[k] = bool(state.airborne)
            if state.takeoff_amsl_m is not None:
                self.track.takeoff_amsl_m[k] = state.takeoff_amsl_m
        return airborne

    def _step(self, k: int) -> None:
        state = self.state
        sign = self._sign(k)
        if sign is None:
            return
        if not sign.airborne:
            self._stand(k)
        if state.airborne is None:
            state.airborne = sign.airborne
            return
        if sign.airborne == state.airborne:
            state.turn = None
            return
        if state.turn is None:
            state.turn = Turn(self.track.place(float(k)), sign.cause)
        fix = self.track.fixes[k]
        if fix.sample.time - state.turn.place.time >= self.dwell:
            turn, state.turn, state.airborne = state.turn, None, sign.airborne
            self.found.append(
                Event(
                    kind=EventKind.TAKEOFF if sign.airborne else EventKind.LANDING,
                    severity=Severity.INFO,
                    place=turn.place,
                    known_at=max(fix.received_at, turn.place.received_to),
                    evidence=Evidence(cause=turn.cause),
                )
            )

    def _stand(self, k: int) -> None:
        """Remember where it stands: heights above take-off are counted from there."""
        sample, state = self.track.fixes[k].sample, self.state
        state.ground_m, state.ground_datum = sample.altitude_m, sample.altitude_datum
        if sample.altitude_datum is Datum.TAKEOFF and state.takeoff_amsl_m is None:
            surface = surface_amsl_m(self.track.terrain, sample.position)
            state.takeoff_amsl_m = None if isinstance(surface, NotLoaded) else surface

    def _sign(self, k: int) -> _Sign | None:
        """What this observation says, None when it cannot be told."""
        sample = self.track.fixes[k].sample
        if sample.status in _SAID:
            return _Sign(_SAID[sample.status], "status")
        accuracy = float(self.track.accuracy_v_m[k])
        for read in (self._above_surface, self._above_start):
            height = read(k)
            if height is not None and height >= AIRBORNE_ABOVE_M + accuracy:
                return _Sign(True, "height")
            if height is not None and abs(height) <= GROUND_BELOW_M + accuracy:
                return _Sign(False, "height") if self._may_stand(k) else None
        speed = sample.ground_speed_mps
        return _Sign(True, "motion") if speed is not None and speed > AIRBORNE_FASTER_MPS else None

    def _may_stand(self, k: int) -> bool:
        sample = self.track.fixes[k].sample
        return all(
            one is None or abs(one) < STANDING_BELOW_MPS
            for one in (sample.ground_speed_mps, sample.vertical_speed_mps)
        )

    def _above_surface(self, k: int) -> float | None:
        sample = self.track.fixes[k].sample
        if sample.altitude_datum is Datum.TAKEOFF:
            return None
        height = float(self.track.heights_m(Datum.AGL)[k])
        return None if np.isnan(height) else height

    def _above_start(self, k: int) -> float | None:
        """Above where it last stood; unless it says so itself, nobody knows before it stood."""
        sample, state = self.track.fixes[k].sample, self.state
        if sample.altitude_datum is Datum.TAKEOFF:
            return sample.altitude_m
        if state.ground_m is None or state.ground_datum is not sample.altitude_datum:
            return None
        return sample.altitude_m - state.ground_m
