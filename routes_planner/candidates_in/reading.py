"""Candidates of a file in any of the formats, recognised by what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from routes_planner.candidates_in import geojson, gpx, kml, plan, table
from routes_planner.candidates_in.candidate import Line, Stated, corridor
from routes_planner.zones_in import geojson as zones_geojson
from routes_planner.zones_in import qgc
from routes_planner.zones_in.document import is_xml, json_document, local_name, xml_document
from routes_planner.zones_in.report import Item, Note
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import Name
from soramichi.errors import BadFile

FORMATS = (geojson.FORMAT, kml.FORMAT, gpx.FORMAT, table.FORMAT, plan.FORMAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The corridors of one file, each with a name of its own, and what was irregular in it."""

    source: str
    candidate_format: str
    corridors: tuple[Corridor, ...]
    report: tuple[Note, ...]


def read_candidates(source: str, data: bytes, *, stated: Stated | None = None) -> Candidates:
    """Every candidate in `data`; `stated` goes before what the file says.

    Raises `BadFile`, naming file, member and reason, for a line that cannot be
    read as it stands and when there is no line at all.
    """
    if not data.strip():
        raise BadFile(source, "the file is empty", ja="ファイルが空です")
    notes: list[Note] = []
    candidate_format, lines = _lines(source, data, notes)
    if not lines:
        raise BadFile(
            source,
            "it holds no line to check (LineString, route, track or waypoints)",
            ja="調べる線（LineString、ルート、トラック、通過点）がありません",
        )
    corridors = tuple(
        _titled_apart(
            corridor(line, stated or Stated(), source, Item(line.name, notes))
            for line in _told_apart(lines)
        )
    )
    return Candidates(
        source=source, candidate_format=candidate_format, corridors=corridors, report=tuple(notes)
    )


def read_candidate_file(path: Path, *, stated: Stated | None = None) -> Candidates:
    """`read_candidates` of a file on disk."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadFile(
            str(path),
            f"cannot be read: {error.strerror}",
            ja=f"読み込めません（{error.strerror}）",
        ) from None
    return read_candidates(path.name, data, stated=stated)


def _lines(source: str, data: bytes, notes: list[Note]) -> tuple[str, list[Line]]:
    if is_xml(data):
        root = xml_document(source, data)
        if local_name(root) == "gpx":
            return gpx.FORMAT, gpx.lines(source, root)
        return kml.FORMAT, kml.lines(source, root, notes)
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return table.FORMAT, table.lines(source, data)
    document = json_document(source, data)
    if qgc.recognises(document):
        return plan.FORMAT, plan.lines(source, document, Item("plan", notes))
    if zones_geojson.recognises(document):
        return geojson.FORMAT, geojson.lines(source, document, notes)
    raise BadFile(
        source,
        "this JSON is neither GeoJSON nor a QGroundControl plan",
        ja="この JSON は GeoJSON でも QGroundControl のプランでもありません",
    )


def _told_apart(lines: list[Line]) -> Iterator[Line]:
    """Lines under equal names are numbered, in the order of the file."""
    taken: set[str] = set()
    for line in lines:
        name, count = line.name, 1
        while name in taken:
            count += 1
            name = f"{line.name}#{count}"
        taken.add(name)
        yield replace(line, name=name)


def _titled_apart(corridors: Iterable[Corridor]) -> Iterator[Corridor]:
    """Equal titles, such as those of the parts of one line, are numbered as well."""
    taken: Counter[Name] = Counter()
    for one in corridors:
        if one.title is None:
            yield one
            continue
        taken[one.title] += 1
        number = taken[one.title]
        title = Name(ja=f"{one.title.ja} {number}", en=f"{one.title.en} {number}")
        yield one if number == 1 else replace(one, title=title)
