"""Keeping to a corridor: within its width and its heights, on one and the same part of it.

Several corridors may be assigned to a flight, such as those of several legs; it
keeps to them while it is inside any. A flight that never enters is told of, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.events import CorridorRef, Event, EventKind, Evidence, Place, Severity
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import WGS84, LocalPlane
from soramichi.domain.position import Position
from soramichi.domain.tracking import Floats, Track
from soramichi.domain.zone_volumes import Side

# The flown line is a geodesic; pieces this short are straight in the plane to less than 1 cm.
_PIECE_M = 2_000.0
_STEPS = 16
# A booking's times are kept this far on both sides: later, the airspace is somebody else's.
_SLACK = timedelta(minutes=30)


class Excess(NamedTuple):
    """How far outside a corridor, negative inside; on the side that decides.

    `across_m` and `up_m` (NaN: cannot be told, -inf: no heights planned) are of one piece.
    """

    across_m: float
    up_m: float
    side: Side
    room_m: float
    band_m: float

    @property
    def unknown(self) -> bool:
        """Whether the heights could not be compared."""
        return bool(np.isnan(self.up_m))

    @property
    def metres(self) -> float:
        """Outside by so much, at the least where heights cannot be compared."""
        return self.across_m if self.unknown else max(self.across_m, self.up_m)


@dataclass(slots=True)
class AssignedCorridor:
    """A corridor that one aircraft is to fly, at any time or in [departs_at, arrives_at]."""

    ref: CorridorRef
    plan: Corridor
    departs_at: datetime | None = None
    arrives_at: datetime | None = None
    _plane: LocalPlane = field(init=False)
    _start: Floats = field(init=False)
    _leg: Floats = field(init=False)
    _height: Floats | None = field(init=False)
    datum: Datum | None = field(init=False)

    def __post_init__(self) -> None:
        lonlat, heights = _pieces(self.plan)
        middle = lonlat[len(lonlat) // 2]
        self._plane = LocalPlane(
            Position(latitude_deg=float(middle[1]), longitude_deg=float(middle[0]))
        )
        metres = shapely.get_coordinates(self._plane.metres(shapely.points(lonlat)))
        self._start, self._leg = metres[:-1], np.diff(metres, axis=0)
        self._height = heights
        self.datum = self.plan.heights[0].datum if self.plan.heights else None

    def applies(self, at: datetime) -> bool:
        """Whether it is this flight's at that time."""
        return (self.departs_at is None or self.departs_at - _SLACK <= at) and (
            self.arrives_at is None or at <= self.arrives_at + _SLACK
        )

    def excesses(self, track: Track, index: Floats) -> list[Excess]:
        """How far outside the track is at these places, each by the piece that suits it best."""
        lonlat = [track.at(one, index) for one in (track.longitude_deg, track.latitude_deg)]
        points = shapely.get_coordinates(self._plane.metres(shapely.points(*lonlat)))
        off = points[:, None, :] - self._start
        squared = np.maximum((self._leg**2).sum(axis=1), 1e-9)
        part = np.clip((off * self._leg).sum(axis=2) / squared, 0.0, 1.0)
        across = np.hypot(*np.moveaxis(off - part[:, :, None] * self._leg, 2, 0))
        across -= self.plan.half_width_m
        over, under = self._vertical(track, index, part)
        up = np.maximum(over, under)
        total = np.where(np.isnan(up), across, np.maximum(across, up))
        best = total.argmin(axis=1)
        rows = np.arange(len(index))
        return [
            self._excess(*values)
            for values in zip(
                across[rows, best].tolist(),
                over[rows, best].tolist(),
                under[rows, best].tolist(),
                strict=True,
            )
        ]

    def _vertical(self, track: Track, index: Floats, part: Floats) -> tuple[Floats, Floats]:
        """Metres above the top and below the bottom of each piece at its nearest point."""
        if self._height is None or self.datum is None:
            return np.full_like(part, -np.inf), np.full_like(part, -np.inf)
        low, high = self._height[:-1], self._height[1:]
        planned = low + (high - low) * part
        flown = track.at(self._heights_m(track), index)[:, None]
        return flown - planned - self.plan.above_m, planned - self.plan.below_m - flown

    def _heights_m(self, track: Track) -> Floats:
        assert self.datum is not None  # noqa: S101
        found = track.heights_m(self.datum)
        if self.datum is Datum.TAKEOFF and self.plan.takeoff_amsl_m is not None:
            above = track.heights_m(Datum.AMSL) - self.plan.takeoff_amsl_m
            return np.where(np.isnan(found), above, found)
        return found

    def _excess(self, across_m: float, over_m: float, under_m: float) -> Excess:
        up_m = max(over_m, under_m) if not np.isnan(over_m) else float("nan")
        upright: Side = "above" if over_m >= under_m else "below"
        side: Side = upright if up_m > across_m else "across"
        band_m = self.plan.above_m + self.plan.below_m
        return Excess(across_m, up_m, side, self.plan.half_width_m, band_m)


