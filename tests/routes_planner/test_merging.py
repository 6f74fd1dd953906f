from dataclasses import replace
from datetime import timedelta

import pytest
import shapely

from routes_planner.merging import line_between, merged
from routes_planner.verdict import Finding, HeightOverlap, Metrics, Severity, Verdict, ZoneReference
from soramichi.domain.altitude import Datum
from soramichi.domain.flight import AircraftClass, Name
from soramichi.domain.geodesy import distance_m
from soramichi.domain.geozone import Geozone, ZoneType, ZoneVolume
from soramichi.domain.position import Position
from tests.routes_planner.builders import NOON, a_corridor

ZONE = Geozone(
    identifier="Z",
    name=Name(ja="区域", en="zone"),
    zone_type=ZoneType.PROHIBITED,
    volumes=(ZoneVolume(footprint=shapely.box(136, 34, 137, 35)),),
    source="file",
)
ROUTE = a_corridor((0.0, 0.0), (0.0, 3_000.0), (2_000.0, 3_000.0))


def a_finding(from_m: float, to_m: float, **changes: object) -> Finding:
    finding = Finding(
        kind="geozone",
        severity=Severity.FAIL,
        from_m=from_m,
        to_m=to_m,
        message=Name(ja="", en=f"{from_m}"),
        zone=ZoneReference(identifier="Z", name=ZONE.name, source="file"),
        height_overlap=HeightOverlap(from_m=from_m, to_m=to_m, datum=Datum.AMSL),
        time_overlap=(NOON + timedelta(seconds=from_m), NOON + timedelta(seconds=to_m)),
    )
    return replace(finding, **changes)  # type: ignore[arg-type]


def told(*findings: Finding) -> tuple[Finding, ...]:
    verdict = Verdict(
        candidate="r",
        aircraft_class=AircraftClass.DRONE,
        departs_at=NOON,
        rules=None,
        findings=findings,
        metrics=Metrics(length_m=5_000.0, duration_s=100.0),
    )
    return merged(verdict, ROUTE, [ZONE]).findings


def test_touching_and_overlapping_stretches_of_one_zone_are_one_finding() -> None:
    (finding,) = told(a_finding(100, 200), a_finding(200, 300), a_finding(250, 400))

    assert (finding.from_m, finding.to_m) == (100.0, 400.0)
    assert finding.height_overlap == HeightOverlap(from_m=100, to_m=400, datum=Datum.AMSL)
    assert finding.time_overlap == (NOON + timedelta(seconds=100), NOON + timedelta(seconds=400))
    assert "0.10 to 0.40" in finding.message.en
    assert finding.geometry is not None


def test_a_stretch_between_keeps_findings_apart() -> None:
    assert len(told(a_finding(100, 200), a_finding(205, 300))) == 2


def test_a_long_stretch_over_a_short_one_still_touches_the_next() -> None:
    assert len(told(a_finding(100, 900), a_finding(200, 300), a_finding(850, 950))) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": Severity.CAUTION},
        {"kind": "rule"},
        {"zone": ZoneReference(identifier="Y", name=ZONE.name, source="file")},
        {"zone": None},
    ],
)
def test_what_differs_in_kind_stays_apart(changes: dict[str, object]) -> None:
    assert len(told(a_finding(100, 200), a_finding(150, 300, **changes))) == 2


def test_unknown_findings_join_for_one_reason_only() -> None:
    unknown = {"severity": Severity.UNKNOWN, "message": Name(ja="", en="no terrain")}
    other = unknown | {"message": Name(ja="", en="no geoid")}

    (first, second) = told(
        a_finding(1, 2, **unknown), a_finding(2, 3, **unknown), a_finding(2, 3, **other)
    )

    assert (first.to_m, first.message.en, second.message.en) == (3.0, "no terrain", "no geoid")


def test_bands_of_different_datums_have_no_hull() -> None:
    agl = HeightOverlap(from_m=0, to_m=9, datum=Datum.AGL)

    (finding,) = told(a_finding(1, 2), a_finding(2, 3, height_overlap=agl))

    assert finding.height_overlap is None


def test_an_unlimited_band_stays_unlimited() -> None:
    up = HeightOverlap(from_m=5, to_m=None, datum=Datum.AMSL)

    (finding,) = told(a_finding(1, 2), a_finding(2, 3, height_overlap=up))

    assert finding.height_overlap == HeightOverlap(from_m=1, to_m=None, datum=Datum.AMSL)


def test_the_line_between_two_distances_goes_round_the_corner() -> None:
    line = line_between(ROUTE, 2_500.0, 3_500.0)

    places = [Position(longitude_deg=x, latitude_deg=y) for x, y in line.coords]
    assert distance_m(ROUTE.waypoints[1], places[0]) == pytest.approx(500.0, abs=0.01)
    assert distance_m(ROUTE.waypoints[1], places[-1]) == pytest.approx(500.0, abs=0.01)
    assert min(distance_m(ROUTE.waypoints[1], place) for place in places) < 0.01
