"""One aircraft's flight events, from its observations in order and from the clock.

A `Watch` is all that is known of an aircraft; it is plain data, so whoever runs
the watch can keep it anywhere. The answer depends on the observations only, not
on how they were cut into stretches: taking them again from the same state tells
the same events, with the same times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from msgspec import Struct
from msgspec import field as member

from soramichi.domain.alarms import AlarmState, AlarmWatch, lost
from soramichi.domain.corridor_watch import AssignedCorridor, CorridorState, CorridorWatch
from soramichi.domain.events import Event
from soramichi.domain.flight_phase import PhaseState, PhaseWatch
from soramichi.domain.terrain import NoTerrain, Terrain
from soramichi.domain.tracking import Fix, Track
from soramichi.domain.zone_volumes import Zones
from soramichi.domain.zone_watch import ZoneState, ZoneWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When something is an event.

    A change counts once it has lasted `dwell`. An airborne aircraft without a
    sample for `link_silence`, or that said itself off line and stayed silent for
    `link_offline`, has lost its link. A flight that is not in its corridor
    `corridor_after` its take-off never entered it. `pause`: a silence between two
    flights this long starts everything anew.
    """

    dwell: timedelta = timedelta(seconds=2)
    link_silence: timedelta = timedelta(seconds=15)
    link_offline: timedelta = timedelta(seconds=5)
    corridor_after: timedelta = timedelta(minutes=3)
    battery_levels_pct: tuple[float, ...] = (20.0, 10.0)
    pause: timedelta = timedelta(minutes=5)