def _pieces(plan: Corridor) -> tuple[Floats, Floats | None]:
    """Points of the flown line, close together, and the planned height at each."""
    line: list[tuple[float, float]] = []
    part: list[float] = []
    for k, (here, there) in enumerate(zip(plan.waypoints, plan.waypoints[1:], strict=False)):
        length = WGS84.inv(*here.lonlat, *there.lonlat)[2]
        count = max(1, int(np.ceil(length / _PIECE_M)))
        between = WGS84.npts(*here.lonlat, *there.lonlat, count - 1) if count > 1 else []
        line += [here.lonlat, *between]
        part += [k + n / count for n in range(count)]
    line.append(plan.waypoints[-1].lonlat)
    part.append(len(plan.waypoints) - 1.0)
    heights = None
    if plan.heights is not None:
        metres = [one.metres for one in plan.heights]
        heights = np.interp(part, np.arange(len(metres)), metres)
    return np.array(line), heights


class Leaving(Struct):
    """A corridor was left, and may have been by noise."""

    place: Place
    between: tuple[datetime, datetime]
    certain: bool = False
    by_m: float = 0.0
    side: Side = "across"
    accuracy_m: float = 0.0


class CorridorState(Struct):
    """How one flight keeps to its corridors; `airborne_since` None while on the ground."""

    airborne_since: datetime | None = None
    entered: bool = False
    outside: bool = False
    leaving: Leaving | None = None
    nearest_m: float | None = None
    nearest: CorridorRef | None = None
    told_never: bool = False
    told_unknown: bool = False


