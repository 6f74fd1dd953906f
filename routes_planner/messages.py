"""What findings say to people, in Japanese and English."""

from __future__ import annotations

from datetime import datetime

from routes_planner.verdict import HeightOverlap
from soramichi.domain.altitude import Datum
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone, ZoneType
from soramichi.domain.japan import JST

_DEMAND = {
    ZoneType.PROHIBITED: Name(ja="飛行禁止", en="entry is prohibited"),
    ZoneType.REQ_AUTHORIZATION: Name(ja="許可が必要", en="authorisation is needed"),
    ZoneType.CONDITIONAL: Name(ja="条件付き", en="conditions apply"),
    ZoneType.USPACE: Name(ja="U-space の手続きが必要", en="U-space services are needed"),
    ZoneType.NO_RESTRICTION: Name(ja="制限なし", en="no restriction"),
}
_DATUM = {
    Datum.AMSL: Name(ja="標高", en="above sea level"),
    Datum.AGL: Name(ja="対地高度", en="above ground"),
    Datum.ELLIPSOID: Name(ja="楕円体高", en="above the ellipsoid"),
    Datum.TAKEOFF: Name(ja="離陸地点からの高さ", en="above take-off"),
    Datum.BARO: Name(ja="気圧高度", en="pressure altitude"),
}


def met(
    zone: Geozone,
    stretch_m: tuple[float, float],
    height: HeightOverlap | None,
    when: tuple[datetime, datetime] | None,
) -> Name:
    """The corridor meets the zone on this stretch."""
    demand = _DEMAND[zone.zone_type]
    ja = f"「{zone_name(zone).ja}」({demand.ja}): {_km(stretch_m[0])}〜{_km(stretch_m[1])} km"
    en = f"{zone_name(zone).en} ({demand.en}): km {_km(stretch_m[0])} to {_km(stretch_m[1])}"
    if height is not None and height.from_m is not None and height.to_m is not None:
        datum = _DATUM[height.datum]
        ja += f"、{datum.ja} {height.from_m:.0f}〜{height.to_m:.0f} m"
        en += f", {height.from_m:.0f} to {height.to_m:.0f} m {datum.en}"
    if when is not None:
        first, last = (f"{moment.astimezone(JST):%H:%M:%S}" for moment in when)
        ja += f"、{first}〜{last} (日本時間)"
        en += f", {first} to {last} JST"
    return Name(ja=ja, en=en)


def left(zone: Geozone, stretch_m: tuple[float, float]) -> Name:
    """The corridor is not wholly inside a zone that must not be left."""
    name, first, last = zone_name(zone), _km(stretch_m[0]), _km(stretch_m[1])
    return Name(
        ja=f"「{name.ja}」の外に出ます: {first}〜{last} km",
        en=f"outside {name.en}, which must not be left: km {first} to {last}",
    )


def question(zone: Geozone, reason: Name) -> Name:
    """The zone cannot be judged, and why."""
    name = zone_name(zone)
    return Name(
        ja=f"「{name.ja}」は判定できません: {reason.ja}",
        en=f"{name.en} cannot be judged: {reason.en}",
    )


def zone_name(zone: Geozone) -> Name:
    """The zone's name in both languages, its identifier where it has none."""
    return Name(
        ja=zone.name.ja or zone.name.en or zone.identifier,
        en=zone.name.en or zone.name.ja or zone.identifier,
    )


def _km(metres: float) -> str:
    return f"{metres / 1000.0:.2f}"