class Watch(Struct, kw_only=True):
    """What is known of one aircraft after its last observation; empty before the first."""

    last: Fix | None = None
    zones_version: str = ""
    phase: PhaseState = member(default_factory=PhaseState)
    zones: dict[str, ZoneState] = member(default_factory=dict)
    corridor: CorridorState = member(default_factory=CorridorState)
    alarms: AlarmState = member(default_factory=AlarmState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What aircraft are judged against."""

    zones: Zones = field(default_factory=lambda: Zones(()))
    terrain: Terrain = field(default_factory=NoTerrain)
    limits: Limits = field(default_factory=Limits)


def observe(
    watch: Watch,
    fixes: Sequence[Fix],
    around: Surroundings,
    corridors: Sequence[AssignedCorridor] = (),
) -> list[Event]:
    """Take observations newer than the last, in order of time, and say what happened.

    `corridors` are those that this aircraft is to fly. [] takes nothing.
    """
    found: list[Event] = []
    for stretch in _stretches(watch.last, fixes, around.limits.pause):
        _Stretch(watch, stretch, around, corridors, found).run()
    found.sort(key=lambda event: (event.place.time, event.kind))
    return found


def listen(
    watch: Watch, limits: Limits, now: datetime, *, offline_since: datetime | None = None
) -> list[Event]:
    """Whether the link was lost by `now`, the clock that stamps receptions.

    `offline_since`: when the aircraft was last said to be off line, None when it
    is on line or nobody said.
    """
    last = watch.last
    if last is None or watch.alarms.lost or not watch.phase.airborne:
        return []
    place = Track([last], NoTerrain(), np.array([np.nan])).place(0.0)
    if now - last.received_at >= limits.link_silence:
        watch.alarms.lost = True
        return [lost(place, limits.link_silence, cause="silence")]
    if (
        offline_since is not None
        and offline_since >= last.received_at
        and now - offline_since >= limits.link_offline
    ):
        watch.alarms.lost = True
        silent = offline_since + limits.link_offline - last.received_at
        return [lost(place, silent, cause="offline")]
    return []


def due_at(
    watch: Watch, limits: Limits, *, offline_since: datetime | None = None
) -> datetime | None:
    """When to `listen` again if no observation comes; None for never."""
    last = watch.last
    if last is None or watch.alarms.lost or not watch.phase.airborne:
        return None
    silence = last.received_at + limits.link_silence
    if offline_since is not None and offline_since >= last.received_at:
        return min(silence, offline_since + limits.link_offline)
    return silence


def _stretches(last: Fix | None, fixes: Sequence[Fix], pause: timedelta) -> Iterator[list[Fix]]:
    """The observations of one flight each, or of several without a pause between."""
    stretch: list[Fix] = []
    for fix in fixes:
        if last is not None and _apart(last, fix, pause) and stretch:
            yield stretch
            stretch = []
        stretch.append(fix)
        last = fix
    if stretch:
        yield stretch


def _apart(one: Fix, other: Fix, pause: timedelta) -> bool:
    return one.flight_id != other.flight_id and other.sample.time - one.sample.time >= pause


@dataclass(slots=True)
class _Stretch:
    """One stretch of observations on its way into a watch."""

    watch: Watch
    fixes: list[Fix]
    around: Surroundings
    corridors: Sequence[AssignedCorridor]
    found: list[Event]

    def run(self) -> None:
        watch, limits = self.watch, self.around.limits
        last = watch.last
        was_airborne = bool(watch.phase.airborne)
        anew = last is None or _apart(last, self.fixes[0], limits.pause)
        if anew and last is not None:
            self._begin_anew(last)
        track = self._track(last)
        first = len(track) - len(self.fixes)
        phases = PhaseWatch(watch.phase, track, limits.dwell, self.found)
        # Where a flight begins anew, the observation before is only asked about the link.
        airborne = phases.run(first=first)
        before = [was_airborne, *airborne[first:].tolist()] if first else airborne.tolist()
        levels, silence = limits.battery_levels_pct, limits.link_silence
        alarms = AlarmWatch(watch.alarms, track, limits.dwell, levels, silence, self.found)
        alarms.run(first=first, was_airborne=before)
        own = self._own(track, anew=anew)
        self._zones(own, fresh=anew or watch.zones_version != self.around.zones.version)
        self._corridor(own, airborne[len(track) - len(own) :], first=len(own) - len(self.fixes))
        watch.last = self.fixes[-1]

    def _track(self, last: Fix | None) -> Track:
        fixes = self.fixes if last is None else [last, *self.fixes]
        known = self.watch.phase.takeoff_amsl_m
        takeoff = np.full(len(fixes), np.nan if known is None else known)
        return Track(fixes, self.around.terrain, takeoff)

    def _own(self, track: Track, *, anew: bool) -> Track:
        """The track without what belongs to the flight before."""
        if not anew or len(track) == len(self.fixes):
            return track
        return Track(self.fixes, track.terrain, track.takeoff_amsl_m[1:])

    def _begin_anew(self, last: Fix) -> None:
        """Another flight after a pause: what was left open of the one before is settled."""
        watch = self.watch
        if self.corridors:
            track = Track([last], self.around.terrain, np.array([np.nan]))
            limits = self.around.limits
            left = CorridorWatch(
                self.corridors, watch.corridor, track, limits.dwell, limits.corridor_after
            )
            left.never(0)
            self.found.extend(left.found)
        watch.phase = PhaseState()
        watch.zones = {}
        watch.corridor = CorridorState()

    def _zones(self, track: Track, *, fresh: bool) -> None:
        watch, zones = self.watch, self.around.zones
        if fresh and len(track) > len(self.fixes):
            # Other zones than before: the observation before was not judged against these.
            track = Track(self.fixes, track.terrain, track.takeoff_amsl_m[1:])
        seen = ZoneWatch(zones, watch.zones, self.around.limits.dwell)
        self.found.extend(seen.events(track, fresh=fresh))
        watch.zones_version = zones.version

    def _corridor(self, track: Track, airborne: np.ndarray, *, first: int) -> None:
        watch, limits = self.watch, self.around.limits
        kept = CorridorWatch(
            self.corridors, watch.corridor, track, limits.dwell, limits.corridor_after
        )
        self.found.extend(kept.run(airborne, first=first))
        watch.corridor = kept.state
