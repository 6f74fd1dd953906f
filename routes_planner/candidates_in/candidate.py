"""A line of any file becomes a corridor; what nobody stated is filled in and named.

Members, as `properties` of a GeoJSON feature, ExtendedData of KML or columns of CSV, all optional:
`name`, `title_ja`, `title_en`, `aircraft_class` (drone, evtol, helicopter), `width_m`, `speed_mps`,
`vertical_speed_mps`, `below_m`, `above_m`, `departs_at` (RFC 3339), `height_m` (level flight),
`height_datum` (AMSL, AGL, WGS84, TAKEOFF; also as `altitude_datum`), `takeoff_amsl_m`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from routes_planner.zones_in.footprint import number
from routes_planner.zones_in.report import Item
from routes_planner.zones_in.texts import plain
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import FASTEST_MPS, WIDEST_M, Corridor
from soramichi.domain.flight import AircraftClass, Name
from soramichi.domain.position import Position
from soramichi.errors import BadFile, BadInput

_DATUMS = {
    "AGL": Datum.AGL,
    "AMSL": Datum.AMSL,
    "MSL": Datum.AMSL,
    "WGS84": Datum.ELLIPSOID,
    "ELLIPSOID": Datum.ELLIPSOID,
    "TAKEOFF": Datum.TAKEOFF,
    "HOME": Datum.TAKEOFF,
    "BARO": Datum.BARO,
}


class Typical(NamedTuple):
    """What is assumed of a class until someone says better; metres and metres per second.

    The width of a drone's corridor is the standard one of the drone-route
    guideline (2025); the others are round figures for navigation by satellite.
    """

    width_m: float
    half_band_m: float
    ground_speed_mps: float
    vertical_speed_mps: float


TYPICAL = {
    AircraftClass.DRONE: Typical(100.0, 10.0, 15.0, 4.0),
    AircraftClass.EVTOL: Typical(300.0, 30.0, 52.0, 4.0),
    AircraftClass.HELICOPTER: Typical(300.0, 30.0, 51.0, 4.0),
    AircraftClass.UNKNOWN: Typical(300.0, 30.0, 15.0, 3.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What the planner says for all candidates; it goes before what a file says. None: not said."""

    aircraft_class: AircraftClass | None = None
    departs_at: datetime | None = None
    ground_speed_mps: float | None = None
    width_m: float | None = None
    height_datum: Datum | None = None


