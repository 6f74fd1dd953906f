"""Battery, emergency and link: told once each time, again only after it was over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct, structs

from soramichi.domain.events import Event, EventKind, Evidence, Place, Severity
from soramichi.domain.telemetry import OperationalStatus
from soramichi.domain.tracking import Fix, Track

# A level is forgotten once the battery is this far above it again.
_BATTERY_BACK_PCT = 5.0
# An emergency is over once the aircraft has said something else for so long.
_EMERGENCY_OVER = timedelta(seconds=10)


class AlarmState(Struct):
    """What was told already; `low` and `lost` since when it lasts without being told."""

    told_pct: float | None = None
    low: Place | None = None
    emergency: bool = False
    calm_since: datetime | None = None
    lost: bool = False


@dataclass(slots=True)
class AlarmWatch:
    """One aircraft over one stretch of observations; `levels_pct` from high to low."""

    state: AlarmState
    track: Track
    dwell: timedelta
    levels_pct: tuple[float, ...]
    silence: timedelta
    found: list[Event]

    def run(self, *, first: int, was_airborne: list[bool]) -> None:
        """Take the observations from `first` on; `was_airborne` as known at each."""
        for k in range(first, len(self.track)):
            fix = self.track.fixes[k]
            if k > 0:
                self._link(self.track.fixes[k - 1], fix, k, airborne=was_airborne[k - 1])
            self._battery(fix, k)
            self._emergency(fix, k)

    def _link(self, before: Fix, fix: Fix, k: int, *, airborne: bool) -> None:
        silent = fix.received_at - before.received_at
        if airborne and silent >= self.silence and not self.state.lost:
            self.found.append(lost(self.track.place(k - 1.0), self.silence, cause="silence"))
            self.state.lost = True
        if self.state.lost:
            self.state.lost = False
            place = self.track.place(float(k))
            # By the aircraft's own clock: what it had stored may reach back to the loss.
            place = structs.replace(place, time=max(place.time, before.sample.time + silent))
            self._tell(EventKind.LINK_RECOVERED, Severity.INFO, place, fix,
                       Evidence(silent_s=round(silent.total_seconds(), 1)))  # fmt: skip

    def _battery(self, fix: Fix, k: int) -> None:
        state, left = self.state, fix.sample.battery_pct
        if left is None:
            return
        if state.told_pct is not None and left >= state.told_pct + _BATTERY_BACK_PCT:
            state.told_pct = None
        reached = [one for one in self.levels_pct
                   if left <= one and (state.told_pct is None or one < state.told_pct)]  # fmt: skip
        if not reached:
            state.low = None
            return
        if state.low is None:
            state.low = self.track.place(float(k))
        if fix.sample.time - state.low.time >= self.dwell:
            place, state.low, state.told_pct = state.low, None, reached[-1]
            last = reached[-1] == self.levels_pct[-1]
            self._tell(EventKind.BATTERY_LOW, Severity.WARNING if last else Severity.CAUTION, place,
                       fix, Evidence(battery_pct=left, limit_pct=reached[-1]))  # fmt: skip

    def _emergency(self, fix: Fix, k: int) -> None:
        state, status = self.state, fix.sample.status
        if status is OperationalStatus.EMERGENCY:
            state.calm_since = None
            if not state.emergency:
                state.emergency = True
                self._tell(EventKind.EMERGENCY, Severity.WARNING, self.track.place(float(k)), fix,
                           Evidence(cause="status"))  # fmt: skip
        elif state.emergency and status is not None:
            state.calm_since = state.calm_since or fix.sample.time
            state.emergency = fix.sample.time - state.calm_since < _EMERGENCY_OVER

    def _tell(
        self, kind: EventKind, severity: Severity, place: Place, fix: Fix, evidence: Evidence
    ) -> None:
        known_at = max(fix.received_at, place.received_to)
        self.found.append(
            Event(kind=kind, severity=severity, place=place, known_at=known_at, evidence=evidence)
        )


def lost(last: Place, after: timedelta, *, cause: Literal["silence", "offline"]) -> Event:
    """The link was lost: dated and placed at the last observation, known `after` it came."""
    return Event(
        kind=EventKind.LINK_LOST,
        severity=Severity.WARNING,
        place=last,
        known_at=last.received_to + after,
        evidence=Evidence(silent_s=after.total_seconds(), cause=cause),
    )
