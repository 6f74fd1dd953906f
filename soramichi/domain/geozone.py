"""A geozone (ED-269 / ED-318 volume): footprint, height band and activation, judged together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneVolume:
    """One volume of a zone.

    `footprint` is a valid shapely Polygon or MultiPolygon in WGS 84 lon/lat
    degrees; its boundary belongs to it, its holes do not. `floor` None reaches
    down without limit and `ceiling` None up without limit; both ends belong to
    the band, and floor and ceiling may have different datums.
    """

    footprint: shapely.Polygon | shapely.MultiPolygon
    floor: Altitude | None = None
    ceiling: Altitude | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One period in which a zone applies: [starts_at, ends_at), None being open.

    The daily schedule inside the period, where the source has one, is resolved
    by the module that reads zones.
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Geozone:
    """A zone; without activations it always applies."""

    identifier: str
    name: Name
    zone_type: ZoneType
    volumes: tuple[ZoneVolume, ...]
    activations: tuple[Activation, ...] = ()
    source: str = ""