@dataclass(slots=True)
class CorridorWatch:
    """One flight against its corridors, over one stretch of observations."""

    corridors: Sequence[AssignedCorridor]
    state: CorridorState
    track: Track
    dwell: timedelta
    never_after: timedelta
    found: list[Event] = field(default_factory=list)

    def run(self, airborne: NDArray[np.bool_], *, first: int) -> list[Event]:
        """What happened from observation `first` on; the one before, if any, was seen earlier."""
        if not self.corridors:
            return []
        every = np.arange(len(self.track), dtype=np.float64)
        readings = [one.excesses(self.track, every) for one in self.corridors]
        for k in range(first, len(self.track)):
            if not airborne[k]:
                if self.state.airborne_since is not None:
                    self.never(k)
                    self.state = CorridorState()
                continue
            at = self.track.fixes[k].sample.time
            assigned = [c for c, one in enumerate(self.corridors) if one.applies(at)]
            if assigned:
                best = min(assigned, key=lambda c, k=k: readings[c][k].metres)  # type: ignore[misc]
                self._step([self.corridors[c] for c in assigned], self.corridors[best],
                           readings[best][k], k)  # fmt: skip
        return self.found

    def _step(
        self,
        assigned: Sequence[AssignedCorridor],
        corridor: AssignedCorridor,
        excess: Excess,
        k: int,
    ) -> None:
        state, track = self.state, self.track
        at = track.fixes[k].sample.time
        if state.airborne_since is None:
            state.airborne_since = at
        if state.nearest_m is None or excess.metres < state.nearest_m:
            state.nearest_m, state.nearest = excess.metres, corridor.ref
        if excess.metres <= 0.0:
            if excess.unknown and not state.told_unknown:
                self._tell_unknown(corridor, k)
            self._inside(excess, k)
        elif state.entered and not state.outside:
            self._leave(assigned, corridor, excess, k)
        elif not state.entered and at - state.airborne_since >= self.never_after:
            self.never(k)

    def _inside(self, excess: Excess, k: int) -> None:
        state, track = self.state, self.track
        if not state.outside:
            state.entered, state.leaving = True, None
            return
        # It was outside: inside again only by more than the fix may be wrong.
        across = min(float(track.accuracy_h_m[k]), 0.5 * excess.room_m)
        up = min(float(track.accuracy_v_m[k]), 0.25 * excess.band_m)
        if excess.across_m <= -across and (excess.unknown or excess.up_m <= -up):
            state.outside, state.leaving = False, None

    def _leave(
        self,
        assigned: Sequence[AssignedCorridor],
        corridor: AssignedCorridor,
        excess: Excess,
        k: int,
    ) -> None:
        state, track = self.state, self.track
        if state.leaving is None:
            state.leaving = self._left(assigned, k)
        leaving = state.leaving
        across, up = float(track.accuracy_h_m[k]), float(track.accuracy_v_m[k])
        if excess.across_m > across or (not excess.unknown and excess.up_m > up):
            leaving.certain = True
        if excess.metres > leaving.by_m:
            leaving.by_m, leaving.side = round(excess.metres, 1), excess.side
            leaving.accuracy_m = across if excess.side == "across" else up
        fix = track.fixes[k]
        if leaving.certain and fix.sample.time - leaving.place.time >= self.dwell:
            state.outside = True
            evidence = Evidence(
                corridor=corridor.ref,
                by_m=leaving.by_m,
                side=leaving.side,
                datum=None if leaving.side == "across" else corridor.datum,
                accuracy_m=leaving.accuracy_m,
                between=leaving.between,
            )
            known_at = max(fix.received_at, leaving.place.received_to)
            self._tell(EventKind.CORRIDOR_DEVIATION, Severity.WARNING, leaving.place, known_at,
                       evidence)  # fmt: skip

    def _left(self, assigned: Sequence[AssignedCorridor], k: int) -> Leaving:
        """Where the last of the corridors was left, between this observation and the one before."""
        track = self.track
        at = track.fixes[k].sample.time
        if k == 0:
            return Leaving(place=track.place(0.0), between=(at, at))
        low, high = k - 1.0, float(k)
        for _ in range(2):
            places = np.linspace(low, high, _STEPS + 1)
            rows = [one.excesses(track, places) for one in assigned]
            out = [all(row[n].metres > 0.0 for row in rows) for n in range(len(places))]
            first = next((n for n in range(1, len(places)) if out[n]), _STEPS)
            low, high = float(places[first - 1]), float(places[first])
        return Leaving(place=track.place(high), between=(track.fixes[k - 1].sample.time, at))

    def never(self, k: int) -> None:
        """Say once that it never entered; also at the landing and at the end of the flight."""
        state, track = self.state, self.track
        if state.entered or state.told_never or state.nearest is None:
            return
        state.told_never = True
        evidence = Evidence(corridor=state.nearest, by_m=round(state.nearest_m or 0.0, 1))
        self._tell(EventKind.CORRIDOR_NEVER_ENTERED, Severity.WARNING, track.place(float(k)),
                   track.fixes[k].received_at, evidence)  # fmt: skip

    def _tell_unknown(self, corridor: AssignedCorridor, k: int) -> None:
        track = self.track
        assert corridor.datum is not None  # noqa: S101
        self.state.told_unknown = True
        evidence = Evidence(corridor=corridor.ref, unknown=self._why(corridor, k))
        self._tell(EventKind.CORRIDOR_DEVIATION, Severity.CAUTION, track.place(float(k)),
                   track.fixes[k].received_at, evidence)  # fmt: skip

    def _why(self, corridor: AssignedCorridor, k: int) -> Name:
        assert corridor.datum is not None  # noqa: S101
        return self.track.why_unknown(k, corridor.datum)

    def _tell(
        self,
        kind: EventKind,
        severity: Severity,
        place: Place,
        known_at: datetime,
        evidence: Evidence,
    ) -> None:
        self.found.append(
            Event(kind=kind, severity=severity, place=place, known_at=known_at, evidence=evidence)
        )
