"""Any number of aircraft over the prefecture, for load: made up, mixed and spread out."""

from __future__ import annotations

import math
import random

from simulators.mission import Mission, Waypoint
from simulators.scenarios import Scenario, Sortie
from soramichi.domain.flight import Aircraft, AircraftClass, Name, Operator, Vertiport
from soramichi.domain.geodesy import distance_m, offset
from soramichi.domain.position import Position

FLEET = Operator(operator_id="fleet", name=Name(ja="模擬機群", en="Simulated fleet"))

# Towns of Mie with their approximate ground height in metres AMSL; pads are scattered
# around them. Terrain is not modelled: a load test, not a flight plan.
_TOWNS: tuple[tuple[str, str, str, float, float, float], ...] = (
    ("kuwana", "桑名", "Kuwana", 35.0622, 136.6838, 3.0),
    ("yokkaichi", "四日市", "Yokkaichi", 34.9650, 136.6244, 4.0),
    ("suzuka", "鈴鹿", "Suzuka", 34.8820, 136.5842, 10.0),
    ("kameyama", "亀山", "Kameyama", 34.8556, 136.4517, 70.0),
    ("tsu", "津", "Tsu", 34.7186, 136.5056, 3.0),
    ("iga", "伊賀", "Iga", 34.7684, 136.1300, 150.0),
    ("nabari", "名張", "Nabari", 34.6278, 136.1083, 200.0),
    ("matsusaka", "松阪", "Matsusaka", 34.5780, 136.5276, 10.0),
    ("ise", "伊勢", "Ise", 34.4875, 136.7093, 8.0),
    ("toba", "鳥羽", "Toba", 34.4812, 136.8434, 5.0),
    ("shima", "志摩", "Shima", 34.3282, 136.8295, 20.0),
    ("minami-ise", "南伊勢", "Minami-Ise", 34.3522, 136.7037, 5.0),
    ("kihoku", "紀北", "Kihoku", 34.2113, 136.3372, 5.0),
    ("owase", "尾鷲", "Owase", 34.0708, 136.1910, 8.0),
    ("kumano", "熊野", "Kumano", 33.8886, 136.1003, 10.0),
)
# Four in ten are drones, the rest flying cars and helicopters.
_CLASSES = (
    *(AircraftClass.DRONE,) * 4,
    *(AircraftClass.EVTOL,) * 4,
    *(AircraftClass.HELICOPTER,) * 2,
)
_LETTERS = {AircraftClass.DRONE: "D", AircraftClass.EVTOL: "E", AircraftClass.HELICOPTER: "H"}
_SCATTER_M = 4_000.0
# Aircraft begin one after the other, so that the load is even.
STARTS_WITHIN_S = 30.0


def fleet(size: int, *, seed: int) -> Scenario:
    """`size` aircraft, the same ones for the same seed; the first n of two fleets are equal.

    Drones fly a round of a few kilometres below 150 m above their pad; the
    others shuttle between two towns 15 to 90 km apart.
    """
    sorties = tuple(
        _sortie(number, random.Random(f"fleet-{seed}-{number}")) for number in range(size)
    )
    pads = {pad.vertiport_id: pad for s in sorties for m in s.missions for pad in (m.origin,)}
    return Scenario(
        scenario_id="fleet",
        name=Name(ja=f"県内{size}機", en=f"{size} aircraft over the prefecture"),
        operators=(FLEET,),
        vertiports=tuple(pads.values()),
        sorties=sorties,
        rate_hz=1.0,
        for_load=True,
    )


def _sortie(number: int, draw: random.Random) -> Sortie:
    aircraft_class = draw.choice(_CLASSES)
    aircraft_id = f"FLEET-{_LETTERS[aircraft_class]}{number:04d}"
    aircraft = Aircraft(
        aircraft_id=aircraft_id,
        operator_id=FLEET.operator_id,
        name=Name(ja=f"模擬機{number}", en=f"Simulated aircraft {number}"),
        aircraft_class=aircraft_class,
    )
    starts = draw.uniform(0.0, STARTS_WITHIN_S)
    home = _pad(draw.choice(_TOWNS), number, "a", draw)
    if aircraft_class is AircraftClass.DRONE:
        return Sortie(aircraft=aircraft, missions=(_round(home, draw),), starts_after_s=starts)
    away = home
    while not 15_000.0 < distance_m(home.position, away.position) < 90_000.0:
        away = _pad(draw.choice(_TOWNS), number, "b", draw)
    there = _shuttle(home, away, draw)
    back = Mission(origin=away, destination=home, waypoints=there.waypoints[::-1])
    return Sortie(aircraft=aircraft, missions=(there, back), starts_after_s=starts)


def _round(home: Vertiport, draw: random.Random) -> Mission:
    """Four to seven corners around a point beside the pad."""
    radius, corners = draw.uniform(300.0, 900.0), draw.randint(4, 7)
    height, start = home.elevation_amsl_m + draw.uniform(60.0, 130.0), draw.uniform(0.0, math.tau)
    angles = (start + math.tau * step / corners for step in range(corners))
    return Mission(
        origin=home,
        destination=home,
        waypoints=tuple(
            Waypoint(
                position=offset(
                    home.position,
                    east_m=radius * (math.sin(angle) - math.sin(start) / 2),
                    north_m=radius * (math.cos(angle) - math.cos(start) / 2),
                ),
                altitude_amsl_m=height,
            )
            for angle in angles
        ),
    )


def _shuttle(home: Vertiport, away: Vertiport, draw: random.Random) -> Mission:
    """By way of two corners a little to one side of the straight line, above the hills."""
    height, bow = draw.uniform(900.0, 1_400.0), draw.uniform(-0.12, 0.12)
    (lon, lat), (to_lon, to_lat) = home.position.lonlat, away.position.lonlat
    corners = (
        Position(
            latitude_deg=lat + share * (to_lat - lat) + bow * (to_lon - lon),
            longitude_deg=lon + share * (to_lon - lon) - bow * (to_lat - lat),
        )
        for share in (0.3, 0.6)
    )
    return Mission(
        origin=home,
        destination=away,
        waypoints=tuple(Waypoint(position=at, altitude_amsl_m=height) for at in corners),
    )


def _pad(
    town: tuple[str, str, str, float, float, float], number: int, end: str, draw: random.Random
) -> Vertiport:
    town_id, ja, en, latitude, longitude, elevation = town
    return Vertiport(
        vertiport_id=f"fleet-{town_id}-{number}{end}",
        name=Name(ja=f"{ja}({number})", en=f"{en} ({number})"),
        position=offset(
            Position(latitude_deg=latitude, longitude_deg=longitude),
            east_m=draw.uniform(-_SCATTER_M, _SCATTER_M),
            north_m=draw.uniform(-_SCATTER_M, _SCATTER_M),
        ),
        elevation_amsl_m=elevation,
    )
