"""An airport's limitation surfaces (制限表面) as volumes: everything at or above them.

The shapes are those of the Civil Aeronautics Act, art. 2 and 56, and its
Ordinance for Enforcement, art. 2, 3, 75, 96-2 and 96-3, with the numbers that
Okinawa Prefecture tabulates from them. They are reference values: verify them
with the airport's own notice.

Sloping surfaces become steps, each at its lowest height: a volume never starts
above the true surface, and at most `step_m` below it; circles become polygons
around them whose corners stand out by at most `edge_m`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import shapely

from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.flight import Name
from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.geozone import Authority, Geozone, ZoneKind, ZoneType, ZoneVolume
from soramichi.domain.position import Position
from soramichi.errors import BadInput

HORIZONTAL_M = 45.0  # above the reference point
APPROACH_LENGTH_M = 3_000.0
EXTENDED_LENGTH_M = 15_000.0  # from the same inner edge
OUTER_EDGE_M = {True: 1_200.0, False: 750.0}  # of the approach area, for instruments or not
TRANSITIONAL_SLOPE = 1.0 / 7.0
INSTRUMENT_SLOPE = 1.0 / 50.0
CONICAL_SLOPE = 1.0 / 50.0
CONICAL_RADIUS_M = 16_500.0
OUTER_RADIUS_M = 24_000.0
STRIP_BEYOND_RUNWAY_M = 60.0

# Class of the landing strip -> radius of the horizontal surface, slope of a visual approach. For E
# and F the minister chooses between 1/30 and 1/40: the flatter one is on the safe side.
_CLASSES = {
    "A": (4_000.0, 1 / 40),
    "B": (3_500.0, 1 / 40),
    "C": (3_000.0, 1 / 40),
    "D": (2_500.0, 1 / 40),
    "E": (2_000.0, 1 / 40),
    "F": (1_800.0, 1 / 40),
    "G": (1_500.0, 1 / 25),
    "H": (1_000.0, 1 / 20),
    "J": (800.0, 1 / 20),
}


class Surface(StrEnum):
    """The six kinds of limitation surface."""

    HORIZONTAL = "horizontal"
    APPROACH = "approach"
    TRANSITIONAL = "transitional"
    EXTENDED_APPROACH = "extended-approach"
    CONICAL = "conical"
    OUTER_HORIZONTAL = "outer-horizontal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runway:
    """A runway between two ends, with its landing strip.

    `true_bearing_deg` is the direction from its middle; `strip_class` A to J
    by its length; `strip_width_m` is usually 300 m for instruments, else 150 m.
    """

    middle: Position
    true_bearing_deg: float
    length_m: float
    strip_class: str = "A"
    strip_width_m: float = 300.0
    instrument: bool = True

    def __post_init__(self) -> None:
        if self.strip_class not in _CLASSES:
            raise BadInput(f"strip_class {self.strip_class!r} is none of {', '.join(_CLASSES)}")
        if not (self.length_m > 0.0 and self.strip_width_m > 0.0):
            raise BadInput("a runway and its strip have a length and a width above 0 m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Airport:
    """An airport as its surfaces need it.

    `elevation_m` is that of the reference point above sea level, and taken for
    the ends of the strips too. `designated`: with the wide surfaces of art. 56
    (extended approach, conical, outer horizontal), as at Chubu.
    """

    identifier: str
    name: Name
    reference: Position
    elevation_m: float
    runways: tuple[Runway, ...]
    designated: bool = False


def limitation_surfaces(
    airport: Airport, *, step_m: float = 2.5, edge_m: float = 1.0
) -> tuple[Geozone, ...]:
    """One zone for each kind of surface, of every place and height at or above it.

    Floors are AMSL. Raises `BadInput` for steps that are not above 0 m and for an
    airport without runways.
    """
    if not (step_m > 0.0 and edge_m > 0.0):
        raise BadInput(f"steps of {step_m} m and {edge_m} m must be above 0 m")
    if not airport.runways:
        raise BadInput(f"{airport.identifier} has no runway, and so no surfaces")
    plane = LocalPlane(airport.reference)
    steps: dict[Surface, list[tuple[shapely.Polygon, float]]] = {kind: [] for kind in Surface}
    for kind, footprint, above_m in _around_reference(airport, step_m, edge_m):
        steps[kind].append((footprint, above_m))
    for runway in airport.runways:
        for kind, footprint, above_m in _along_runway(airport, runway, plane, step_m):
            steps[kind].append((footprint, above_m))
    return tuple(
        _zone(airport, kind, tuple(_volume(plane, airport, *step) for step in steps[kind]))
        for kind in Surface
        if steps[kind]
    )


_Step = tuple[Surface, shapely.Polygon, float]


def _around_reference(airport: Airport, step_m: float, edge_m: float) -> Iterator[_Step]:
    """The surfaces that are circles about the reference point; heights above it."""
    radius = max(_CLASSES[runway.strip_class][0] for runway in airport.runways)
    yield Surface.HORIZONTAL, _ring(0.0, radius, edge_m), HORIZONTAL_M
    if not airport.designated:
        return
    for inner, outer, rise in _cut(radius, CONICAL_RADIUS_M, CONICAL_SLOPE, step_m):
        yield Surface.CONICAL, _ring(inner, outer, edge_m), HORIZONTAL_M + rise
    top = HORIZONTAL_M + (CONICAL_RADIUS_M - radius) * CONICAL_SLOPE
    yield Surface.OUTER_HORIZONTAL, _ring(CONICAL_RADIUS_M, OUTER_RADIUS_M, edge_m), top


def _along_runway(
    airport: Airport, runway: Runway, plane: LocalPlane, step_m: float
) -> Iterator[_Step]:
    """Approach and transitional surfaces of both directions; heights above the strip."""
    slope = INSTRUMENT_SLOPE if runway.instrument else _CLASSES[runway.strip_class][1]
    inner = runway.strip_width_m / 2.0
    spread = (OUTER_EDGE_M[runway.instrument] / 2.0 - inner) / APPROACH_LENGTH_M
    end = runway.length_m / 2.0 + STRIP_BEYOND_RUNWAY_M
    for turn in (0.0, 180.0):
        place = _Placed(plane, runway.middle, runway.true_bearing_deg + turn)
        lengths = [(Surface.APPROACH, 0.0, APPROACH_LENGTH_M)]
        if airport.designated:
            lengths.append((Surface.EXTENDED_APPROACH, APPROACH_LENGTH_M, EXTENDED_LENGTH_M))
        for kind, near, far in lengths:
            for a, b, rise in _cut(near, far, slope, step_m):
                yield (
                    kind,
                    place.strip((end + a, inner + spread * a), (end + b, inner + spread * b)),
                    near * slope + rise,
                )
        yield from _transitional(place, (end, inner), (slope, spread), step_m)


def _transitional(
    place: _Placed,
    corner: tuple[float, float],
    approach: tuple[float, float],
    step_m: float,
) -> Iterator[_Step]:
    """From one half of the strip, and from the sides of its approach, up to the horizontal.

    A step is where the surface is between two heights: a band beside the strip
    and, beside the approach (which rises itself), one that narrows to nothing.
    """
    end, inner = corner
    slope, spread = approach
    levels = [*np.arange(0.0, HORIZONTAL_M, step_m), HORIZONTAL_M]
    for low, high in pairwise(float(level) for level in levels):
        reach = [inner + height / TRANSITIONAL_SLOPE for height in (low, high)]
        # Where the approach itself reaches each height, at its own edge.
        along = [end + height / slope for height in (low, high)]
        edge = [inner + spread * height / slope for height in (low, high)]
        for side in (-1.0, 1.0):
            yield (
                Surface.TRANSITIONAL,
                place.polygon(
                    [
                        (0.0, side * reach[0]),
                        (0.0, side * reach[1]),
                        (end, side * reach[1]),
                        (along[1], side * edge[1]),
                        (along[0], side * edge[0]),
                        (end, side * reach[0]),
                    ]
                ),
                low,
            )


class _Placed:
    """Metres along and across a direction, laid into the airport's plane."""

    def __init__(self, plane: LocalPlane, middle: Position, bearing_deg: float) -> None:
        self._origin = shapely.get_coordinates(plane.metres(shapely.Point(middle.lonlat)))[0]
        angle = math.radians(bearing_deg)
        self._along = np.array([math.sin(angle), math.cos(angle)])
        self._across = np.array([math.cos(angle), -math.sin(angle)])

    def strip(self, near: tuple[float, float], far: tuple[float, float]) -> shapely.Polygon:
        """The trapezoid between two distances, with the half width at each."""
        return self.polygon(
            [(near[0], -near[1]), (near[0], near[1]), (far[0], far[1]), (far[0], -far[1])]
        )

    def polygon(self, corners: list[tuple[float, float]]) -> shapely.Polygon:
        """(along, across) corners in order."""
        xy = [
            self._origin + along * self._along + across * self._across for along, across in corners
        ]
        return shapely.Polygon(xy)


