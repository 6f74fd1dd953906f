"""Broken files of every format: an answer or a clear refusal, never a traceback.

`MUTATIONS=100000` in the environment runs the long form.
"""

import copy
import itertools
import json
import os
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from routes_planner.check import check
from routes_planner.surroundings import survey
from routes_planner.verdict import Answer
from routes_planner.zones_in.reading import FORMATS, read_zones
from routes_planner.zones_in.report import Action, Imported
from soramichi.domain.activation import active_intervals
from soramichi.domain.position import Position
from soramichi.errors import BadFile
from tests.routes_planner.builders import Slope, a_corridor, amsl

MUTATIONS = int(os.environ.get("MUTATIONS", "3000"))
RING = [[136.0, 34.0], [137.0, 34.0], [137.0, 35.0], [136.0, 35.0], [136.0, 34.0]]
HOLE = [[136.4, 34.4], [136.6, 34.4], [136.6, 34.6], [136.4, 34.6], [136.4, 34.4]]
POLYGON = {"type": "Polygon", "coordinates": [RING, HOLE]}
PERIOD = {
    "permanent": "NO",
    "startDateTime": "2026-01-01T00:00:00Z",
    "endDateTime": "2027-01-01T00:00:00Z",
    "schedule": [
        {"day": ["MON", "SUN"], "startTime": "08:00:00Z", "endTime": "07:00:00Z"},
        {"day": ["ANY"], "startEvent": "SR", "endEvent": "SS"},
    ],
}
LAYER = {"lower": 0, "lowerReference": "AGL", "upper": 150, "upperReference": "AMSL", "uom": "ft"}


def _features(geometry: Any, **properties: Any) -> dict[str, Any]:
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    return {"type": "FeatureCollection", "features": [feature, copy.deepcopy(feature)]}


CORPUS: dict[str, Any] = {
    "ed269": {
        "UASZoneList": [
            {
                "identifier": "Z1",
                "country": "JPN",
                "restriction": "PROHIBITED",
                "applicability": [PERIOD],
                "zoneAuthority": [{"name": "JCAB"}],
                "geometry": [
                    {
                        "uomDimensions": "FT",
                        "lowerLimit": "0",
                        "lowerVerticalReference": "AGL",
                        "upperLimit": 400,
                        "upperVerticalReference": "AMSL",
                        "horizontalProjection": projection,
                    }
                    for projection in (
                        POLYGON,
                        {"type": "Circle", "center": [136.5, 34.5], "radius": 900},
                    )
                ],
            }
        ]
    },
    "ed318": _features(
        {
            "type": "GeometryCollection",
            "geometries": [
                POLYGON | {"layer": LAYER},
                {
                    "type": "Point",
                    "coordinates": [179.999, 34.5],
                    "extent": {"subType": "Circle", "radius": 900},
                    "layer": LAYER,
                },
            ],
        },
        identifier="ABC1234",
        country="JPN",
        name=[{"text": "a", "lang": "en-GB"}],
        type="PROHIBITED",
        variant="COMMON",
        limitedApplicability=[PERIOD],
        zoneAuthority=[{"purpose": "AUTHORIZATION"}],
        extendedProperties={"soramichi": {"kind": "red", "containment": "keep-out"}},
    )
    | {"metadata": {"validFrom": "2026-01-01T00:00:00Z"}},
    "geojson": _features(
        {"type": "MultiPolygon", "coordinates": [[RING, HOLE], [[[1, 1], [2, 1], [2, 2]]]]},
        floor_m=10,
        floor_datum="AGL",
        ceiling_m=100,
        ceiling_datum="WGS84",
        starts_at="2026-01-01T00:00:00Z",
    ),
    "dips": {
        "totalCount": 2,
        "flightProhibitedAreaInfo": [
            {
                "flightProhibitedAreaId": str(index),
                "name": "区域",
                "range": area,
                "flightProhibitedAreaTypeId": 5,
                "startTime": "20241218 1200",
                "finishTime": "99991231 2359",
            }
            for index, area in enumerate(
                (
                    {"type": "Polygon", "coordinates": RING[:-1]},
                    {"type": "Circle", "center": [136.5, 34.5], "radius": 500},
                )
            )
        ],
    },
    "did-ksj": _features(POLYGON, A16_001="2420101", A16_003="津市", A16_004=1),
    "did-estat": _features(POLYGON, KEN="24", CITY="201", CITYNAME="津市", CLASS=1),
    "airports": _features(None, C28_000="#1", C28_001="24201", C28_005="津空港"),
    "qgc": {
        "fileType": "Plan",
        "geoFence": {
            "polygons": [{"inclusion": True, "polygon": [[34, 136], [34, 137], [35, 137]]}],
            "circles": [{"inclusion": False, "circle": {"center": [34, 136], "radius": 9}}],
        },
    },
}
KML = """<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Placemark id="p"><name>城</name><TimeSpan><begin>2026-01-01T00:00:00Z</begin></TimeSpan>
<ExtendedData><Data name="ceiling_m"><value>300</value></Data></ExtendedData>
<Polygon><extrude>1</extrude><altitudeMode>absolute</altitudeMode><outerBoundaryIs><LinearRing>
<coordinates>136,34,9 137,34,9 137,35,9 136,34,9</coordinates></LinearRing></outerBoundaryIs>
</Polygon></Placemark></Document></kml>"""
JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, -99999, 99999, 181.0, 10**30, "", "x", "99999", "NaN", "\x00"),
    *(
        [],
        {},
        [[]],
        [None],
        {"type": "Polygon"},
        [[0, 0], [0, 0]],
        "Polygon",
        "2026-02-30",
        "24:00Z",
    ),
)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _mutated(document: Any, rng: random.Random) -> bytes:
    """The document with one to three members replaced, removed or doubled, or bytes changed."""
    if isinstance(document, str) or rng.random() < 0.2:
        text = document if isinstance(document, str) else json.dumps(document)
        data = bytearray(text.encode())
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(data))
            data[at : at + rng.randint(0, 4)] = rng.randbytes(rng.randint(0, 3))
        return bytes(data)
    broken = copy.deepcopy(document)
    for _ in range(rng.randint(1, 3)):
        places = list(_places(broken))
        if not places:
            break
        node, key = rng.choice(places)
        what = rng.random()
        if what < 0.7:
            node[key] = copy.deepcopy(rng.choice(JUNK))
        elif what < 0.85:
            del node[key]
        elif isinstance(node, list):
            node.insert(key, copy.deepcopy(node[key]))
    return json.dumps(broken).encode()


