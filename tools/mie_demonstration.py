"""Make the demonstration set for Mie in routes_planner/data: `python -m tools.mie_demonstration`.

Everything is drawn by hand from public facts (where the towns, sites and
islands are) and marked as illustrative; no published boundary was copied. The
limitation surfaces of Chubu are computed from its reference point and runway.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from routes_planner.airport import Airport, Runway, limitation_surfaces
from routes_planner.zones_in import footprint
from routes_planner.zones_in.report import Item
from routes_planner.zones_out import ed318
from soramichi.domain.altitude import Altitude, Datum
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Authority, Geozone, ZoneKind, ZoneType, ZoneVolume
from soramichi.domain.position import Position

DATA = Path(__file__).parents[1] / "routes_planner" / "data"
ISSUED = datetime(2026, 11, 1, tzinfo=UTC)
PROVIDER = Name(
    ja="そらみち（説明用。実際の飛行には公式データを使うこと）",
    en="Soramichi (illustrative; use official data for real flights)",
)
ILLUSTRATIVE = Name(
    ja="公知の位置から手で描いた説明用の範囲です。実際の飛行には公式データを読み込んでください。",
    en="Drawn by hand from public facts, for illustration; load official data for real flights.",
)
PREFECTURE = Authority(name=Name(ja="三重県（説明用）", en="Mie Prefecture (illustrative)"))

# Coarse outlines of built-up areas, longitude and latitude in degrees.
TOWNS: dict[str, tuple[Name, list[tuple[float, float]]]] = {
    "MIE-D01": (
        Name(ja="四日市の市街地", en="built-up area of Yokkaichi"),
        [
            (136.600, 34.985), (136.612, 35.005), (136.640, 35.010), (136.655, 34.990),
            (136.640, 34.962), (136.636, 34.940), (136.618, 34.925), (136.590, 34.935),
            (136.585, 34.960),
        ],
    ),
    "MIE-D02": (
        Name(ja="鈴鹿の市街地", en="built-up area of Suzuka"),
        [
            (136.525, 34.880), (136.545, 34.895), (136.585, 34.893), (136.600, 34.880),
            (136.590, 34.862), (136.550, 34.862),
        ],
    ),
    "MIE-D03": (
        Name(ja="津の市街地", en="built-up area of Tsu"),
        [
            (136.482, 34.735), (136.500, 34.765), (136.520, 34.765), (136.526, 34.735),
            (136.530, 34.705), (136.525, 34.680), (136.505, 34.675), (136.490, 34.700),
        ],
    ),
    "MIE-D04": (
        Name(ja="松阪の市街地", en="built-up area of Matsusaka"),
        [
            (136.505, 34.590), (136.530, 34.600), (136.555, 34.590), (136.550, 34.565),
            (136.525, 34.555), (136.505, 34.568),
        ],
    ),
    "MIE-D05": (
        Name(ja="伊勢の市街地", en="built-up area of Ise"),
        [
            (136.680, 34.500), (136.705, 34.510), (136.735, 34.505), (136.740, 34.485),
            (136.715, 34.475), (136.690, 34.480),
        ],
    ),
    "MIE-D06": (
        Name(ja="鳥羽の市街地", en="built-up area of Toba"),
        [
            (136.834, 34.488), (136.846, 34.490), (136.849, 34.478), (136.840, 34.470),
            (136.830, 34.478),
        ],
    ),
    "MIE-D07": (
        Name(ja="志摩（鵜方）の市街地", en="built-up area of Shima (Ugata)"),
        [
            (136.805, 34.335), (136.825, 34.340), (136.840, 34.330), (136.832, 34.318),
            (136.812, 34.318),
        ],
    ),
}  # fmt: skip

# Sites worth protecting: name, place, radius in metres, what it asks, up to which height.
SITES: dict[str, tuple[Name, tuple[float, float], float, ZoneType, float]] = {
    "MIE-S01": (
        Name(ja="伊勢神宮 外宮", en="Ise Grand Shrine, outer shrine"),
        (136.7028, 34.4872), 800.0, ZoneType.REQ_AUTHORIZATION, 600.0,
    ),
    "MIE-S02": (
        Name(ja="伊勢神宮 内宮", en="Ise Grand Shrine, inner shrine"),
        (136.7258, 34.4550), 1_000.0, ZoneType.REQ_AUTHORIZATION, 600.0,
    ),
    "MIE-S03": (
        Name(ja="三重県庁", en="Mie Prefectural Office"),
        (136.5086, 34.7303), 300.0, ZoneType.CONDITIONAL, 300.0,
    ),
    "MIE-S04": (
        Name(ja="四日市の石油化学コンビナート", en="petrochemical complex of Yokkaichi"),
        (136.6480, 34.9500), 1_200.0, ZoneType.REQ_AUTHORIZATION, 450.0,
    ),
    "MIE-S05": (
        Name(ja="明野駐屯地の飛行場", en="airfield of Camp Akeno"),
        (136.6722, 34.5333), 2_000.0, ZoneType.REQ_AUTHORIZATION, 600.0,
    ),
}  # fmt: skip

# Reference point and elevation as published; the runway lies about its middle, in the direction of
# the island's west shore.
CHUBU = Airport(
    identifier="CHUBU",
    name=Name(ja="中部国際空港", en="Chubu Centrair International Airport"),
    reference=Position(latitude_deg=34.8583, longitude_deg=136.8053),
    elevation_m=3.8,
    runways=(
        Runway(
            middle=Position(latitude_deg=34.8583, longitude_deg=136.8053),
            true_bearing_deg=169.0,
            length_m=3_500.0,
        ),
    ),
    designated=True,
)

# Ise Bay and the sea off Toba and Shima, drawn at least 300 m inside the coast.
SEA = [
    (136.660, 34.930), (136.720, 34.955), (136.765, 34.940), (136.775, 34.880), (136.785, 34.830),
    (136.820, 34.825), (136.825, 34.790), (136.845, 34.740), (136.900, 34.680), (136.950, 34.620),
    (136.955, 34.560), (136.990, 34.520), (137.050, 34.500), (137.050, 34.280), (136.950, 34.270),
    (136.935, 34.350), (136.950, 34.420), (136.945, 34.500), (136.935, 34.535), (136.925, 34.560),
    (136.850, 34.550), (136.780, 34.550), (136.700, 34.570), (136.640, 34.620), (136.560, 34.650),
    (136.545, 34.720), (136.570, 34.780), (136.640, 34.840), (136.660, 34.880),
]  # fmt: skip

SPAIN_VILLAGE, CENTRAIR = (136.8800, 34.3408, 30.0), (136.8105, 34.8584, 4.0)
CRUISE_M = 300.0
ROUTES = {
    "route-a": (
        Name(ja="A案 伊勢湾上", en="Route A, over Ise Bay"),
        [(136.965, 34.365), (136.980, 34.480), (136.935, 34.580), (136.825, 34.750)],
    ),
    "route-b": (
        Name(ja="B案 沿岸（伊勢・松阪・津）", en="Route B, along the coast by Ise, Matsusaka, Tsu"),
        [
            (136.905, 34.385), (136.885, 34.470), (136.800, 34.505), (136.715, 34.490),
            (136.545, 34.575), (136.515, 34.715), (136.620, 34.800), (136.740, 34.840),
        ],
    ),
}  # fmt: skip


def main() -> None:
    """Write the three files."""
    zones = (*_towns(), *_sites(), *limitation_surfaces(CHUBU, step_m=10.0, edge_m=15.0))
    collection = ed318.collection(map(_rounded, zones), provider=PROVIDER, issued=ISSUED)
    _write("mie-zones.json", collection)
    _write("mie-routes.geojson", {"type": "FeatureCollection", "features": list(_routes())})
    sea = {"type": "Polygon", "coordinates": [[*SEA, SEA[0]]]}
    properties = {"name_ja": "伊勢湾と志摩沖の海面", "name_en": "sea of Ise Bay and off Shima"}
    _write("mie-sea.geojson", {"type": "Feature", "properties": properties, "geometry": sea})


def _towns() -> list[Geozone]:
    return [
        Geozone(
            identifier=identifier,
            name=name,
            zone_type=ZoneType.REQ_AUTHORIZATION,
            kind=ZoneKind.DID,
            volumes=(ZoneVolume(footprint=shapely.Polygon(ring)),),
            country="JPN",
            reasons=("POPULATION",),
            authorities=(PREFECTURE,),
            message=ILLUSTRATIVE,
        )
        for identifier, (name, ring) in TOWNS.items()
    ]


def _sites() -> list[Geozone]:
    zones = []
    for identifier, (name, place, radius_m, zone_type, top_m) in SITES.items():
        area = footprint.circle(list(place), radius_m, Item(identifier, []))
        assert area is not None
        zones.append(
            Geozone(
                identifier=identifier,
                name=name,
                zone_type=zone_type,
                volumes=(ZoneVolume(footprint=area, ceiling=Altitude(top_m, Datum.AMSL)),),
                country="JPN",
                reasons=("SENSITIVE",),
                authorities=(PREFECTURE,),
                message=ILLUSTRATIVE,
            )
        )
    return zones


def _rounded(zone: Geozone) -> Geozone:
    """Coordinates to 1e-6 degrees, a decimetre: less than what the circles stand out by."""
    volumes = (
        replace(v, footprint=shapely.transform(v.footprint, lambda xy: np.round(xy, 6)))
        for v in zone.volumes
    )
    return replace(zone, volumes=tuple(volumes))


def _routes() -> list[dict[str, Any]]:
    """The two ways of the demonstration flight of 2021-01-13, as candidates."""
    return [
        {
            "type": "Feature",
            "properties": {
                "name": identifier,
                "title_ja": title.ja,
                "title_en": title.en,
                "aircraft_class": "helicopter",
                "height_datum": "AMSL",
                "speed_mps": 51.0,
                "width_m": 300.0,
                "departs_at": "2026-11-23T10:00:00+09:00",
            },
            "geometry": {
                "type": "LineString",
                "coordinates": [
                    SPAIN_VILLAGE, *((lon, lat, CRUISE_M) for lon, lat in via), CENTRAIR,
                ],
            },
        }
        for identifier, (title, via) in ROUTES.items()
    ]  # fmt: skip


def _write(name: str, document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (DATA / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
