"""Terrain from a local folder: elevation tiles of the survey authority (GSI) and GeoTIFF.

`FOLDER/dem5a_png/15/x/y.png` and `FOLDER/dem_png/14/x/y.png` (as served under
those names), and `*.tif` anywhere below. Tiles mark sea and unsurveyed land
alike as "no data", so neither is taken for 0 m: add a
`soramichi.domain.terrain.Sea` where the sea is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from soramichi.domain.terrain import FirstOf, Floats, Terrain
from soramichi.errors import BadFile, BadSettings

Integers = NDArray[np.int64]

# Layer -> the zoom level it is served at, finest first: about 4 m and 8 m a pixel in Japan.
TILE_LAYERS = {"dem5a_png": 15, "dem_png": 14}
_TILE = 256
_TILES_KEPT = 256  # 64 MiB
_NO_DATA = 1 << 23
# GeoTIFF tags and the geographic systems that agree with WGS 84 to centimetres.
_PIXEL_SCALE, _TIE_POINT, _GEO_KEYS, _GDAL_NO_DATA = 33550, 33922, 34735, 42113
_RASTER_TYPE, _GEOGRAPHIC_TYPE, _MODEL_TYPE = 1025, 2048, 1024
_DEGREES = {4326, 4612, 6668, 4979, 6667}
_LARGEST_TIFF = 400_000_000  # pixels: 1.6 GB as float32


def folder(path: Path) -> Terrain:
    """Every elevation source in a folder, the finest first.

    Raises `BadSettings` when the folder does not exist, `BadFile` for a GeoTIFF
    that cannot be used. An empty folder knows no place.
    """
    if not path.is_dir():
        raise BadSettings(f"the terrain folder {path} does not exist; name another")
    rasters = sorted((_raster(file) for file in path.rglob("*.tif")), key=lambda r: r.step_deg)
    tiles = [Tiles(path / layer, zoom) for layer, zoom in TILE_LAYERS.items()]
    return FirstOf([*rasters, *(layer for layer in tiles if layer.path.is_dir())])


class Tiles:
    """One layer of 24-bit elevation tiles, in centimetres, Web Mercator."""

    def __init__(self, path: Path, zoom: int) -> None:
        self.path = path
        self.zoom = zoom
        self._tile = lru_cache(_TILES_KEPT)(self._read)

    def surfaces_amsl_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        """Bilinear between pixel centres; the nearest pixel where a neighbour has no data."""
        size = float(_TILE << self.zoom)
        latitude = np.radians(np.clip(latitude_deg, -85.05, 85.05))
        x = (longitude_deg + 180.0) / 360.0 * size
        y = (1.0 - np.arcsinh(np.tan(latitude)) / np.pi) / 2.0 * size
        return _bilinear(x, y, self._pixels)

    def _pixels(self, column: Integers, row: Integers) -> Floats:
        heights = np.full(len(column), np.nan)
        tiles = np.column_stack([column // _TILE, row // _TILE])
        for tile in np.unique(tiles, axis=0):
            content = self._tile(int(tile[0]), int(tile[1]))
            if content is not None:
                here = (tiles == tile).all(axis=1)
                heights[here] = content[row[here] % _TILE, column[here] % _TILE]
        return heights

    def _read(self, x: int, y: int) -> Floats | None:
        path = self.path / str(self.zoom) / str(x) / f"{y}.png"
        if not path.exists():
            return None
        try:
            with Image.open(path) as image:
                rgb = np.asarray(image.convert("RGB"), dtype=np.int64)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise BadFile(str(path), f"this is not an elevation tile ({error})") from None
        if rgb.shape != (_TILE, _TILE, 3):
            raise BadFile(str(path), f"a tile has {_TILE} by {_TILE} pixels")
        value = (rgb[..., 0] << 16) + (rgb[..., 1] << 8) + rgb[..., 2]
        centimetres = np.where(value > _NO_DATA, value - (1 << 24), value)
        return np.where(value == _NO_DATA, np.nan, centimetres / 100.0)


@dataclass(frozen=True, slots=True)
class Raster:
    """A GeoTIFF in degrees; `left` and `top` are the outer corner of its first pixel."""

    left: float
    top: float
    step_deg: float
    step_down_deg: float
    heights: NDArray[np.float32]

    def surfaces_amsl_m(self, longitude_deg: Floats, latitude_deg: Floats) -> Floats:
        """Bilinear between pixel centres; the nearest pixel where a neighbour has no data."""
        x = (longitude_deg - self.left) / self.step_deg
        y = (self.top - latitude_deg) / self.step_down_deg
        return _bilinear(x, y, self._pixels)

    def _pixels(self, column: Integers, row: Integers) -> Floats:
        rows, columns = self.heights.shape
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        values = np.full(len(column), np.nan)
        values[inside] = self.heights[row[inside], column[inside]]
        return values


def _bilinear(x: Floats, y: Floats, pixels: Callable[[Integers, Integers], Floats]) -> Floats:
    """The value at pixel coordinates whose integers are pixel corners."""
    nearest = pixels(np.floor(x).astype(np.int64), np.floor(y).astype(np.int64))
    column, row = np.floor(x - 0.5).astype(np.int64), np.floor(y - 0.5).astype(np.int64)
    dx, dy = x - 0.5 - column, y - 0.5 - row
    north = pixels(column, row) * (1 - dx) + pixels(column + 1, row) * dx
    south = pixels(column, row + 1) * (1 - dx) + pixels(column + 1, row + 1) * dx
    smooth = north * (1 - dy) + south * dy
    return np.where(np.isnan(nearest) | np.isnan(smooth), nearest, smooth)


def _raster(path: Path) -> Raster:
    try:
        with Image.open(path) as image:
            if not isinstance(image, TiffImagePlugin.TiffImageFile):
                raise BadFile(str(path), "this is not a TIFF")
            if image.width * image.height > _LARGEST_TIFF:
                raise BadFile(str(path), "the raster is too large; cut it into pieces")
            return _georeferenced(path, image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadFile(str(path), f"this is not a readable TIFF ({error})") from None


def _georeferenced(path: Path, image: TiffImagePlugin.TiffImageFile) -> Raster:
    tags = image.tag_v2
    scale, tie, keys = (tags.get(tag) for tag in (_PIXEL_SCALE, _TIE_POINT, _GEO_KEYS))
    if not scale or not tie or not keys or scale[0] <= 0.0 or scale[1] <= 0.0:
        raise BadFile(str(path), "it has no georeference", field="GeoTIFF tags")
    entries = {keys[i]: keys[i + 3] for i in range(4, len(keys) - 3, 4)}
    if entries.get(_MODEL_TYPE) != 2 or entries.get(_GEOGRAPHIC_TYPE) not in _DEGREES:
        raise BadFile(
            str(path), "convert it to EPSG:4326 or EPSG:6668 first", field="GeographicTypeGeoKey"
        )
    heights = np.asarray(image, dtype=np.float32)
    if heights.ndim != 2:
        raise BadFile(str(path), "an elevation raster has one band")
    no_data = tags.get(_GDAL_NO_DATA)
    if no_data is not None:
        heights = np.where(heights == np.float32(str(no_data).strip("\x00 ")), np.nan, heights)
    # A tie point of "pixel is point" rasters is the centre of the pixel, else its corner.
    corner = 0.5 if entries.get(_RASTER_TYPE) == 2 else 0.0
    return Raster(
        left=float(tie[3] - (tie[0] + corner) * scale[0]),
        top=float(tie[4] + (tie[1] + corner) * scale[1]),
        step_deg=float(scale[0]),
        step_down_deg=float(scale[1]),
        heights=heights,
    )
