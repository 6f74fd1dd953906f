"""The planner's answers as documents, for the server and the command line alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from routes_planner.candidates_in.candidate import TYPICAL, Stated
from routes_planner.candidates_in.reading import read_candidates
from routes_planner.compare import height_profile
from routes_planner.distribute import Task
from routes_planner.hunt import DEGREE_DECIMALS, METRE_DECIMALS
from routes_planner.layers import layers
from routes_planner.planner import Planner
from routes_planner.population import Population, read_population
from routes_planner.request import Found, Request
from routes_planner.rules.ruleset import load
from routes_planner.separation import USUAL, with_conflicts_among
from routes_planner.vehicle import VEHICLES
from routes_planner.verdict import Verdict
from routes_planner.zones_in.report import Note
from routes_planner.zones_in.stored import stored_zone
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geozone import Geozone
from soramichi.domain.japan import day_in_japan
from soramichi.domain.position import Position
from soramichi.errors import BadFile, BadInput, BadSettings

RULES = "japan-2026-11"
# Stored zones, each as the GeoJSON features of its volumes.
Rows = Sequence[Sequence[dict[str, Any]]]
# Cruise heights where nobody says: under a drone's ceiling, over the others' least height.
_CRUISE_AGL_M = {
    AircraftClass.DRONE: 120.0,
    AircraftClass.EVTOL: 450.0,
    AircraftClass.HELICOPTER: 450.0,
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known below: a folder of elevation, and people by mesh. None: not loaded."""

    terrain: Path | None = None
    population: Population | None = None


@cache
def ground(terrain: Path | None, population: Path | None) -> Ground:
    """What these name, read once a process. Raises `BadSettings` for people it cannot read."""
    if population is None:
        return Ground(terrain)
    try:
        return Ground(terrain, read_population(population.name, population.read_bytes()))
    except (OSError, BadFile) as error:
        raise BadSettings(f"the population in {population} cannot be used: {error}") from error


def stored_zones(rows: Rows) -> tuple[Geozone, ...]:
    """The zones of the store, each out of the features of all its volumes: judged whole.

    Raises `BadInput` when there are none: without zones nothing can pass.
    """
    if not rows:
        raise BadInput(
            "no zones are stored; `soramichi geozones import FILE…` brings them in",
            ja="空域が登録されていません。`soramichi geozones import FILE…` で取り込みます",
        )
    return tuple(stored_zone(features) for features in rows)


def check(
    zones: Rows,
    files: Sequence[tuple[str, bytes]],
    stated: Stated,
    known: Ground | None = None,
    *,
    together: bool = False,
) -> dict[str, Any]:
    """Verdicts on the candidates of (name, content) files; see `answer`.

    Candidates nearer to each other than the usual separation have findings that say so:
    cautions, unless they are to fly `together`; `separation` is the usual one. Raises `BadFile`
    for a file that cannot be used.
    """
    planner = planner_for(zones, known)
    read = [read_candidates(name, data, stated=stated) for name, data in files]
    corridors = [corridor for each in read for corridor in each.corridors]
    notes = [(each.source, note) for each in read for note in each.report]
    verdicts = with_conflicts_among(
        planner.check(corridors), corridors, USUAL, together=together, geoid=planner.geoid
    )
    return answer(planner, corridors, verdicts, notes) | {"separation": asdict(USUAL)}


def answer(
    planner: Planner,
    corridors: Sequence[Corridor],
    verdicts: Sequence[Verdict],
    notes: Sequence[tuple[str, Note]],
) -> dict[str, Any]:
    """All that a desk shows, as plain JSON values; what is in the lists stands in one order.

    `verdicts`, the lines judged (`candidates`), their height `profiles`, `layers` to draw, what
    was odd in the files (`notes`), and when it was judged.
    """
    around = [planner.around_for(corridor) for corridor in corridors]
    return {
        "judged_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "verdicts": [verdict.as_json() for verdict in verdicts],
        "candidates": {
            "type": "FeatureCollection",
            "features": [_judged(corridor) for corridor in corridors],
        },
        "profiles": [height_profile(*one) for one in zip(corridors, around, verdicts, strict=True)],
        "layers": [
            layers(corridor, each, planner.population)
            for corridor, each in zip(corridors, around, strict=True)
        ],
        "notes": [
            {
                "file": source,
                "identifier": note.identifier,
                "member": note.field,
                "reason": {"ja": note.reason.ja, "en": note.reason.en},
            }
            for source, note in notes
        ],
    }


