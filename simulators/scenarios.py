"""The demonstrations that flew over Mie, as places, aircraft and missions.

Routes follow the public news reports. Places are public; their coordinates are
read off public maps, rounded to 1e-4 degrees (11 m) and approximate: the
ground is not surveyed, and heights of pads are estimates. Shorelines were
checked against GSHHG 2.3.7, which is older than Centrair's island and Toba's
reclaimed quay.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from simulators.mission import Mission, Waypoint
from soramichi.domain.flight import Aircraft, AircraftClass, Name, Operator, Vertiport
from soramichi.domain.geodesy import offset
from soramichi.domain.position import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Sortie:
    """One aircraft and the missions it flies in turn, for as long as the simulation runs.

    Its first sample comes `starts_after_s` after the simulation's beginning.
    """

    aircraft: Aircraft
    missions: tuple[Mission, ...]
    starts_after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything a simulation needs, and everything a store can be seeded with.

    `rate_hz` is the usual number of samples a second of each aircraft. `for_load`: there are
    so many that nobody asks where each began.
    """

    scenario_id: str
    name: Name
    operators: tuple[Operator, ...]
    vertiports: tuple[Vertiport, ...]
    sorties: tuple[Sortie, ...]
    rate_hz: float = 5.0
    for_load: bool = False

    @property
    def aircraft(self) -> tuple[Aircraft, ...]:
        """Every aircraft of the scenario."""
        return tuple(sortie.aircraft for sortie in self.sorties)


MIE_DEMO = Operator(
    operator_id="mie-demo",
    name=Name(ja="三重県 空飛ぶクルマ実証", en="Mie flying-car demonstration"),
)
TOBA_TOURISM = Operator(
    operator_id="toba-tourism", name=Name(ja="鳥羽観光ドローン", en="Toba tourism drones")
)
MINAMI_ISE = Operator(
    operator_id="minami-ise", name=Name(ja="南伊勢町ドローン実証", en="Minami-Ise drone trial")
)


def _pad(  # noqa: PLR0913  # one row of a table of places
    vertiport_id: str, ja: str, en: str, *, latitude: float, longitude: float, elevation: float
) -> Vertiport:
    return Vertiport(
        vertiport_id=vertiport_id,
        name=Name(ja=ja, en=en),
        position=Position(latitude_deg=latitude, longitude_deg=longitude),
        elevation_amsl_m=elevation,
    )


def _via(
    latitude: float, longitude: float, altitude_amsl_m: float, hover_s: float = 0.0
) -> Waypoint:
    return Waypoint(
        position=Position(latitude_deg=latitude, longitude_deg=longitude),
        altitude_amsl_m=altitude_amsl_m,
        hover_s=hover_s,
    )


CENTRAIR = _pad(
    "centrair",
    "中部国際空港セントレア",
    "Chubu Centrair International Airport",
    latitude=34.8584,
    longitude=136.8105,
    elevation=4.0,
)
SPAIN_VILLAGE = _pad(
    "shima-spain-village",
    "志摩スペイン村",
    "Shima Spain Village",
    latitude=34.3408,
    longitude=136.8800,
    elevation=30.0,
)
TOBA_TERMINAL = _pad(
    "toba-marine-terminal",
    "鳥羽マリンターミナル",
    "Toba Marine Terminal",
    latitude=34.4900,
    longitude=136.8449,
    elevation=3.0,
)
MIDORI_PARK = _pad(
    "midori-no-ichirizuka",
    "みどりの一里塚",
    "Midori-no-ichirizuka park",
    latitude=34.3012,
    longitude=136.6905,
    elevation=15.0,
)
SHUKUURA_PORT = _pad(
    "shukuura-port",
    "宿浦漁港",
    "Shukuura fishing port",
    latitude=34.2950,
    longitude=136.6895,
    elevation=2.0,
)
# Centre of Kuzushima (GSHHG: 0.31 km by 0.74 km, 0.17 km2).
KUZUSHIMA = Position(latitude_deg=34.2982, longitude_deg=136.6804)


