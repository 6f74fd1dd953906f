"""What every reader does with a list of features: identify each, keep each, report each."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from routes_planner.zones_in.report import Imported, Item, Note
from routes_planner.zones_in.texts import plain
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone, ZoneType

Word = TypeVar("Word", bound=StrEnum)

# A reader of one feature: None when it is no zone, with the reason in the item.
ReadFeature = Callable[[dict[str, Any], Item], Geozone | None]


def read_features(
    features: list[Any],
    *,
    source: str,
    zone_format: str,
    read: ReadFeature,
    identify: tuple[str, ...],
) -> Imported:
    """Zones of all features, each with an identifier of its own and its unknowns.

    `identify` are dotted paths of members that identify a feature; one that has
    none of them is named by the digest of its content, which stays the same on
    the next import. A feature that is no object could be a zone anywhere.
    """
    notes: list[Note] = []
    zones: list[Geozone] = []
    for index, feature in enumerate(features):
        item = Item(_identifier(feature, identify), notes)
        zone: Geozone | None
        if isinstance(feature, dict):
            zone = read(feature, item)
        else:
            item.unknown(f"[{index}]", "区域のデータではありません", "this is not a feature")
            zone = unreadable(item, source)
        if zone is not None:
            zones += _with_unknowns(zone, item)
    return Imported(
        source=source,
        zone_format=zone_format,
        zones=tuple(_told_apart(zones)),
        report=tuple(notes),
    )


def _with_unknowns(zone: Geozone, item: Item) -> list[Geozone]:
    """The zone with what is unknown about it, and one more for parts that have no place."""
    if zone.volumes and not item.unplaced:
        return [replace(zone, unknowns=tuple(item.unknowns))]
    if not zone.volumes:
        if not item.unknowns and not item.unplaced:
            item.unknown("geometry", "区域の形がありません", "the zone has no geometry")
        return [replace(zone, unknowns=(*item.unknowns, *item.unplaced))]
    placed = replace(zone, unknowns=tuple(item.unknowns))
    lost = replace(
        placed,
        identifier=f"{zone.identifier}#unplaced",
        volumes=(),
        unknowns=(*item.unknowns, *item.unplaced),
    )
    return [placed, lost]


def _told_apart(zones: list[Geozone]) -> Iterator[Geozone]:
    """Zones of one file under equal identifiers are numbered, in the order of the file."""
    taken: Counter[str] = Counter()
    for zone in zones:
        identifier = zone.identifier
        while identifier in taken:
            taken[zone.identifier] += 1
            identifier = f"{zone.identifier}#{taken[zone.identifier]}"
        taken[identifier] += 1
        yield zone if identifier == zone.identifier else replace(zone, identifier=identifier)


def unreadable(item: Item, source: str) -> Geozone:
    """A zone of which nothing can be read but that it exists: it could be anywhere."""
    return Geozone(
        identifier=item.identifier,
        name=Name(ja=item.identifier, en=item.identifier),
        zone_type=ZoneType.PROHIBITED,
        volumes=(),
        source=source,
    )


def still_unknown(values: Any, item: Item) -> None:
    """What our own export said was unknown about a zone is so after reading it again."""
    for value in values if isinstance(values, list) else []:
        field, ja, en = (plain(member(value, key)) for key in ("field", "ja", "en"))
        item.unknown(field or "unknowns", ja or "不明", en or "unknown")


def word(value: Any, otherwise: Word, item: Item, field: str) -> Word:
    """The word that a member says, of the kind of `otherwise`, which an absent member means.

    A word that is none of the kind means the same, and is unknown.
    """
    if value is None:
        return otherwise
    try:
        return type(otherwise)(value)
    except ValueError:
        said = f"{str(value)[:40]!r}"
        known = ", ".join(type(otherwise))
        item.unknown(field, f"{said} が分かりません（{known}）", f"{said} is none of {known}")
        return otherwise


def member(value: Any, path: str) -> Any:
    """The member at a dotted path, None where there is none."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _identifier(feature: Any, identify: tuple[str, ...]) -> str:
    own = next((text for path in identify if (text := plain(member(feature, path)))), "")
    return own[:64] or hashlib.sha256(msgspec.json.encode(feature)).hexdigest()[:12]