def search(  # noqa: PLR0913  # all but the question by name
    zones: Rows,
    start: Sequence[float],
    goal: Sequence[float],
    stated: Stated,
    *,
    height_m: float | None = None,
    known: Ground | None = None,
) -> dict[str, Any]:
    """Corridors that pass between two (longitude, latitude) places. Raises `BadInput`."""
    places = [Position(longitude_deg=place[0], latitude_deg=place[1]) for place in (start, goal)]
    asked = request(stated, *places, height_m=height_m)
    return found_document(planner_for(zones, known).search(asked))


def planner_for(zones: Rows, known: Ground | None = None) -> Planner:
    """Judges by the stored zones and the rules of today in Japan. Raises `BadInput`."""
    known = known or Ground()
    return Task(
        zones=stored_zones(zones),
        today=day_in_japan(datetime.now(UTC)),
        rules=load(RULES),
        terrain=known.terrain,
        population=known.population,
    ).planner()


def _judged(corridor: Corridor) -> dict[str, Any]:
    feature = corridor_feature(corridor)
    datum = feature["properties"].pop("height_datum", None)
    feature["properties"] |= {"candidate": corridor.name, "altitude_datum": datum}
    return feature


def request(  # noqa: PLR0913  # all but three by name
    stated: Stated,
    start: Position,
    goal: Position,
    *,
    height_m: float | None = None,
    from_m: float = 0.0,
    to_m: float = 0.0,
) -> Request:
    """What is searched for; heights in metres above `stated.height_datum`, AGL when not stated.

    Raises `BadInput` without an aircraft class, or for heights above take-off.
    """
    aircraft_class = stated.aircraft_class
    if aircraft_class is None:
        raise BadInput(
            "say what is to fly (aircraft class): drone, evtol or helicopter",
            ja="機体の種類（drone、evtol、helicopter）を指定してください",
        )
    typical = TYPICAL[aircraft_class]
    cruise = Altitude(
        _CRUISE_AGL_M[aircraft_class] if height_m is None else height_m,
        stated.height_datum or Datum.AGL,
    )
    if cruise.datum is Datum.TAKEOFF:
        raise BadInput(
            "a search needs heights above AMSL, AGL or ELLIPSOID, not above take-off",
            ja="探すには、標高・対地高度・楕円体高のどれかで高さを指定してください",
        )
    return Request(
        start=start,
        goal=goal,
        cruise=cruise,
        aircraft_class=aircraft_class,
        vehicle=VEHICLES[aircraft_class],
        half_width_m=0.5 * (stated.width_m or typical.width_m),
        below_m=typical.half_band_m,
        above_m=typical.half_band_m,
        from_m=from_m,
        to_m=to_m,
        departs_at=stated.departs_at,
        ground_speed_mps=stated.ground_speed_mps,
    )


def found_document(found: Found) -> dict[str, Any]:
    """What a search found, as plain JSON values: proposals, or why there is none."""
    none = found.none
    return {
        "proposals": [
            {
                "objective": proposal.objective,
                "cost_m": round(proposal.cost_m, 1),
                "corridor": corridor_feature(proposal.corridor),
                "verdict": proposal.verdict.as_json(),
            }
            for proposal in found.proposals
        ],
        "none": none
        and {
            "reason": {"ja": none.reason.ja, "en": none.reason.en},
            "closed_by": [f.zone.identifier for f in none.closed_by if f.zone is not None],
            "findings": [finding.as_json() for finding in none.closed_by],
        },
    }


def corridor_feature(corridor: Corridor) -> dict[str, Any]:
    """A corridor as a GeoJSON feature that `routes check` reads back."""
    heights = corridor.heights or ()
    coordinates = [
        [round(degrees, DEGREE_DECIMALS) for degrees in where.lonlat]
        + ([round(heights[k].metres, METRE_DECIMALS)] if heights else [])
        for k, where in enumerate(corridor.waypoints)
    ]
    properties = {
        "name": corridor.name,
        "title_ja": corridor.title and corridor.title.ja,
        "title_en": corridor.title and corridor.title.en,
        "aircraft_class": str(corridor.aircraft_class),
        "width_m": 2.0 * corridor.half_width_m,
        "below_m": corridor.below_m,
        "above_m": corridor.above_m,
        "speed_mps": corridor.ground_speed_mps,
        "vertical_speed_mps": corridor.vertical_speed_mps,
        "departs_at": corridor.departs_at and corridor.departs_at.isoformat(),
        "height_datum": heights[0].datum if heights else None,
        "takeoff_amsl_m": corridor.takeoff_amsl_m,
        "timed": None if corridor.timed else False,
    }
    return {
        "type": "Feature",
        "properties": {key: value for key, value in properties.items() if value is not None},
        "geometry": {"type": "LineString", "coordinates": coordinates},
    }