def _spain_village_centrair() -> Scenario:
    """2021-01-13: a helicopter in place of a flying car, about 60 km one way.

    Route A: out over Ise Bay and round the islands of Toba over the sea, clear
    of every densely inhabited district. 450 m AMSL is above the 150 m that
    Ordinance 174 asks of piloted aircraft over water, and above the 300 m for
    dense areas. The registration mark is made up.
    """
    height = 450.0
    south = (
        _via(34.7600, 136.8500, height),
        _via(34.5750, 136.9250, height),
        _via(34.4900, 136.9750, height),
        _via(34.3700, 136.9300, height),
    )
    helicopter = Aircraft(
        aircraft_id="JA21HD",
        operator_id=MIE_DEMO.operator_id,
        name=Name(ja="実証ヘリコプター", en="Demonstration helicopter"),
        aircraft_class=AircraftClass.HELICOPTER,
    )
    return Scenario(
        scenario_id="spain-village-centrair",
        name=Name(ja="志摩スペイン村⇄セントレア", en="Shima Spain Village and Centrair"),
        operators=(MIE_DEMO,),
        vertiports=(CENTRAIR, SPAIN_VILLAGE),
        sorties=(
            Sortie(
                aircraft=helicopter,
                missions=(
                    Mission(origin=CENTRAIR, destination=SPAIN_VILLAGE, waypoints=south),
                    Mission(origin=SPAIN_VILLAGE, destination=CENTRAIR, waypoints=south[::-1]),
                ),
            ),
        ),
    )


def _toba_island_loop() -> Scenario:
    """2020-01-30: terminal, Sakate port, Toba Seaside Hotel and back, without landing.

    100 m AMSL over the harbour stays below the 150 m ceiling; at the port and
    the hotel (both approximate) the drone comes down to hover.
    """
    height = 100.0
    drone = Aircraft(
        aircraft_id="TOBA-01",
        operator_id=TOBA_TOURISM.operator_id,
        name=Name(ja="鳥羽観光ドローン1号", en="Toba tourism drone 1"),
        aircraft_class=AircraftClass.DRONE,
    )
    return Scenario(
        scenario_id="toba-island-loop",
        name=Name(ja="鳥羽 坂手島めぐり", en="Toba island loop"),
        operators=(TOBA_TOURISM,),
        vertiports=(TOBA_TERMINAL,),
        sorties=(
            Sortie(
                aircraft=drone,
                missions=(
                    Mission(
                        origin=TOBA_TERMINAL,
                        destination=TOBA_TERMINAL,
                        waypoints=(
                            _via(34.4868, 136.8478, height),
                            _via(34.4835, 136.8540, 40.0, hover_s=20.0),
                            _via(34.4816, 136.8600, height),
                            _via(34.4783, 136.8630, 60.0, hover_s=20.0),
                            _via(34.4812, 136.8560, height),
                            _via(34.4845, 136.8478, height),
                        ),
                    ),
                ),
            ),
        ),
    )


def _kuzushima_circuit() -> Scenario:
    """2019-12-17: 700 m to Shukuura port and back, then a 3 km circuit of Kuzushima.

    "About 150 m" is flown at 140 m AMSL over the sea, so that GNSS error
    included it stays under the ceiling.
    """
    height = 140.0
    ring = [
        offset(KUZUSHIMA, east_m=335.0 * math.sin(angle), north_m=575.0 * math.cos(angle))
        for angle in (math.tau * (0.25 + step / 16) for step in range(17))
    ]
    drone = Aircraft(
        aircraft_id="MINAMIISE-01",
        operator_id=MINAMI_ISE.operator_id,
        name=Name(ja="南伊勢大型ドローン", en="Minami-Ise heavy drone"),
        aircraft_class=AircraftClass.DRONE,
    )
    halfway = (_via(34.2981, 136.6900, 60.0),)
    return Scenario(
        scenario_id="kuzushima-circuit",
        name=Name(ja="葛島周回", en="Circuit of Kuzushima"),
        operators=(MINAMI_ISE,),
        vertiports=(MIDORI_PARK, SHUKUURA_PORT),
        sorties=(
            Sortie(
                aircraft=drone,
                missions=(
                    Mission(origin=MIDORI_PARK, destination=SHUKUURA_PORT, waypoints=halfway),
                    Mission(origin=SHUKUURA_PORT, destination=MIDORI_PARK, waypoints=halfway),
                    Mission(
                        origin=MIDORI_PARK,
                        destination=MIDORI_PARK,
                        waypoints=tuple(
                            Waypoint(position=place, altitude_amsl_m=height) for place in ring
                        ),
                    ),
                ),
            ),
        ),
    )


_BUILDERS: tuple[Callable[[], Scenario], ...] = (
    _spain_village_centrair,
    _toba_island_loop,
    _kuzushima_circuit,
)
SCENARIOS: dict[str, Scenario] = {
    scenario.scenario_id: scenario for scenario in (build() for build in _BUILDERS)
}
