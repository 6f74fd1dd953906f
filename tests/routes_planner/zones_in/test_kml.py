from datetime import UTC, datetime

import pytest
import shapely

from routes_planner.zones_in.reading import read_zones
from routes_planner.zones_in.report import Action, Imported
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.geozone import Activation, ZoneVolume
from soramichi.errors import BadFile

RING = "136,34,{h} 137,34,{h} 137,35,{h} 136,35,{h} 136,34,{h}"


def a_polygon(settings: str = "", *, height: float = 0, inner: str = "") -> str:
    ring = RING.format(h=height)
    return (
        f"<Polygon>{settings}<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates>"
        f"</LinearRing></outerBoundaryIs>{inner}</Polygon>"
    )


def read(body: str, namespace: str = "http://www.opengis.net/kml/2.2") -> Imported:
    return read_zones(
        "zones.kml", f'<?xml version="1.0"?><kml xmlns="{namespace}">{body}</kml>'.encode()
    )


def volume_of(polygon: str) -> ZoneVolume:
    (zone,) = read(f"<Placemark><name>z</name>{polygon}</Placemark>").zones
    (volume,) = zone.volumes
    return volume


@pytest.mark.parametrize(
    "namespace", ["http://www.opengis.net/kml/2.2", "http://earth.google.com/kml/2.1", ""]
)
def test_a_placemark_with_a_polygon_is_a_zone(namespace: str) -> None:
    (zone,) = read(f"<Placemark><name>城</name>{a_polygon()}</Placemark>", namespace).zones

    assert zone.name.ja == "城"
    assert zone.volumes[0].footprint.equals(shapely.box(136, 34, 137, 35))


@pytest.mark.parametrize("settings", ["", "<altitudeMode>clampToGround</altitudeMode>"])
def test_clamped_to_the_ground_its_heights_mean_nothing(settings: str) -> None:
    volume = volume_of(a_polygon(settings, height=120))

    assert (volume.floor, volume.ceiling, volume.unknowns) == (None, None, ())


@pytest.mark.parametrize(
    ("mode", "datum"), [("relativeToGround", Datum.AGL), ("absolute", Datum.AMSL)]
)
def test_extruded_it_reaches_from_the_ground_to_its_height(mode: str, datum: Datum) -> None:
    volume = volume_of(
        a_polygon(f"<extrude>1</extrude><altitudeMode>{mode}</altitudeMode>", height=120)
    )

    assert (volume.floor, volume.ceiling) == (None, Altitude(120.0, datum))


def test_a_polygon_that_hangs_in_the_air_bounds_no_band() -> None:
    volume = volume_of(a_polygon("<altitudeMode>absolute</altitudeMode>", height=120))

    assert (volume.floor, volume.ceiling) == (None, None)
    assert volume.unknowns


def test_an_inner_boundary_is_a_hole() -> None:
    inner = (
        "<innerBoundaryIs><LinearRing><coordinates>136.4,34.4 136.6,34.4 136.6,34.6 136.4,34.6"
        "</coordinates></LinearRing></innerBoundaryIs>"
    )

    assert not volume_of(a_polygon(inner=inner)).footprint.covers(shapely.Point(136.5, 34.5))


def test_extended_data_gives_the_heights_and_a_time_span_the_period() -> None:
    data = "".join(
        f'<Data name="{key}"><value>{value}</value></Data>'
        for key, value in {"ceiling_m": 300, "ceiling_datum": "AMSL"}.items()
    )
    (zone,) = read(
        "<Placemark><TimeSpan><begin>2026-11-23T00:00:00Z</begin></TimeSpan>"
        f"<ExtendedData>{data}</ExtendedData>{a_polygon()}</Placemark>"
    ).zones

    assert zone.volumes[0].ceiling == Altitude(300.0, Datum.AMSL)
    assert zone.activations == (Activation(starts_at=datetime(2026, 11, 23, tzinfo=UTC)),)


def test_every_polygon_of_a_multigeometry_is_a_volume() -> None:
    body = f"<Placemark><MultiGeometry>{a_polygon()}{a_polygon()}</MultiGeometry></Placemark>"

    assert len(read(body).zones[0].volumes) == 2


def test_a_placemark_without_an_area_is_dropped_with_a_reason() -> None:
    result = read(
        f"<Placemark>{a_polygon()}</Placemark>"
        "<Placemark><Point><coordinates>136,34</coordinates></Point></Placemark>"
    )

    assert len(result.zones) == 1
    assert [note.action for note in result.report] == [Action.DROPPED]


@pytest.mark.parametrize("text", ["", "136,34 x,y 137,35", "136 34 137 35", "1,2,3"])
def test_unreadable_coordinates_leave_a_zone_that_could_be_anywhere(text: str) -> None:
    ring = f"<outerBoundaryIs><coordinates>{text}</coordinates></outerBoundaryIs>"

    (zone,) = read(f"<Placemark><Polygon>{ring}</Polygon></Placemark>").zones

    assert zone.volumes == ()
    assert zone.unknowns


def test_entities_are_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "aaaa">]><kml>&a;</kml>'

    with pytest.raises(BadFile):
        read_zones("zones.kml", bomb)


def test_a_file_without_any_polygon_is_refused() -> None:
    with pytest.raises(BadFile):
        read("<Document/>")


@pytest.mark.parametrize("stated", ["300", "unlimited"])
def test_a_stated_ceiling_is_not_narrowed_by_how_the_polygon_is_drawn(stated: str) -> None:
    data = f'<ExtendedData><Data name="ceiling_m"><value>{stated}</value></Data></ExtendedData>'
    drawn = a_polygon("<extrude>1</extrude><altitudeMode>absolute</altitudeMode>", height=9)

    assert volume_of(f"{data}{drawn}").ceiling is None
