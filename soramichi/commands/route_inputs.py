"""What the options of the `routes` commands stand for: zones, a task, times and places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from routes_planner.candidates_in.candidate import Stated
from routes_planner.desk import stored_zones
from routes_planner.distribute import Task
from routes_planner.population import read_population
from routes_planner.rules.ruleset import load
from routes_planner.separation import Separation
from routes_planner.zones_in.reading import read_zone_file
from routes_planner.zones_in.report import Note
from soramichi.domain.altitude import Datum
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geozone import Geozone
from soramichi.domain.japan import day_in_japan
from soramichi.domain.position import Position
from soramichi.errors import BadFile, BadInput, Unavailable
from soramichi.settings import DatabaseSettings
from soramichi.settings import load as load_settings
from soramichi.store import geozones, pool


@dataclass(frozen=True, slots=True)
class Asked:
    """The options, read: what is judged against, and how."""

    task: Task
    stated: Stated
    notes: tuple[tuple[str, Note], ...]


def read(options: dict[str, Any]) -> Asked:
    """The shared options as values. Raises `BadInput`, `BadFile`, `Unavailable`."""
    imported = [read_zone_file(path) for path in options["geozones"]]
    zones = tuple(zone for each in imported for zone in each.zones)
    if not imported:
        zones = _stored()
    given, people = options["aircraft_class"], options["population"]
    datum = options["height_datum"]
    for name in ("speed", "width"):
        if options[name] is not None and not 0.0 < options[name] < float("inf"):
            raise BadInput(f"--{name} must be more than 0")
    task = Task(
        zones=zones,
        today=day_in_japan(datetime.now(UTC)),
        rules=None if options["rules"] == "none" else load(options["rules"]),
        terrain=options["terrain"],
        population=None if people is None else read_population(people.name, contents(people)),
    )
    stated = Stated(
        aircraft_class=None if given is None else AircraftClass(given),
        departs_at=moment(options["depart"]),
        ground_speed_mps=options["speed"],
        width_m=options["width"],
        height_datum=None if datum is None else Datum(datum),
    )
    notes = tuple((each.source, note) for each in imported for note in each.report)
    return Asked(task, stated, notes)


def _stored() -> tuple[Geozone, ...]:
    """The zones of the database. Raises `Unavailable`, or `BadInput` when it has none."""
    try:
        with pool.connect(load_settings(DatabaseSettings), application="soramichi-routes") as found:
            return stored_zones(geozones.zones(found))
    except Unavailable as error:
        raise Unavailable(f"name the zones in force with --geozones FILE…, or: {error}") from error


def contents(path: Path) -> bytes:
    """The bytes of a file. Raises `BadFile`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error.strerror}") from None


def moment(text: str | None) -> datetime | None:
    """A time with its zone; None stays None. Raises `BadInput`."""
    if text is None:
        return None
    wanted = f"--depart {text!r} is no time with a zone, such as 2026-11-23T10:00+09:00"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(wanted) from None
    if at.tzinfo is None:
        raise BadInput(wanted)
    return at


def separation(text: str) -> Separation:
    """`H,V,T` as metres, metres and seconds. Raises `BadInput`."""
    try:
        horizontal, vertical, time = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(f"--separation {text!r} is not three numbers such as 50,20,60") from None
    return Separation(horizontal_m=horizontal, vertical_m=vertical, time_s=time)


def place(text: str) -> Position:
    """`LON,LAT` in degrees. Raises `BadInput`."""
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(f"{text!r} is no LON,LAT such as 136.8053,34.8583") from None
    return Position(latitude_deg=lat, longitude_deg=lon)
