"""A geozone (ED-269 / ED-318): footprint, height band and activation, judged together.

What a source left unreadable stays visible as `Unknown`: the zone is kept in
its widest reading, and whoever judges answers "unknown" there, never "pass".
When a zone applies is answered by `soramichi.domain.activation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Any

import shapely

from soramichi.domain.altitude import Altitude
from soramichi.domain.flight import Name


class ZoneType(StrEnum):
    """What a zone asks of those who would enter, in ED-318's spelling."""

    USPACE = "USPACE"
    PROHIBITED = "PROHIBITED"
    REQ_AUTHORIZATION = "REQ_AUTHORIZATION"
    CONDITIONAL = "CONDITIONAL"
    NO_RESTRICTION = "NO_RESTRICTION"


class ZoneKind(StrEnum):
    """What a zone is, as far as rules for aircraft classes differ by it.

    DID: densely inhabited district (人口集中地区). AIRPORT: the site of one.
    AIRPORT_SURFACE: above a limitation surface (制限表面). RED: the site of an
    important facility, YELLOW: its surroundings. EMERGENCY: 緊急用務空域.
    FENCE: drawn for one mission. OTHER: whatever `zone_type` alone tells.
    """

    OTHER = "other"
    DID = "did"
    AIRPORT = "airport"
    AIRPORT_SURFACE = "airport-surface"
    RED = "red"
    YELLOW = "yellow"
    EMERGENCY = "emergency"
    FENCE = "fence"


class Containment(StrEnum):
    """On which side of a zone its demand applies.

    KEEP_OUT: inside any of the volumes. KEEP_IN: outside all of the volumes
    together; an aircraft may leave one for another where they overlap.
    """

    KEEP_OUT = "keep-out"
    KEEP_IN = "keep-in"


class SunEvent(StrEnum):
    """ED-318's daylight events, seen at the middle of the zone.

    SR, SS: sunrise and sunset. BMCT: beginning of morning civil twilight.
    EECT: end of evening civil twilight.
    """

    BMCT = "BMCT"
    SR = "SR"
    SS = "SS"
    EECT = "EECT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something a source did not say legibly: which field of it, and why, for people."""

    field: str
    reason: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneVolume:
    """One volume of a zone.

    `footprint` is a valid shapely Polygon or MultiPolygon in WGS 84 lon/lat
    degrees, longitudes within [-180, 180]; its boundary belongs to it, its
    holes do not. `floor` None reaches down without limit and `ceiling` None up
    without limit; both ends belong to the band, and floor and ceiling may have
    different datums (AGL, AMSL or ELLIPSOID). With `unknowns` this is the
    widest reading of the source, so whatever meets it is unknown, not refused.
    """

    footprint: shapely.Polygon | shapely.MultiPolygon
    floor: Altitude | None = None
    ceiling: Altitude | None = None
    unknowns: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyWindow:
    """Hours of the day, repeated: from `starts` to the first `ends` after it.

    `weekdays` (0 Monday .. 6 Sunday) are the days on which the window starts;
    one that passes midnight belongs to the day before. Clock times carry their
    zone (`tzinfo`) and decide what a day is; with sun events alone the day is
    that of the mean sun at the zone. Equal clock times mean 24 hours.
    """

    weekdays: frozenset[int]
    starts: time | SunEvent
    ends: time | SunEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One period in which a zone applies: [starts_at, ends_at), None being open.

    With `windows` it applies only inside them. Times are aware.
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    windows: tuple[DailyWindow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Whom to ask; members that the source left out are None or empty."""

    name: Name
    purpose: str = "AUTHORIZATION"
    service: str = ""
    contact: str = ""
    email: str = ""
    phone: str = ""
    site_url: str = ""
    interval_before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geozone:
    """A zone; without activations it always applies.

    `unknowns` hold for every volume. A zone that has unknowns and no volumes
    could be anywhere. `source` names the file or authority it came from,
    `properties` are the source's own members, kept as they were. Two zones are
    the same zone when source and identifier agree.
    """

    identifier: str
    name: Name
    zone_type: ZoneType
    volumes: tuple[ZoneVolume, ...]
    activations: tuple[Activation, ...] = ()
    source: str = ""
    kind: ZoneKind = ZoneKind.OTHER
    containment: Containment = Containment.KEEP_OUT
    country: str = ""
    reasons: tuple[str, ...] = ()
    authorities: tuple[Authority, ...] = ()
    message: Name | None = None
    unknowns: tuple[Unknown, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)
