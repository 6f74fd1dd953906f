"""Who flies what, from where to where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soramichi.domain.position import Position


class AircraftClass(StrEnum):
    """The class whose rules and limits apply.

    DRONE: unmanned, the 150 m ceiling. EVTOL: a piloted flying car (空飛ぶクルマ).
    HELICOPTER: as used to stand in for one. UNKNOWN: not registered yet.
    """

    DRONE = "drone"
    EVTOL = "evtol"
    HELICOPTER = "helicopter"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """The same name in Japanese and English, for people."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who flies; `operator_id` is the second level of its topics."""

    operator_id: str
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Aircraft:
    """One aircraft; `aircraft_id` is unique on the whole platform, like a registration mark."""

    aircraft_id: str
    operator_id: str
    name: Name
    aircraft_class: AircraftClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertiport:
    """A place to take off and land; `elevation_amsl_m` is that of its surface."""

    vertiport_id: str
    name: Name
    position: Position
    elevation_amsl_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One flight as observed: first and last observation, both included.

    `sample_count` None: not to be told.
    """

    flight_id: str
    aircraft_id: str
    first_observed_at: datetime
    last_observed_at: datetime
    sample_count: int | None