def _check(result: Imported) -> None:
    """What a judge relies on, whatever the file was."""
    span = (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))
    assert len({zone.identifier for zone in result.zones}) == len(result.zones)
    for zone in result.zones:
        assert zone.volumes or zone.unknowns, "a zone without a place must be unknown"
        active_intervals(zone, *span)
        for volume in zone.volumes:
            assert volume.footprint.is_valid
            assert volume.footprint.area > 0.0
            west, south, east, north = volume.footprint.bounds
            assert -180.0 <= west <= east <= 180.0
            assert -90.0 <= south <= north <= 90.0
    for note in result.report:
        assert note.reason.ja
        assert note.reason.en


@pytest.mark.parametrize("name", FORMATS)
def test_a_broken_file_is_answered_or_refused_and_no_feature_vanishes(name: str) -> None:
    rng = random.Random(f"{name} {MUTATIONS}")
    document = CORPUS.get(name, KML)
    for _ in range(MUTATIONS // len(FORMATS)):
        data = _mutated(document, rng)
        try:
            result = read_zones("broken", data)
        except BadFile:
            continue
        _check(result)
        dropped = sum(note.action is Action.DROPPED for note in result.report)
        assert result.zones or dropped or b"[]" in data or name == "dips"


# What no member of any format can mean, wherever it stands.
_MEANINGLESS: tuple[Any, ...] = (True, "", "x", "\x00", {}, [[]], [None], "2026-02-30", "NaN")


def _with_one_meaningless_member(document: Any) -> Iterator[bytes]:
    """Every member of the document in turn replaced by everything meaningless."""
    if isinstance(document, str):
        for text in re.finditer(">[^<]+<", document):
            for junk in ("", "x", "2026-02-30", "NaN"):
                yield f"{document[: text.start()]}>{junk}<{document[text.end() :]}".encode()
        return
    for nth in range(len(list(_places(document)))):
        for junk in _MEANINGLESS:
            broken = copy.deepcopy(document)
            node, key = next(itertools.islice(_places(broken), nth, None))
            node[key] = copy.deepcopy(junk)
            yield json.dumps(broken).encode()


def _with_one_feature(document: Any) -> Any:
    """The same with the first of its features only: the second would hide what the first loses."""
    alone = copy.deepcopy(document)
    for features in {"features", "flightProhibitedAreaInfo"} & set(alone):
        del alone[features][1:]
    return alone | {"totalCount": 1} if "totalCount" in alone else alone


# An airport's corpus has no place, and is unknown whatever is broken.
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "airports"])
def test_a_broken_member_never_lets_a_corridor_through_its_zone_pass(name: str) -> None:
    document = _with_one_feature(CORPUS.get(name, KML))
    # Into everything that the corpus encloses, low, on the morning of a Monday; short, because
    # the ground under its whole width is looked at.
    through = a_corridor(
        waypoints=tuple(
            Position(latitude_deg=lat, longitude_deg=lon)
            for lon, lat in ((135.98, 33.98), (136.03, 34.01), (136.08, 34.03))
        ),
        heights=(amsl(20.0),) * 3,
        half_width_m=100.0,
        departs_at=datetime(2026, 11, 23, 0, tzinfo=UTC),
    )
    text = document if isinstance(document, str) else json.dumps(document)
    whole = read_zones("whole", text.encode()).zones
    assert check(through, survey(whole, terrain=Slope(0.0))).answer is not Answer.PASS
    for data in _with_one_meaningless_member(document):
        try:
            zones = read_zones("broken", data).zones
        except BadFile:
            continue
        verdict = check(through, survey(zones, terrain=Slope(0.0)))
        assert verdict.answer is not Answer.PASS, data


@pytest.mark.parametrize("name", FORMATS)
def test_the_unbroken_file_is_read_without_doubt(name: str) -> None:
    document = CORPUS.get(name, KML)
    data = document if isinstance(document, str) else json.dumps(document)

    result = read_zones("whole", data.encode())

    assert result.zone_format == name
    _check(result)


def test_ten_thousand_zones_are_read_in_seconds() -> None:
    polygon = {"type": "Polygon", "coordinates": [RING]}
    features = [{"type": "Feature", "geometry": polygon, "properties": {}} for _ in range(10_000)]
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    started = datetime.now(UTC)

    result = read_zones("many", data)

    assert len(result.zones) == 10_000
    assert datetime.now(UTC) - started < timedelta(seconds=20)
