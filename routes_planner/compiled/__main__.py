"""`python -m routes_planner.compiled`: compile now what the first question would wait for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from routes_planner import scenes
from routes_planner.check import check_many
from routes_planner.compiled.any_angle import connected
from routes_planner.compiled.tables import Floats
from routes_planner.flown import fly
from routes_planner.hunt import area_around
from routes_planner.overlap import rejected
from routes_planner.raster import open_field
from routes_planner.request import Request
from routes_planner.search import search
from routes_planner.separation import USUAL, conflicts
from routes_planner.surroundings import survey
from routes_planner.vehicle import VEHICLES
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geozone import ZoneVolume
from soramichi.domain.terrain import Sea


def main() -> None:
    """Ask one question of each kind: numba compiles for the types that it meets."""
    around = survey(scenes.zones(500))
    plans = scenes.corridors(3)
    check_many(plans, around)
    rejected(fly(plans), around)
    conflicts(plans[0], plans[0], USUAL)
    _over_ground(plans[0])
    request = Request(
        start=plans[0].waypoints[0],
        goal=plans[0].waypoints[-1],
        cruise=Altitude(150.0, Datum.AMSL),
        aircraft_class=AircraftClass.EVTOL,
        vehicle=VEHICLES[AircraftClass.EVTOL],
        half_width_m=100.0,
    )
    search(request, around, crowding=_nobody)
    # Asked only where no way was found beside the coarse one.
    area = area_around(request, 10_000.0, 0.2)
    connected(open_field(area, request.speed_mps), np.zeros(2, np.int64), np.ones(2, np.int64))


def _over_ground(plan: Corridor) -> None:
    """A line above the sea through a zone that ends above the ground."""
    here = plan.waypoints[0].lonlat
    volume = ZoneVolume(
        footprint=shapely.Point(here).buffer(0.01), ceiling=Altitude(2_000.0, Datum.AGL)
    )
    zone = replace(scenes.zones(1)[0], volumes=(volume,), activations=())
    sea = Sea(shapely.box(-180.0, -90.0, 180.0, 90.0))
    check_many([plan], survey([zone], terrain=sea), with_metrics=False)


def _nobody(longitude_deg: Floats, latitude_deg: Floats) -> Floats:  # noqa: ARG001  # `Crowding`
    return np.zeros(longitude_deg.size)


if __name__ == "__main__":
    main()
