"""Rules become zones, so that one check answers both, with the same evidence.

A height rule is a zone above or below its height over the area of the set (or
over the districts it names); the effect of a rule on a zone is the type that
the zone then has for this class on this day.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

import shapely

from routes_planner.rules.ruleset import Effect, Rule, RuleKind, RuleSet
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.flight import AircraftClass, Name
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.geozone import Containment, Geozone, Unknown, ZoneType, ZoneVolume
from soramichi.domain.position import Position

# The member of a rule zone's properties that names its rule.
RULE = "rule"
_TYPES = {
    Effect.FAIL: ZoneType.REQ_AUTHORIZATION,
    Effect.CAUTION: ZoneType.CONDITIONAL,
    Effect.NONE: ZoneType.NO_RESTRICTION,
}
_REFUSING = (ZoneType.PROHIBITED, ZoneType.REQ_AUTHORIZATION)
_JUDGED = (AircraftClass.DRONE, AircraftClass.EVTOL, AircraftClass.HELICOPTER)
_CLASS_UNKNOWN = Unknown(
    field="aircraft_class",
    reason=Name(
        ja="機種が不明のため、どのルールが適用されるか分かりません",
        en="the aircraft class is not known, and the rules differ by class",
    ),
)


def zones_for(
    zones: Iterable[Geozone], rules: RuleSet, aircraft_class: AircraftClass, on: date
) -> tuple[Geozone, ...]:
    """The zones as they bind that class on that day, and the rules' own zones.

    A zone on which no rule has an effect keeps its type; one whose effect is
    NONE stays as one without restriction. For the class UNKNOWN, whatever binds the known classes
    differently is unknown. Fences are nobody's law and stay as they are.
    """
    given = tuple(zones)
    if aircraft_class is not AircraftClass.UNKNOWN:
        return _for_class(given, rules.for_class(aircraft_class, on), rules)
    answers = [
        {
            (zone.source, zone.identifier): zone
            for zone in _for_class(given, rules.for_class(each, on), rules)
        }
        for each in _JUDGED
    ]
    keys = dict.fromkeys(key for answer in answers for key in answer)
    return tuple(_for_any_class([answer.get(key) for answer in answers]) for key in keys)


def _for_any_class(readings: list[Geozone | None]) -> Geozone:
    """A zone as it binds every class, or the strictest reading of it as unknown."""
    found = [zone for zone in readings if zone is not None]
    strictest = min(found, key=lambda zone: zone.zone_type not in _REFUSING)
    if all(zone == strictest for zone in readings):
        return strictest
    return replace(strictest, unknowns=(*strictest.unknowns, _CLASS_UNKNOWN))


def rule_of(zone: Geozone) -> str | None:
    """The identifier of the rule that a zone stands for; None for a zone of a file."""
    found = zone.properties.get(RULE)
    return found if isinstance(found, str) else None


def conditions(rules: RuleSet, aircraft_class: AircraftClass, on: date) -> tuple[Rule, ...]:
    """What to see to that no map can tell, for a verdict to repeat."""
    return tuple(
        rule for rule in rules.for_class(aircraft_class, on) if rule.kind is RuleKind.CONDITION
    )


def _for_class(
    zones: tuple[Geozone, ...], binding: tuple[Rule, ...], rules: RuleSet
) -> tuple[Geozone, ...]:
    result = [_bound(zone, binding) for zone in zones]
    for rule in binding:
        if rule.kind is RuleKind.HEIGHT_MAX:
            result.append(_over_area(rule, rules))
        elif rule.kind is RuleKind.HEIGHT_MIN:
            result += _for_each(zones, rule) if rule.over else [_over_area(rule, rules)]
        elif rule.kind is RuleKind.SURROUND:
            result += _for_each(zones, rule)
    return tuple(result)


def _bound(zone: Geozone, binding: tuple[Rule, ...]) -> Geozone:
    """The zone with the type that the first rule about it gives; what refuses already stays."""
    rule = next((r for r in binding if r.kind is RuleKind.ZONE and _concerns(r, zone)), None)
    if rule is None or zone.containment is Containment.KEEP_IN:
        return zone
    if rule.effect is Effect.FAIL and zone.zone_type in _REFUSING:
        return zone
    return replace(zone, zone_type=_TYPES[rule.effect])


def _concerns(rule: Rule, zone: Geozone) -> bool:
    return zone.kind in rule.zone_kinds or zone.identifier in rule.zone_identifiers


def _over_area(rule: Rule, rules: RuleSet) -> Geozone:
    return _zone(rule, rule.identifier, (_band(rule, shapely.box(*rules.area)),), rules.name)


def _for_each(zones: tuple[Geozone, ...], rule: Rule) -> Iterator[Geozone]:
    """The rule above, or around, each zone that it names."""
    extent = _grown if rule.kind is RuleKind.SURROUND else _above
    for zone in zones:
        if _concerns(rule, zone) or zone.kind in rule.over:
            volumes = tuple(extent(rule, volume) for volume in zone.volumes)
            yield replace(
                _zone(rule, f"{rule.identifier}:{zone.identifier}", volumes, zone.source),
                activations=zone.activations,
                unknowns=zone.unknowns,
            )


def _above(rule: Rule, volume: ZoneVolume) -> ZoneVolume:
    return _band(rule, volume.footprint, volume.unknowns)


def _band(
    rule: Rule,
    footprint: shapely.Polygon | shapely.MultiPolygon,
    unknowns: tuple[Unknown, ...] = (),
) -> ZoneVolume:
    """The heights that the rule keeps free; its own value is allowed as a minimum only."""
    assert rule.value is not None  # noqa: S101
    datum = rule.datum or Datum.AGL
    if rule.kind is RuleKind.HEIGHT_MAX:
        return ZoneVolume(footprint=footprint, floor=Altitude(rule.value, datum), unknowns=unknowns)
    below = Altitude(math.nextafter(rule.value, -math.inf), datum)
    return ZoneVolume(footprint=footprint, ceiling=below, unknowns=unknowns)


def _grown(rule: Rule, volume: ZoneVolume) -> ZoneVolume:
    """Around the volume, at every height: the distance of such rules is one on the ground.

    The corners of GEOS buffers are cut: with 32 segments to a quarter and a
    thousandth more the true distance lies inside everywhere.
    """
    middle = volume.footprint.centroid
    plane = LocalPlane(Position(latitude_deg=middle.y, longitude_deg=middle.x))
    assert rule.value is not None  # noqa: S101
    grown = shapely.buffer(plane.metres(volume.footprint), rule.value * 1.001, quad_segs=32)
    return ZoneVolume(footprint=plane.degrees(grown), unknowns=volume.unknowns)


def _zone(rule: Rule, identifier: str, volumes: tuple[ZoneVolume, ...], source: str) -> Geozone:
    return Geozone(
        identifier=identifier,
        name=rule.title,
        zone_type=_TYPES[rule.effect],
        volumes=volumes,
        source=source,
        message=Name(
            ja=f"出典: {rule.source}（{rule.confidence}）", en=f"{rule.source} ({rule.confidence})"
        ),
        properties={RULE: rule.identifier},
    )