def _cut(
    near: float, far: float, slope: float, step_m: float
) -> Iterator[tuple[float, float, float]]:
    """(a, b, rise at a) of equal pieces from `near` to `far` that rise at most `step_m` each."""
    count = math.ceil((far - near) * slope / step_m - 1e-9)
    length = (far - near) / count
    for index in range(count):
        a = near + index * length
        yield a, a + length, (a - near) * slope


def _ring(inner: float, outer: float, edge_m: float) -> shapely.Polygon:
    """Between two circles about the reference point: around the outer one, within the inner one."""
    corners = max(24, math.ceil(math.pi / math.acos(outer / (outer + edge_m))))
    angles = np.linspace(0.0, 2.0 * math.pi, corners, endpoint=False)
    circle = np.column_stack([np.sin(angles), np.cos(angles)])
    # The plane's scale is within 0.005 %, which the outer edge makes up for.
    shell = circle * (outer * 1.00005 / math.cos(math.pi / corners))
    holes = [circle * inner * 0.99995] if inner > 0.0 else []
    return shapely.Polygon(shell, holes)


def _volume(
    plane: LocalPlane, airport: Airport, footprint: shapely.Polygon, above_m: float
) -> ZoneVolume:
    return ZoneVolume(
        footprint=plane.degrees(footprint),
        floor=Altitude(airport.elevation_m + above_m, Datum.AMSL),
    )


