"""Height limits as sources write them: feet, strings, null, "unlimited" and mixed references."""

from __future__ import annotations

from typing import Any, NamedTuple

from routes_planner.zones_in.footprint import number
from routes_planner.zones_in.report import Item
from soramichi.domain.altitude import Altitude, Datum

FOOT_M = 0.3048  # the international foot
# 99999 (in either unit) means "no limit" in published ED-318 and ED-269 files.
UNLIMITED = 99_999.0
_UNITS = {"m": 1.0, "meter": 1.0, "metre": 1.0, "ft": FOOT_M, "feet": FOOT_M, "foot": FOOT_M}
_DATUMS = {
    "AGL": Datum.AGL,
    "AMSL": Datum.AMSL,
    "MSL": Datum.AMSL,
    "WGS84": Datum.ELLIPSOID,
    "W84": Datum.ELLIPSOID,
    "ELLIPSOID": Datum.ELLIPSOID,
}
_NO_LIMIT = {"", "UNL", "UNLIMITED", "UNLTD", "NONE"}
_SURFACE = {"GND", "SFC", "GROUND", "SURFACE"}


class Limit(NamedTuple):
    """One limit as written: its value and what it is measured from."""

    value: Any
    reference: Any


def band(
    lower: Limit, upper: Limit, *, unit: Any, item: Item
) -> tuple[Altitude | None, Altitude | None]:
    """Floor and ceiling of a volume; None is without limit.

    A missing or null limit, a floor on the surface, and the sentinel 99999 are
    without limit. What cannot be read becomes unknown in `item` and without
    limit. So does a band that contains no height above the surface.
    """
    metres = 1.0 if unit is None else _UNITS.get(str(unit).strip().lower())
    if metres is None:
        item.unknown(
            "uom",
            f"高さの単位 {str(unit)[:20]!r} が分かりません",
            f"unit {str(unit)[:20]!r} is neither metres nor feet",
        )
        return None, None
    floor = _limit(lower, metres, item, "lower")
    ceiling = _limit(upper, metres, item, "upper")
    lowest = floor or Altitude(0.0, Datum.AGL)
    if ceiling is not None and lowest.datum is ceiling.datum and lowest >= ceiling:
        low, high = f"{lowest.metres:.0f} m", f"{ceiling.metres:.0f} m"
        item.unknown(
            "upper",
            f"上限 {high} が下限 {low} より高くありません",
            f"the upper limit, {high}, is not above the lower, {low}",
        )
        return None, None
    if floor is not None and floor.datum is Datum.AGL and floor.metres <= 0.0:
        floor = None  # nothing flies below the surface, and so no terrain is needed to say so
    return floor, ceiling


def _limit(limit: Limit, metres: float, item: Item, field: str) -> Altitude | None:
    value, reference = limit
    word = value.strip().upper() if isinstance(value, str) else None
    if value is None or word in _NO_LIMIT:
        return None
    if word in _SURFACE:
        return Altitude(0.0, Datum.AGL)
    height = number(value)
    if height is not None and abs(height) >= UNLIMITED:
        if (height > 0.0) is not (field == "upper"):
            item.unknown(
                field,
                f"{height:.0f} は制限なしの印ですが、反対側の限界に書かれています",
                f"{height:.0f} marks no limit, but stands at the opposite limit",
            )
        return None
    if height is None:
        item.unknown(
            field,
            f"高さ {str(value)[:40]!r} を読めません",
            f"{str(value)[:40]!r} is not a height",
        )
        return None
    datum = _DATUMS.get(str(reference).strip().upper())
    if datum is not None:
        return Altitude(height * metres, datum)
    if field == "lower" and height == 0.0 and reference is None:
        return None  # from the surface up, whatever zero is counted from
    item.unknown(
        f"{field}Reference",
        f"高さの基準 {str(reference)[:40]!r} が分かりません",
        f"reference {str(reference)[:40]!r} is none of AGL, AMSL, WGS84",
    )
    return None
