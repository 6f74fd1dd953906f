from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image, TiffImagePlugin

from soramichi.domain import dem
from soramichi.domain.position import Position
from soramichi.domain.terrain import FirstOf, NoTerrain, NotLoaded, Sea, Terrain, surface_amsl_m
from soramichi.errors import BadFile, BadSettings

# The tile of zoom 14 whose north-west corner is at 135 E on the equator.
X, Y, ZOOM = 14 * 1024, 8192, 14
PIXEL_DEG = 360.0 / (256 << ZOOM)


def write_tile(folder: Path, values: np.ndarray, *, layer: str = "dem_png", x: int = X) -> None:
    """A tile of 24-bit values, as the survey authority encodes centimetres."""
    path = folder / layer / str(dem.TILE_LAYERS[layer]) / str(x) / f"{Y}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = np.stack([values >> 16, (values >> 8) & 255, values & 255], axis=-1)
    Image.fromarray(rgb.astype(np.uint8)).save(path)


def level(value: int) -> np.ndarray:
    return np.full((256, 256), value, dtype=np.int64)


def at_pixel(column: float, row: float) -> Position:
    """The middle of a pixel of the tile; close to the equator a degree is a degree."""
    return Position(
        latitude_deg=-(row + 0.5) * PIXEL_DEG, longitude_deg=135.0 + (column + 0.5) * PIXEL_DEG
    )


@pytest.mark.parametrize(
    ("value", "metres"),
    [(0, 0.0), (1, 0.01), (12_345, 123.45), ((1 << 24) - 100, -1.0), ((1 << 24) - 1, -0.01)],
)
def test_24_bits_are_centimetres_above_or_below_the_sea(
    tmp_path: Path, value: int, metres: float
) -> None:
    write_tile(tmp_path, level(value))

    assert surface_amsl_m(dem.folder(tmp_path), at_pixel(100, 100)) == pytest.approx(metres)


def test_no_data_in_a_tile_is_not_loaded_rather_than_sea(tmp_path: Path) -> None:
    write_tile(tmp_path, level(1 << 23))

    found = surface_amsl_m(dem.folder(tmp_path), at_pixel(100, 100))

    assert isinstance(found, NotLoaded)
    assert "135." in found.reason.en
    assert found.reason.ja


def test_a_missing_tile_is_not_loaded(tmp_path: Path) -> None:
    write_tile(tmp_path, level(100))

    assert isinstance(surface_amsl_m(dem.folder(tmp_path), at_pixel(300, 100)), NotLoaded)


def test_an_empty_folder_knows_no_place_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    assert isinstance(surface_amsl_m(dem.folder(tmp_path), at_pixel(0, 0)), NotLoaded)
    with pytest.raises(BadSettings):
        dem.folder(tmp_path / "none")


def test_the_right_pixel_is_found(tmp_path: Path) -> None:
    values = np.arange(256 * 256, dtype=np.int64).reshape(256, 256)
    write_tile(tmp_path, values)
    terrain = dem.folder(tmp_path)

    for column, row in ((0, 0), (255, 0), (17, 203)):
        assert surface_amsl_m(terrain, at_pixel(column, row)) == pytest.approx(
            values[row, column] / 100.0, abs=0.02
        )


def test_between_pixels_the_ground_slopes_evenly_also_across_tiles(tmp_path: Path) -> None:
    write_tile(tmp_path, level(1000))
    write_tile(tmp_path, level(3000), x=X + 1)
    terrain = dem.folder(tmp_path)

    assert surface_amsl_m(terrain, at_pixel(255.5, 100)) == pytest.approx(20.0, abs=0.01)
    assert surface_amsl_m(terrain, at_pixel(255.25, 100)) == pytest.approx(15.0, abs=0.01)


def test_beside_a_hole_the_nearest_pixel_answers(tmp_path: Path) -> None:
    values = level(1000)
    values[:, 101] = 1 << 23
    write_tile(tmp_path, values)

    assert surface_amsl_m(dem.folder(tmp_path), at_pixel(100.3, 50)) == pytest.approx(10.0)


