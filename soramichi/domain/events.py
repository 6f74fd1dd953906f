"""What happens in a flight that people must hear of, and how it is said to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from soramichi.domain.altitude import Datum
from soramichi.domain.flight import Name


class EventKind(StrEnum):
    """The kinds of flight events."""

    TAKEOFF = "takeoff"
    LANDING = "landing"
    GEOZONE_ENTERED = "geozone_entered"
    GEOZONE_EXITED = "geozone_exited"
    CORRIDOR_DEVIATION = "corridor_deviation"
    CORRIDOR_NEVER_ENTERED = "corridor_never_entered"
    LINK_LOST = "link_lost"
    LINK_RECOVERED = "link_recovered"
    BATTERY_LOW = "battery_low"
    EMERGENCY = "emergency"


class Severity(StrEnum):
    """INFO: part of any flight. CAUTION: look at it. WARNING: act."""

    INFO = "info"
    CAUTION = "caution"
    WARNING = "warning"


class ZoneRef(Struct, frozen=True, kw_only=True):
    """The zone that an event is about."""

    source: str
    identifier: str
    name: Name
    zone_type: str


class CorridorRef(Struct, frozen=True, kw_only=True):
    """The corridor that an event is about."""

    id: str
    name: Name


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event rests on; members that do not apply are left out.

    `by_m` metres inside the zone (entered), outside it (exited) or outside the
    corridor, on the `side` that decided, a height above `datum`; for a corridor
    never entered the nearest it came. `accuracy_m` is what the fix may be wrong
    by on that side. `between`: the two observations between which it happened.
    `unknown` says why it could not be told for certain. `first_seen`: it was so
    at the first observation. `silent_s` seconds without a sample; `cause` says by
    what a link was taken for lost, or a phase of flight was told.
    """

    zone: ZoneRef | None = None
    corridor: CorridorRef | None = None
    by_m: float | None = None
    side: Literal["across", "above", "below"] | None = None
    datum: Datum | None = None
    accuracy_m: float | None = None
    between: tuple[datetime, datetime] | None = None
    unknown: Name | None = None
    first_seen: bool = False
    silent_s: float | None = None
    cause: Literal["silence", "offline", "status", "height", "motion"] | None = None
    battery_pct: float | None = None
    limit_pct: float | None = None


class Place(Struct, frozen=True, kw_only=True):
    """Where an aircraft was at a moment, seen or interpolated between two observations.

    `received_from` and `received_to`: when the first and the last of the samples
    it is known from were received.
    """

    time: datetime
    flight_id: str
    longitude_deg: float
    latitude_deg: float
    altitude_m: float
    altitude_datum: Datum
    received_from: datetime
    received_to: datetime


class Event(Struct, frozen=True, kw_only=True):
    """One event of one aircraft; `known_at` is when the last thing it rests on was received."""

    kind: EventKind
    severity: Severity
    place: Place
    known_at: datetime
    evidence: Evidence = Evidence()

    @property
    def subject(self) -> str:
        """What tells events of one kind and moment apart: the zone, the corridor, the limit."""
        about = self.evidence
        if about.zone is not None:
            return f"{about.zone.source}|{about.zone.identifier}"
        if about.corridor is not None:
            return about.corridor.id
        return "" if about.limit_pct is None else f"{about.limit_pct:g}"


_PLAIN = {
    EventKind.TAKEOFF: Name(ja="離陸しました", en="took off"),
    EventKind.LANDING: Name(ja="着陸しました", en="landed"),
    EventKind.LINK_LOST: Name(ja="通信が途絶えました", en="the link was lost"),
    EventKind.LINK_RECOVERED: Name(ja="通信が回復しました", en="the link is back"),
    EventKind.EMERGENCY: Name(
        ja="機体が緊急事態を知らせています", en="the aircraft reports an emergency"
    ),
}
_SIDES = {
    "across": Name(ja="横", en="to the side"),
    "above": Name(ja="上", en="above"),
    "below": Name(ja="下", en="below"),
}


def describe(kind: EventKind, about: Evidence) -> Name:
    """An event in a sentence, for people; says so where it is not certain."""
    if about.zone is not None:
        return _of_zone(kind, about, about.zone.name)
    if about.corridor is not None:
        return _of_corridor(kind, about, about.corridor.name)
    if kind is EventKind.LINK_RECOVERED and about.silent_s is not None:
        return Name(
            ja=f"通信が回復しました({about.silent_s:.0f}秒ぶり)",
            en=f"the link is back after {about.silent_s:.0f} s",
        )
    if kind is EventKind.BATTERY_LOW:
        left = about.battery_pct or 0.0
        return Name(ja=f"電池の残りが{left:.0f} %です", en=f"{left:.0f} % of the battery is left")
    return _PLAIN[kind]


def _of_zone(kind: EventKind, about: Evidence, zone: Name) -> Name:
    if about.unknown is not None:
        where = Name(ja="中かどうか", en="whether it is inside")
        if kind is EventKind.GEOZONE_EXITED:
            return Name(
                ja=f"{zone.ja}の範囲から離れました(中に入っていたかは不明)",
                en=f"left the area of {zone.en}; whether it had been inside is unknown",
            )
        return Name(
            ja=f"{zone.ja}の範囲に入りましたが、{about.unknown.ja}ため、{where.ja}は不明です",
            en=f"over the area of {zone.en}; {where.en} is unknown: {about.unknown.en}",
        )
    if kind is EventKind.GEOZONE_EXITED:
        return Name(ja=f"{zone.ja}から出ました", en=f"left {zone.en}")
    if about.first_seen:
        return Name(
            ja=f"観測を始めたとき、{zone.ja}の中にいました", en=f"first seen inside {zone.en}"
        )
    return Name(ja=f"{zone.ja}に入りました", en=f"entered {zone.en}")


def _of_corridor(kind: EventKind, about: Evidence, corridor: Name) -> Name:
    metres = "" if about.by_m is None else f"{about.by_m:.0f} m"
    if kind is EventKind.CORRIDOR_NEVER_ENTERED:
        return Name(
            ja=f"{corridor.ja}に一度も入っていません(最も近くて{metres})",
            en=f"has not entered {corridor.en}; the nearest was {metres}",
        )
    if about.unknown is not None:
        return Name(
            ja=f"{about.unknown.ja}ため、{corridor.ja}の高さの範囲にいるかどうかは不明です",
            en=f"whether it keeps to the heights of {corridor.en} is unknown: {about.unknown.en}",
        )
    side = _SIDES[about.side or "across"]
    return Name(
        ja=f"{corridor.ja}から{side.ja}に{metres}外れました",
        en=f"{metres} {side.en} of {corridor.en}"
        if about.side != "across"
        else f"{metres} outside {corridor.en}, {side.en}",
    )
