"""`soramichi spatial-ids`: corridors, zones and flown tracks as sets of spatial IDs (空間ID)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from routes_planner.candidates_in.candidate import Stated
from routes_planner.demonstration import demonstration_sea
from routes_planner.spatial_ids import corridor_ids, zone_ids
from routes_planner.zones_in.reading import read_zone_file
from soramichi.commands.candidate_files import candidates, note_lines
from soramichi.commands.flight_heights import heights_m
from soramichi.commands.options import AS_JSON
from soramichi.commands.route_options import DATUM, FILE, Several
from soramichi.domain.altitude import Datum
from soramichi.domain.corridor import Corridor
from soramichi.domain.dem import folder
from soramichi.domain.geozone import Geozone
from soramichi.domain.position import Position
from soramichi.domain.spatial_id import MAX_ZOOM, SpatialId, of_line
from soramichi.domain.terrain import FirstOf, Terrain
from soramichi.errors import BadInput
from soramichi.settings import DatabaseSettings, load
from soramichi.store import pool, records


class Boxed(NamedTuple):
    """One thing and its boxes; `kind` is corridor, zone or flight."""

    kind: str
    name: str
    boxes: frozenset[SpatialId]

    @property
    def ids(self) -> list[str]:
        """As `z/f/x/y`, in the order of their numbers."""
        found = sorted(self.boxes, key=lambda one: (one.f, one.x, one.y))
        return [str(one) for one in found]


@click.command("spatial-ids")
@click.argument("files", nargs=-1, type=FILE)
@click.option("--geozones", cls=Several, type=FILE, metavar="FILE…", help="Zones. 飛行区域")
@click.option(
    "--flight", "flights", multiple=True, metavar="ID", help="A stored flight. 記録済みの飛行"
)
@click.option(
    "--zoom",
    type=click.IntRange(0, MAX_ZOOM),
    default=20,
    show_default=True,
    help="20: boxes of about 32 m. ズームレベル",
)
@click.option(
    "--between",
    default="0,1000",
    show_default=True,
    metavar="M,M",
    help="Zones between these heights above sea level only. 区域の高さの範囲（標高）",
)
@click.option("--width", type=float, metavar="M", help="Whole width in metres. 幅")
@click.option("--height-datum", type=DATUM, help="What heights count from. 高さの基準")
@click.option("--terrain", type=FILE, metavar="FOLDER", help="Elevation tiles or GeoTIFF. 標高")
@AS_JSON
def command(files: tuple[Path, ...], **options: Any) -> None:
    """Name the boxes of corridors, zones, flights (空間ID).

    FILES hold corridors or recorded tracks. Spatial IDs are written z/f/x/y. A corridor's boxes
    are all that it may touch with its width and band; none is missing.
    Each line is a kind, a name and an ID, apart by tabs.

    経路・区域・飛行を空間IDの集合にします。
    """
    if not (files or options["geozones"] or options["flights"]):
        raise BadInput("name files with corridors, --geozones FILE… or --flight ID")
    zoom, width_m, datum = options["zoom"], options["width"], options["height_datum"]
    if width_m is not None and not 0.0 < width_m < float("inf"):
        raise BadInput("--width must be more than 0")
    stated = Stated(width_m=width_m, height_datum=None if datum is None else Datum(datum))
    loaded = [] if options["terrain"] is None else [folder(options["terrain"])]
    ground = FirstOf([*loaded, demonstration_sea()])
    corridors, notes = candidates(files, stated)
    imported = [read_zone_file(path) for path in options["geozones"]]
    zones = [zone for each in imported for zone in each.zones]
    notes += [(each.source, note) for each in imported for note in each.report]
    for line in note_lines(notes):
        click.echo(line, err=True)
    found = [
        *_corridors(corridors, zoom, ground),
        *_zones(zones, _heights(options["between"]), zoom, ground),
        *_flights(options["flights"], zoom),
    ]
    if options["as_json"]:
        sets = [{"kind": one.kind, "name": one.name, "ids": one.ids} for one in found]
        click.echo(json.dumps({"zoom": zoom, "sets": sets}, ensure_ascii=False))
        return
    for one in found:
        for text in one.ids:
            click.echo(f"{one.kind}\t{one.name}\t{text}")
        click.echo(f"{one.kind} {one.name}: {len(one.boxes):,} 個 boxes", err=True)


def _corridors(corridors: Sequence[Corridor], zoom: int, ground: Terrain) -> Iterator[Boxed]:
    for corridor in corridors:
        yield Boxed("corridor", corridor.name, corridor_ids(corridor, zoom, terrain=ground))


def _zones(
    zones: Sequence[Geozone], between_amsl_m: tuple[float, float], zoom: int, ground: Terrain
) -> Iterator[Boxed]:
    for zone in zones:
        boxes = zone_ids(zone, zoom, between_amsl_m=between_amsl_m, terrain=ground)
        yield Boxed("zone", zone.identifier, boxes)


def _flights(flight_ids: Sequence[str], zoom: int) -> Iterator[Boxed]:
    if not flight_ids:
        return
    with pool.connect(load(DatabaseSettings), application="soramichi-spatial-ids") as connection:
        for flight_id in flight_ids:
            samples = records.record(connection, flight_id).samples
            heights = heights_m(samples, Datum.AMSL, kind="spatial IDs")
            places = [
                Position(longitude_deg=one.longitude_deg, latitude_deg=one.latitude_deg)
                for one in samples
            ]
            yield Boxed("flight", flight_id, of_line(list(zip(places, heights, strict=True)), zoom))


def _heights(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low, high = 0.0, float("nan")
    if not low <= high:
        raise BadInput(f"--between {text!r} is not two heights such as 0,150, the lower first")
    return low, high
