"""How far inside or outside a geozone an aircraft is: each volume judged whole, in metres."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from soramichi.domain.activation import Interval, active_intervals
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.events import ZoneRef
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.geozone import Geozone, ZoneType, ZoneVolume
from soramichi.domain.position import Position
from soramichi.domain.tracking import Floats, Track

Side = Literal["across", "above", "below"]

# Edges are straight in longitude and latitude, as the planner has them; this short, they are
# straight in a plane too (less than 0.1 m off at 35 degrees of latitude).
_EDGE_DEG = 0.02
# How far around a track zones are looked for; nothing is decided that far from a zone.
_NEAR_DEG = 0.005
_AHEAD = timedelta(hours=12)
# A fix worse than this cannot tell one side of a zone from the other.
COARSE_M = 100.0
COARSE = Name(ja="測位の精度が足りない", en="the fixes are too coarse")


class Reading(NamedTuple):
    """Where one observation is as to a zone; metres are positive inside.

    `across_m` horizontally, `within_m` in the height band (infinite without
    limits, NaN where it cannot be told); `reach_m` is how far inside it is
    possible to be horizontally, `band_m` the thickness of the band. `unknown`
    says why it cannot be told whether it is inside.
    """

    across_m: float
    within_m: float
    side: Side
    datum: Datum | None
    reach_m: float
    band_m: float
    unknown: Name | None

    @property
    def depth_m(self) -> float:
        """How far inside (positive) or outside it is, on the side that decides."""
        if self.unknown is not None:
            return self.across_m
        return min(self.across_m, self.within_m)


@dataclass(slots=True)
class _Volume:
    """One volume laid out in metres around its own middle."""

    volume: ZoneVolume
    unknown: Name | None
    _plane: LocalPlane = field(init=False)
    _area_m: shapely.Geometry = field(init=False)
    _edge_m: shapely.Geometry = field(init=False)
    reach_m: float = field(init=False)

    def __post_init__(self) -> None:
        area = shapely.segmentize(self.volume.footprint, _EDGE_DEG)
        middle = area.centroid
        self._plane = LocalPlane(Position(latitude_deg=middle.y, longitude_deg=middle.x))
        self._area_m = self._plane.metres(area)
        self._edge_m = shapely.boundary(self._area_m)
        shapely.prepare(self._area_m)
        shapely.prepare(self._edge_m)
        # The radius of the largest circle in it.
        self.reach_m = float(shapely.length(shapely.maximum_inscribed_circle(self._area_m)))

    def across_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        """Metres to the edge, positive inside; the edge itself is inside."""
        points = self._plane.metres(shapely.points(longitude_deg, latitude_deg))
        inside = shapely.intersects(self._area_m, points)
        away = shapely.distance(self._edge_m, points)
        signed: Floats = np.where(inside, away, -away)
        return signed

    def within_m(self, track: Track, index: Floats) -> tuple[Floats, Floats]:
        """Metres above the floor and below the ceiling; infinite without, NaN where unknown."""
        return (
            self._limit(self.volume.floor, track, index, 1.0),
            self._limit(self.volume.ceiling, track, index, -1.0),
        )

    def _limit(self, limit: Altitude | None, track: Track, index: Floats, sign: float) -> Floats:
        if limit is None:
            return np.full(len(index), np.inf)
        heights = track.at(track.heights_m(limit.datum), index)
        return sign * (heights - limit.metres)

    @property
    def band_m(self) -> float:
        floor, ceiling = self.volume.floor, self.volume.ceiling
        if floor is None or ceiling is None or floor.datum is not ceiling.datum:
            return float("inf")
        return ceiling.metres - floor.metres


@dataclass(slots=True)
class WatchedZone:
    """A zone that aircraft are watched against."""

    zone: Geozone
    ref: ZoneRef = field(init=False)
    _volumes: list[_Volume] = field(init=False)
    _active: tuple[Interval, ...] = ()
    _asked: Interval | None = None

    def __post_init__(self) -> None:
        zone = self.zone
        self.ref = ZoneRef(
            source=zone.source,
            identifier=zone.identifier,
            name=zone.name,
            zone_type=zone.zone_type.value,
        )
        doubts = zone.unknowns
        self._volumes = [
            _Volume(volume, next((one.reason for one in (*doubts, *volume.unknowns)), None))
            for volume in zone.volumes
            if not volume.footprint.is_empty
        ]

    @property
    def key(self) -> str:
        """Source and identifier: what makes a zone the same zone."""
        return f"{self.ref.source}|{self.ref.identifier}"

    def applies(self, at: datetime) -> bool:
        """Whether the zone is in force then."""
        if not self.zone.activations:
            return True
        if self._asked is None or not self._asked[0] <= at < self._asked[1]:
            self._asked = (at - _AHEAD, at + _AHEAD)
            self._active = active_intervals(self.zone, *self._asked)
        return any(starts <= at < ends for starts, ends in self._active)

    def readings(self, track: Track, index: Floats) -> list[Reading]:
        """Where the track is as to this zone at these places, in the volume that decides there.

        Inside for certain goes before inside by what is not certain, and that before outside.
        """
        longitude, latitude = (
            track.at(values, index) for values in (track.longitude_deg, track.latitude_deg)
        )
        longitude = (longitude + 180.0) % 360.0 - 180.0
        sides = [
            (one, one.across_m(longitude, latitude), *one.within_m(track, index))
            for one in self._volumes
        ]
        accuracy = track.at(track.accuracy_h_m, index)
        return [
            max(
                (
                    _reading(track, float(index[k]), volume, across[k], up[k], down[k], accuracy[k])
                    for volume, across, up, down in sides
                ),
                key=_rank,
            )
            for k in range(len(index))
        ]


def _reading(  # noqa: PLR0913, PLR0917  # one row of the arrays above
    track: Track,
    index: float,
    volume: _Volume,
    across_m: float,
    over_floor_m: float,
    under_ceiling_m: float,
    accuracy_m: float,
) -> Reading:
    limits = volume.volume
    below = over_floor_m < under_ceiling_m
    limit = limits.floor if below else limits.ceiling
    within = float(min(over_floor_m, under_ceiling_m))
    unknown = volume.unknown
    if unknown is None and np.isnan(over_floor_m + under_ceiling_m):
        # Known to be outside one of the limits, it is outside whatever the other says.
        known = [one for one in (over_floor_m, under_ceiling_m) if one < 0.0]
        within = float(known[0]) if known else float("nan")
        lost = limits.floor if np.isnan(over_floor_m) else limits.ceiling
        if not known and lost is not None:
            unknown = track.why_unknown(round(index), lost.datum)
    if accuracy_m > COARSE_M and abs(across_m) < accuracy_m:
        unknown = COARSE
    if across_m <= 0.0:
        unknown = None
    side: Side = "across" if not within < across_m else "below" if below else "above"
    return Reading(
        across_m=float(across_m),
        within_m=within,
        side=side,
        datum=limit.datum if limit is not None and side != "across" else None,
        reach_m=volume.reach_m,
        band_m=volume.band_m,
        unknown=unknown,
    )


def _rank(reading: Reading) -> tuple[int, float]:
    depth = reading.depth_m
    if depth <= 0.0:
        return 0, depth
    return (2 if reading.unknown is None else 1), depth


class Zones:
    """Every zone, and which of them are near a track. `version` tells two sets apart."""

    def __init__(self, zones: Iterable[Geozone], *, version: str = "") -> None:
        self.version = version
        self.watched = [
            WatchedZone(zone)
            for zone in zones
            if zone.zone_type is not ZoneType.NO_RESTRICTION
            and any(not volume.footprint.is_empty for volume in zone.volumes)
        ]
        self._by_key = {zone.key: zone for zone in self.watched}
        parts = [
            (k, volume.footprint)
            for k, one in enumerate(self.watched)
            for volume in one.zone.volumes
            if not volume.footprint.is_empty
        ]
        self._whose = [k for k, _ in parts]
        self._tree = shapely.STRtree([shapely.box(*area.bounds) for _, area in parts])

    def near(self, track: Track, also: Sequence[str] = ()) -> list[WatchedZone]:
        """The zones whose box the track comes near, and those of these keys that still exist."""
        longitude = (track.longitude_deg + 180.0) % 360.0 - 180.0
        line = (
            shapely.linestrings(longitude, track.latitude_deg)
            if len(track) > 1
            else shapely.points(longitude, track.latitude_deg)[0]
        )
        margin = max(_NEAR_DEG, float(track.accuracy_h_m.max()) / 50_000.0)
        area = shapely.buffer(shapely.envelope(line), min(margin, 1.0))
        found: NDArray[np.int64] = self._tree.query(area)
        keys = {self.watched[self._whose[k]].key: None for k in found.tolist()}
        keys |= dict.fromkeys(key for key in also if key in self._by_key)
        return [self._by_key[key] for key in sorted(keys)]