def test_the_finer_layer_answers_first_and_the_coarser_where_it_has_no_data(
    tmp_path: Path,
) -> None:
    write_tile(tmp_path, level(1000))
    fine = level(2000)
    fine[128:] = 1 << 23
    path = tmp_path / "dem5a_png" / "15" / str(2 * X) / f"{2 * Y}.png"
    path.parent.mkdir(parents=True)
    rgb = np.stack([fine >> 16, (fine >> 8) & 255, fine & 255], axis=-1)
    Image.fromarray(rgb.astype(np.uint8)).save(path)
    terrain = dem.folder(tmp_path)

    assert surface_amsl_m(terrain, at_pixel(20, 20)) == pytest.approx(20.0)
    assert surface_amsl_m(terrain, at_pixel(20, 100)) == pytest.approx(10.0)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n1234"])
def test_a_broken_tile_is_named(tmp_path: Path, content: bytes) -> None:
    write_tile(tmp_path, level(0))
    (path,) = tmp_path.rglob("*.png")
    path.write_bytes(content)

    with pytest.raises(BadFile, match=r"8192\.png"):
        surface_amsl_m(dem.folder(tmp_path), at_pixel(10, 10))


def write_geotiff(path: Path, values: np.ndarray, *, epsg: int = 6668, point: int = 1) -> None:
    """One-degree pixels whose upper left corner (or centre) is at 136 E 36 N."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[33550] = (1.0, 1.0, 0.0)
    tags[33922] = (0.0, 0.0, 0.0, 136.0, 36.0, 0.0)
    tags[34735] = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, point, 2048, 0, 1, epsg)
    for tag, kind in ((33550, 12), (33922, 12), (34735, 3), (42113, 2)):
        tags.tagtype[tag] = kind
    tags[42113] = "-9999"
    Image.fromarray(values.astype(np.float32)).save(path, tiffinfo=tags)


VALUES = np.array([[10.0, 20.0], [30.0, -9999.0]])


def place(lat: float, lon: float) -> Position:
    return Position(latitude_deg=lat, longitude_deg=lon)


def test_a_geotiff_is_placed_by_its_tags(tmp_path: Path) -> None:
    write_geotiff(tmp_path / "a.tif", VALUES)
    terrain = dem.folder(tmp_path)

    assert surface_amsl_m(terrain, place(35.5, 136.5)) == pytest.approx(10.0)
    assert surface_amsl_m(terrain, place(34.5, 136.5)) == pytest.approx(30.0)
    assert isinstance(surface_amsl_m(terrain, place(34.4, 137.6)), NotLoaded)
    assert isinstance(surface_amsl_m(terrain, place(33.0, 136.5)), NotLoaded)


def test_pixel_is_point_moves_a_geotiff_by_half_a_pixel(tmp_path: Path) -> None:
    write_geotiff(tmp_path / "a.tif", VALUES, point=2)

    assert surface_amsl_m(dem.folder(tmp_path), place(36.0, 136.0)) == pytest.approx(10.0)


def test_a_geotiff_in_other_coordinates_is_refused(tmp_path: Path) -> None:
    write_geotiff(tmp_path / "a.tif", VALUES, epsg=4301)

    with pytest.raises(BadFile, match=r"a\.tif"):
        dem.folder(tmp_path)


def test_a_picture_without_a_georeference_is_refused(tmp_path: Path) -> None:
    Image.fromarray(VALUES.astype(np.float32)).save(tmp_path / "a.tif")

    with pytest.raises(BadFile):
        dem.folder(tmp_path)


def test_over_known_sea_the_surface_is_zero_and_that_is_not_the_same_as_not_loaded() -> None:
    terrain: Terrain = FirstOf([NoTerrain(), Sea(shapely.box(136.6, 34.6, 136.9, 34.9))])

    assert surface_amsl_m(terrain, place(34.7, 136.8)) == 0.0
    assert isinstance(surface_amsl_m(terrain, place(34.7, 136.5)), NotLoaded)


def test_land_in_a_tile_is_not_washed_away_by_the_sea(tmp_path: Path) -> None:
    write_tile(tmp_path, level(1000))
    terrain = FirstOf([dem.folder(tmp_path), Sea(shapely.box(134.9, -1, 136, 1))])

    assert surface_amsl_m(terrain, at_pixel(10, 10)) == pytest.approx(10.0)
    assert surface_amsl_m(terrain, at_pixel(1000, 10)) == 0.0


def test_no_places_have_no_heights() -> None:
    assert len(FirstOf([NoTerrain()]).surfaces_amsl_m(np.array([]), np.array([]))) == 0