_KIND_NAMES = {
    Surface.HORIZONTAL: Name(ja="水平表面", en="horizontal surface"),
    Surface.APPROACH: Name(ja="進入表面", en="approach surface"),
    Surface.TRANSITIONAL: Name(ja="転移表面", en="transitional surface"),
    Surface.EXTENDED_APPROACH: Name(ja="延長進入表面", en="extended approach surface"),
    Surface.CONICAL: Name(ja="円錐表面", en="conical surface"),
    Surface.OUTER_HORIZONTAL: Name(ja="外側水平表面", en="outer horizontal surface"),
}


def _zone(airport: Airport, kind: Surface, volumes: tuple[ZoneVolume, ...]) -> Geozone:
    title = _KIND_NAMES[kind]
    return Geozone(
        identifier=f"{airport.identifier}-{kind}",
        name=Name(ja=f"{airport.name.ja} {title.ja}", en=f"{airport.name.en} {title.en}"),
        zone_type=ZoneType.REQ_AUTHORIZATION,
        kind=ZoneKind.AIRPORT_SURFACE,
        volumes=volumes,
        source="Civil Aeronautics Act art. 2, 56",
        country="JPN",
        reasons=("AIR_TRAFFIC",),
        authorities=(Authority(name=airport.name),),
        message=Name(
            ja="告示された制限表面を空港に確認すること（計算値）",
            en="computed; verify with the airport's own notice",
        ),
    )
