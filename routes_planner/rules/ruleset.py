"""Rules for aircraft classes as data: each with its number, unit, source and dates."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from routes_planner.zones_in.footprint import number
from soramichi.domain.altitude import Datum
from soramichi.domain.flight import AircraftClass, Name
from soramichi.domain.geozone import ZoneKind
from soramichi.errors import BadFile, NotFound

DEFAULT = "japan-2026-11"

Word = TypeVar("Word", bound=StrEnum)


class RuleKind(StrEnum):
    """What a rule is about.

    HEIGHT_MAX: not at `value` or higher. HEIGHT_MIN: not lower than `value`,
    except while climbing away or coming down (`rules.verdicts`); with `over` only
    above such zones. ZONE: the effect of zones of `zone_kinds` or `zone_identifiers`.
    SURROUND: the effect within `value` metres around such zones. CONDITION:
    something to see to that no map can tell.
    """

    HEIGHT_MAX = "height-max"
    HEIGHT_MIN = "height-min"
    ZONE = "zone"
    SURROUND = "surround"
    CONDITION = "condition"


class Effect(StrEnum):
    """What follows where a rule applies; NONE lifts what the zone itself asks."""

    FAIL = "fail"
    CAUTION = "caution"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `value` is in metres above `datum` (heights) or along the ground.

    It holds on days [valid_from, valid_until); None is open. `confidence` is
    `verify` (reported, to be verified with the authority), `bill` or `assumed`.
    """

    identifier: str
    kind: RuleKind
    classes: frozenset[AircraftClass]
    effect: Effect
    title: Name
    source: str
    confidence: str
    value: float | None = None
    datum: Datum | None = None
    zone_kinds: frozenset[ZoneKind] = frozenset()
    zone_identifiers: frozenset[str] = frozenset()
    over: frozenset[ZoneKind] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None

    def holds(self, aircraft_class: AircraftClass, on: date) -> bool:
        """Whether it binds that class on that day."""
        return (
            aircraft_class in self.classes
            and (self.valid_from is None or self.valid_from <= on)
            and (self.valid_until is None or on < self.valid_until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Rules by name; `area` is where they hold: west, south, east, north in degrees."""

    name: str
    title: Name
    area: tuple[float, float, float, float]
    rules: tuple[Rule, ...]

    def for_class(self, aircraft_class: AircraftClass, on: date) -> tuple[Rule, ...]:
        """The rules that bind a class on a day, in the order of the file."""
        return tuple(rule for rule in self.rules if rule.holds(aircraft_class, on))


def load(name_or_path: str = DEFAULT) -> RuleSet:
    """A rule set that comes with the project, by name, or one of your own, by path.

    Raises `NotFound` for a name that is neither and `BadFile`, naming the rule
    and its member, for a file that cannot be used.
    """
    own = _shipped(name_or_path)
    if own is not None:
        return _parse(name_or_path, own)
    path = Path(name_or_path)
    if not path.is_file():
        raise NotFound(f"no rule set {name_or_path}; give {DEFAULT} or the path of a .toml file")
    return _parse(str(path), path.read_bytes())


def _shipped(name: str) -> bytes | None:
    if not re.fullmatch(r"[a-z0-9-]+", name):
        return None
    file = resources.files("routes_planner.rules").joinpath(f"{name}.toml")
    return file.read_bytes() if file.is_file() else None


def _parse(file: str, data: bytes) -> RuleSet:
    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFile(file, f"this is not TOML ({error})") from None
    read = _Reader(file, document, "")
    rules = tuple(_rule(reader) for reader in read.tables("rule"))
    if "extends" not in document:
        return RuleSet(name=read.text("name"), title=read.title(), area=read.area(), rules=rules)
    shipped = _shipped(read.text("extends"))
    if shipped is None:
        raise read.bad("extends", f"this names no set that comes with the project, as {DEFAULT}")
    base = _parse(read.text("extends"), shipped)
    removed = set(read.texts("remove")) | {rule.identifier for rule in rules}
    kept = tuple(rule for rule in base.rules if rule.identifier not in removed)
    return replace(base, name=read.text("name"), title=read.title(), rules=(*rules, *kept))


_NUMBERED = (RuleKind.HEIGHT_MAX, RuleKind.HEIGHT_MIN, RuleKind.SURROUND)


def _rule(read: _Reader) -> Rule:
    kind = read.one_of("kind", RuleKind)
    heights = kind in (RuleKind.HEIGHT_MAX, RuleKind.HEIGHT_MIN)
    rule = Rule(
        identifier=read.text("identifier"),
        kind=kind,
        classes=frozenset(read.several_of("classes", AircraftClass)),
        effect=read.one_of("effect", Effect),
        title=read.title(),
        source=read.text("source"),
        confidence=read.text("confidence"),
        value=read.metres() if kind in _NUMBERED or read.has("value") else None,
        datum=read.one_of("datum", Datum) if heights else None,
        zone_kinds=frozenset(read.several_of("zone_kinds", ZoneKind)),
        zone_identifiers=frozenset(read.texts("zone_identifiers")),
        over=frozenset(read.several_of("over", ZoneKind)),
        valid_from=read.day("valid_from"),
        valid_until=read.day("valid_until"),
    )
    if not rule.classes:
        raise read.bad("classes", "name at least one aircraft class")
    if kind in (RuleKind.ZONE, RuleKind.SURROUND) and not rule.zone_kinds | rule.zone_identifiers:
        raise read.bad("zone_kinds", "name the zones, by zone_kinds or zone_identifiers")
    return rule


class _Reader:
    """Typed access to one TOML table, with its place in every error."""

    def __init__(self, file: str, table: Mapping[str, Any], where: str) -> None:
        self._file = file
        self._table = table
        self._where = where

    def bad(self, key: str, reason: str) -> BadFile:
        return BadFile(self._file, reason, field=f"{self._where}{key}")

    def has(self, key: str) -> bool:
        return key in self._table

    def tables(self, key: str) -> Iterator[_Reader]:
        values = self._table.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.bad(key, f"write each rule as [[{key}]]")
        for index, value in enumerate(values, 1):
            yield _Reader(self._file, value, f"{key}[{value.get('identifier', index)}].")

    def text(self, key: str) -> str:
        value = self._table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.bad(key, "a text is missing")
        return value

    def texts(self, key: str) -> list[str]:
        values = self._table.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.bad(key, "this is not a list of texts")
        return values

    def title(self) -> Name:
        return Name(ja=self.text("title_ja"), en=self.text("title_en"))

    def one_of(self, key: str, words: type[Word]) -> Word:
        return self._word(key, self._table.get(key), words)

    def several_of(self, key: str, words: type[Word]) -> list[Word]:
        return [self._word(key, value, words) for value in self.texts(key)]

    def _word(self, key: str, value: Any, words: type[Word]) -> Word:
        try:
            return words(value)
        except ValueError:
            raise self.bad(key, f"{value!r} is none of {', '.join(words)}") from None

    def metres(self) -> float:
        value = self._table.get("value")
        metres = None if isinstance(value, str) else number(value)
        if metres is None or metres <= 0.0:
            raise self.bad("value", f"{value!r} is not a positive number")
        if self._table.get("unit") != "m":
            raise self.bad("unit", 'give the value in metres: unit = "m"')
        return metres

    def day(self, key: str) -> date | None:
        value = self._table.get(key)
        if value is not None and type(value) is not date:
            raise self.bad(key, f"{value!r} is not a date like 2026-11-01")
        return value

    def area(self) -> tuple[float, float, float, float]:
        values = self._table.get("area")
        numbers = [number(value) for value in values] if isinstance(values, list) else []
        match numbers:
            case [float(west), float(south), float(east), float(north)]:
                if -180.0 <= west < east <= 180.0 and -90.0 <= south < north <= 90.0:
                    return west, south, east, north
        raise self.bad("area", "give west, south, east and north in degrees")
