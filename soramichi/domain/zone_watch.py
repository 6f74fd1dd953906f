"""Entering and leaving geozones: told once, whatever the noise at an edge.

An aircraft is taken for inside only once it was inside by more than its fix may
be wrong, and for outside likewise, each for `dwell`; between the two nothing
changes. What happens is dated at the edge, found on the segment between two
observations, so a zone crossed between two sparse fixes is not missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from msgspec import Struct

from soramichi.domain.altitude import Datum
from soramichi.domain.events import Event, EventKind, Evidence, Place, Severity
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Containment, ZoneType
from soramichi.domain.tracking import Track
from soramichi.domain.zone_volumes import COARSE, Reading, Side, WatchedZone, Zones

# A straight line between two observations this far apart tells nothing of what lies between.
LONGEST_SEGMENT_S = 60.0
_STEPS = 16
_NOT_SURE = Name(
    ja="中に入っていたかどうか分からなかった", en="it could not be told whether it was inside"
)

_SEVERITY = {
    ZoneType.PROHIBITED: Severity.WARNING,
    ZoneType.REQ_AUTHORIZATION: Severity.CAUTION,
    ZoneType.CONDITIONAL: Severity.CAUTION,
    ZoneType.USPACE: Severity.INFO,
}


class Crossing(Struct):
    """An edge was crossed, and may have been by noise: the best evidence so far."""

    place: Place
    between: tuple[datetime, datetime]
    certain: bool = False
    first_seen: bool = False
    by_m: float = 0.0
    side: Side = "across"
    datum: Datum | None = None
    accuracy_m: float = 0.0
    unknown: Name | None = None


class ZoneState(Struct):
    """Where an aircraft stands as to one zone; `unsure` while inside is not certain."""

    inside: bool = False
    unsure: bool = False
    crossing: Crossing | None = None


@dataclass(slots=True)
class ZoneWatch:
    """One aircraft against all zones, over one stretch of observations.

    `states` are kept by the caller from stretch to stretch; the first
    observation of `track` is the last of the stretch before, unless `fresh`.
    """

    zones: Zones
    states: dict[str, ZoneState]
    dwell: timedelta

    def events(self, track: Track, *, fresh: bool) -> list[Event]:
        """What happened after the first observation of `track`, or from it on when `fresh`."""
        found: list[Event] = []
        for zone in self.zones.near(track, list(self.states)):
            state = self.states.get(zone.key, ZoneState())
            _Pass(zone, state, track, self.dwell, found).run(fresh=fresh)
            if state.inside or state.crossing is not None:
                self.states[zone.key] = state
            else:
                self.states.pop(zone.key, None)
        for gone in [key for key in self.states if key not in {z.key for z in self.zones.watched}]:
            del self.states[gone]
        return found


@dataclass(slots=True)
class _Pass:
    """One stretch of observations against one zone."""

    zone: WatchedZone
    state: ZoneState
    track: Track
    dwell: timedelta
    found: list[Event]

    def run(self, *, fresh: bool) -> None:
        readings = self.zone.readings(self.track, np.arange(len(self.track), dtype=np.float64))
        if fresh:
            self._step(readings[0], 0.0, None)
        for k in range(1, len(self.track)):
            before, now = readings[k - 1], readings[k]
            if (deepest := self._between(before, now, k)) is not None:
                self._step(deepest[1], deepest[0], k - 1.0)
                self._step(now, float(k), deepest[0])
            else:
                self._step(now, float(k), k - 1.0)

    def _between(self, before: Reading, now: Reading, k: int) -> tuple[float, Reading] | None:
        """The deepest place inside, where only the line between two outside places is."""
        if before.depth_m > 0.0 or now.depth_m > 0.0 or not self._is_short(k):
            return None
        gap = max(0.0, -before.across_m) + max(0.0, -now.across_m)
        length = self._length_m(k)
        if gap > length or length < 1.0:
            return None
        index = np.linspace(k - 1.0, float(k), 4 * _STEPS + 1)
        readings = self.zone.readings(self.track, index)
        best = max(range(len(index)), key=lambda at: readings[at].depth_m)
        return (float(index[best]), readings[best]) if readings[best].depth_m > 0.0 else None

    def _is_short(self, k: int) -> bool:
        fixes = self.track.fixes
        gap = fixes[k].sample.time - fixes[k - 1].sample.time
        return gap.total_seconds() <= LONGEST_SEGMENT_S

    def _length_m(self, k: int) -> float:
        track = self.track
        north = (track.latitude_deg[k] - track.latitude_deg[k - 1]) * 111_195.0
        east = (track.longitude_deg[k] - track.longitude_deg[k - 1]) * 111_195.0
        # 1 % for the ellipsoid, so that nothing is left out.
        return float(1.01 * np.hypot(north, east * np.cos(np.radians(track.latitude_deg[k]))))

    def _step(self, reading: Reading, index: float, previous: float | None) -> None:
        """Take one reading; `previous` is the place of the one before, None for the first."""
        at = self.track.time_at(index)
        applies = self.zone.applies(at)
        if not applies and not self.state.inside:
            self.state.crossing = None
            return
        is_inside = applies and reading.depth_m > 0.0
        if is_inside != self.state.inside:
            self._towards(reading, index, previous, applies=applies)
        elif self.state.crossing is not None:
            self._back(index, previous)
        if self.state.inside and self.state.unsure and is_inside and reading.unknown is None:
            self._make_sure(reading, index)

    def _towards(
        self, reading: Reading, index: float, previous: float | None, *, applies: bool
    ) -> None:
        """On the other side than it is taken for: since when, and whether for certain."""
        if self.state.crossing is None:
            self.state.crossing = self._crossing(index, previous, inside=not self.state.inside)
        crossing = self.state.crossing
        if not applies or self._is_certain(reading, index):
            better = not crossing.certain or abs(reading.depth_m) > crossing.by_m
            if better and not (crossing.certain and reading.unknown and not crossing.unknown):
                self._note(crossing, reading, index)
            crossing.certain = True
        if crossing.certain and self.track.time_at(index) - crossing.place.time >= self.dwell:
            self._turn(crossing, index)

    def _back(self, index: float, previous: float | None) -> None:
        """On the side it was taken for again: it had left it for long enough, or it was noise."""
        crossing = self.state.crossing
        assert crossing is not None  # noqa: S101
        back = self._crossing(index, previous, inside=self.state.inside)
        if crossing.certain and back.place.time - crossing.place.time >= self.dwell:
            self._turn(crossing, index)
            self.state.crossing = back
            reading = self.zone.readings(self.track, np.array([index]))[0]
            self._towards(reading, index, previous, applies=self.zone.applies(back.place.time))
        else:
            self.state.crossing = None

    def _is_certain(self, reading: Reading, index: float) -> bool:
        """Whether a fix cannot be wrong by so much."""
        if not self.state.inside:
            return self._is_surely_inside(reading, index)
        across, up = self._accuracy(index)
        return reading.across_m <= -across or reading.within_m <= -up

    def _is_surely_inside(self, reading: Reading, index: float) -> bool:
        """Less is asked where there is less room; of what cannot be told, only the place."""
        across, up = self._accuracy(index)
        is_deep = reading.across_m >= min(across, 0.5 * reading.reach_m)
        if reading.unknown is not None:
            return is_deep or reading.unknown is COARSE
        return is_deep and reading.within_m >= min(up, 0.25 * reading.band_m)

    def _accuracy(self, index: float) -> tuple[float, float]:
        where = np.array([index])
        track = self.track
        return float(track.at(track.accuracy_h_m, where)[0]), float(
            track.at(track.accuracy_v_m, where)[0]
        )

    def _crossing(self, index: float, previous: float | None, *, inside: bool) -> Crossing:
        """Where the edge was crossed between two places; `inside` is where it leads."""
        if previous is None:
            place = self.track.place(index)
            return Crossing(place=place, between=(place.time, place.time), first_seen=True)
        low, high = previous, index
        for _ in range(2):
            places = np.linspace(low, high, _STEPS + 1)
            there = [
                self.zone.applies(self.track.time_at(float(place))) and reading.depth_m > 0.0
                for place, reading in zip(
                    places, self.zone.readings(self.track, places), strict=True
                )
            ]
            first = next((k for k in range(1, _STEPS + 1) if there[k] == inside), _STEPS)
            low, high = float(places[first - 1]), float(places[first])
        return Crossing(
            place=self.track.place(high),
            between=(self.track.time_at(previous), self.track.time_at(index)),
        )

    def _note(self, crossing: Crossing, reading: Reading, index: float) -> None:
        across, up = self._accuracy(index)
        crossing.by_m = round(abs(reading.depth_m), 1)
        crossing.side = reading.side if reading.unknown is None else "across"
        crossing.datum = reading.datum if crossing.side != "across" else None
        crossing.accuracy_m = across if crossing.side == "across" else up
        crossing.unknown = reading.unknown

    def _make_sure(self, reading: Reading, index: float) -> None:
        """What could not be told can be told now: it is inside."""
        if self._is_surely_inside(reading, index):
            place = self.track.place(index)
            sure = Crossing(place=place, between=(place.time, place.time))
            self._note(sure, reading, index)
            self.state.inside = False
            self._turn(sure, index)

    def _turn(self, crossing: Crossing, index: float) -> None:
        """It is on the other side now: say so."""
        state = self.state
        state.inside = not state.inside
        state.crossing = None
        unknown = crossing.unknown if state.inside else None
        if not state.inside and state.unsure:
            unknown = _NOT_SURE
        state.unsure = state.inside and unknown is not None
        known = self.track.place(index)
        self.found.append(
            Event(
                kind=EventKind.GEOZONE_ENTERED if state.inside else EventKind.GEOZONE_EXITED,
                severity=self._severity(unknown),
                place=crossing.place,
                known_at=max(known.received_to, crossing.place.received_to),
                evidence=Evidence(
                    zone=self.zone.ref,
                    by_m=crossing.by_m,
                    side=crossing.side,
                    datum=crossing.datum,
                    accuracy_m=crossing.accuracy_m,
                    between=crossing.between,
                    unknown=unknown,
                    first_seen=crossing.first_seen,
                ),
            )
        )

    def _severity(self, unknown: Name | None) -> Severity:
        zone = self.zone.zone
        wrong_way = self.state.inside != (zone.containment is Containment.KEEP_IN)
        if not wrong_way:
            return Severity.INFO
        if unknown is not None:
            return Severity.CAUTION
        return _SEVERITY.get(zone.zone_type, Severity.CAUTION)
