"""The committed base map is whole, in its window, and has what the demonstrations need."""

from __future__ import annotations

import json
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from maps.assets import STATIC_FOLDER

FOLDER = STATIC_FOLDER / "basemap"


@pytest.fixture(scope="module")
def layers() -> dict[str, Any]:
    features = json.loads((FOLDER / "mie.geojson").read_text())["features"]
    return {feature["properties"]["kind"]: shape(feature["geometry"]) for feature in features}


def test_every_layer_is_valid(layers: dict[str, Any]) -> None:
    assert set(layers) == {"land", "lake", "river", "border"}
    assert all(shapely.is_valid(layer) for layer in layers.values())


@pytest.mark.parametrize(
    ("name", "lon", "lat"),
    [
        ("Tsu", 136.500, 34.730),
        ("Toshijima", 136.885, 34.522),
        ("Sugashima", 136.892, 34.487),
        ("Centrair", 136.805, 34.858),
        ("Nagoya", 136.906, 35.181),
    ],
)
def test_land_is_where_it_is(layers: dict[str, Any], name: str, lon: float, lat: float) -> None:
    assert layers["land"].contains(shapely.Point(lon, lat)), name


def test_ise_bay_is_sea_and_biwa_is_a_lake(layers: dict[str, Any]) -> None:
    assert not layers["land"].contains(shapely.Point(136.7, 34.75))
    assert layers["lake"].contains(shapely.Point(136.08, 35.3))


def test_every_place_has_both_names_and_lies_on_the_map() -> None:
    for place in json.loads((FOLDER / "places.json").read_text())["places"]:
        assert place["ja"]
        assert place["en"]
        assert 135 < place["lon"] < 139
        assert 33 < place["lat"] < 36