class Point(NamedTuple):
    """WGS 84 degrees and a height in metres, None where there is none."""

    longitude_deg: float
    latitude_deg: float
    height_m: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A flown line as a file has it; `datum` None when the file does not say.

    `timed` False: somewhere it waits, or changes its speed, so that when it passes where is not
    known, whenever it departs.
    """

    name: str
    points: Sequence[Point]
    datum: Datum | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    takeoff_amsl_m: float | None = None
    aircraft_class: AircraftClass | None = None
    timed: bool = True


def corridor(line: Line, stated: Stated, source: str, item: Item) -> Corridor:
    """The corridor of a line. Raises `BadFile`, naming the member, for what makes no sense.

    Heights without a datum are left out, and said so in `item`: which zone they
    meet could not be answered.
    """
    values = _Members(line, source)
    aircraft_class = stated.aircraft_class or values.aircraft_class() or line.aircraft_class
    typical = TYPICAL[aircraft_class or AircraftClass.UNKNOWN]
    speed_mps = values.positive("speed_mps", stated.ground_speed_mps, most=FASTEST_MPS)
    width_m = values.positive("width_m", stated.width_m, most=WIDEST_M)
    given = {
        "ground_speed_mps": speed_mps,
        "half_width_m": None if width_m is None else width_m / 2.0,
        "below_m": values.number("below_m"),
        "above_m": values.number("above_m"),
        "vertical_speed_mps": values.number("vertical_speed_mps"),
    }
    usual = {
        "ground_speed_mps": typical.ground_speed_mps,
        "half_width_m": typical.width_m / 2.0,
        "below_m": typical.half_band_m,
        "above_m": typical.half_band_m,
        "vertical_speed_mps": typical.vertical_speed_mps,
    }
    numbers = {key: usual[key] if value is None else value for key, value in given.items()}
    assumed = tuple(key for key, value in given.items() if value is None)
    takeoff = values.number("takeoff_amsl_m")
    timed = line.timed and values.timed()
    try:
        return Corridor(
            name=line.name,
            waypoints=_waypoints(line, source),
            heights=_heights(line, values, stated, item),
            departs_at=(stated.departs_at or values.time("departs_at")) if timed else None,
            takeoff_amsl_m=line.takeoff_amsl_m if takeoff is None else takeoff,
            aircraft_class=aircraft_class or AircraftClass.UNKNOWN,
            source=source,
            title=values.title(),
            timed=timed,
            assumed=assumed if aircraft_class else (*assumed, "aircraft_class"),
            **numbers,
        )
    except BadFile:
        raise
    except BadInput as error:
        raise BadFile(source, str(error), ja=error.ja, field=line.name) from None


def _waypoints(line: Line, source: str) -> tuple[Position, ...]:
    if len({point[:2] for point in line.points}) < 2:
        raise BadFile(
            source,
            "a line needs two different waypoints",
            ja="線には、異なる二つ以上の点が必要です",
            field=line.name,
        )
    return tuple(
        Position(
            latitude_deg=point.latitude_deg,
            longitude_deg=(point.longitude_deg + 180.0) % 360.0 - 180.0
            if abs(point.longitude_deg) > 180.0
            else point.longitude_deg,
        )
        for point in line.points
    )


def _heights(
    line: Line, values: _Members, stated: Stated, item: Item
) -> tuple[Altitude, ...] | None:
    level = values.number("height_m")
    metres = [point.height_m if level is None else level for point in line.points]
    known = [height for height in metres if height is not None]
    if not known:
        return None
    if len(known) < len(metres):
        item.unknown(
            "heights",
            f"{len(metres) - len(known)}点に高さがないため、高さを使いません",
            f"{len(metres) - len(known)} waypoints have no height, so none is used",
        )
        return None
    datum = stated.height_datum or values.datum() or line.datum
    if datum is None:
        item.unknown(
            "height_datum",
            "高さの基準（標高・対地・楕円体）が書かれていないため、高さを使いません",
            "the heights have no datum (AMSL, AGL, WGS84), so they are not used",
        )
        return None
    return tuple(Altitude(height, datum) for height in known)


class _Members:
    """Typed access to a line's members, with its name in every error."""

    def __init__(self, line: Line, source: str) -> None:
        self._line = line
        self._source = source

    def number(self, key: str) -> float | None:
        value = self._line.members.get(key)
        if value is None or value == "":
            return None
        result = number(value)
        if result is None:
            raise self._bad(key, value, "is not a number", "は数ではありません")
        return result

    def positive(self, key: str, stated: float | None, *, most: float) -> float | None:
        """What is stated for all, or else by the file: above 0, at most `most`."""
        value = self.number(key) if stated is None else stated
        if value is not None and not 0.0 < value <= most:
            raise self._bad(
                key,
                f"{value:g}",
                f"is not above 0 and at most {most:g}",
                f"は 0 より大きく {most:g} 以下ではありません",
            )
        return value

    def time(self, key: str) -> datetime | None:
        value = self._line.members.get(key)
        if value is None or value == "":
            return None
        try:
            at = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise self._bad(key, value, "is not a date and time", "は日時ではありません") from None
        if at.tzinfo is None:
            raise self._bad(
                key,
                value,
                "needs a time zone, such as +09:00",
                "に時差（+09:00 など）がありません",
            )
        return at

    def timed(self) -> bool:
        """False only where it is written so: by ourselves, of a line that waits."""
        return str(self._line.members.get("timed")).lower() != "false"

    def title(self) -> Name | None:
        ja, en = (plain(self._line.members.get(f"title_{language}")) for language in ("ja", "en"))
        return Name(ja=ja or en, en=en or ja) if ja or en else None

    def datum(self) -> Datum | None:
        members = self._line.members
        value = members.get("height_datum") or members.get("altitude_datum")
        if value is None or value == "":
            return None
        datum = _DATUMS.get(str(value).strip().upper())
        if datum is None:
            known = ", ".join(_DATUMS)
            raise self._bad(
                "height_datum", value, f"is none of {known}", f"は {known} のどれでもありません"
            )
        return datum

    def aircraft_class(self) -> AircraftClass | None:
        value = self._line.members.get("aircraft_class")
        try:
            return None if value is None or value == "" else AircraftClass(str(value).lower())
        except ValueError:
            known = ", ".join(AircraftClass)
            raise self._bad(
                "aircraft_class", value, f"is none of {known}", f"は {known} のどれでもありません"
            ) from None

    def _bad(self, key: str, value: Any, reason: str, ja: str) -> BadFile:
        said = repr(str(value)[:40])
        field = f"{self._line.name}.{key}"
        return BadFile(self._source, f"{said} {reason}", ja=f"{said} {ja}", field=field)
