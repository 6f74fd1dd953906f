"""Rings and points of any source as arrays of longitude and latitude, or the reason why not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from routes_planner.zones_in.report import Item

Ring = NDArray[np.float64]


def points_of(values: Any, item: Item, field: str) -> Ring | None:
    """[lon, lat] pairs of degrees, (n, 2); None, with the reason in `item`, for anything else."""
    try:
        # numpy takes true for 1 degree: a zone would lie somewhere else and say nothing.
        no_place = [np.nan, np.nan]
        points = np.array(
            [no_place if any(n is True or n is False for n in p[:2]) else p[:2] for p in values],
            dtype=np.float64,
        )
    except (TypeError, ValueError, KeyError, IndexError, OverflowError):
        points = np.empty((0, 0))
    if points.ndim != 2 or points.shape[1:] != (2,) or not np.isfinite(points).all():
        item.unknown(
            field,
            "座標が [経度, 緯度] の並びではありません",
            "coordinates are not [lon, lat] pairs",
        )
        return None
    if np.abs(points[:, 1]).max() > 90.0 or np.abs(points[:, 0]).max() > 540.0:
        lon, lat = points[np.argmax(np.abs(points[:, 1]))]
        item.unknown(
            field,
            f"座標 ({lon}, {lat}) は範囲外です（経度と緯度が逆かもしれません）",
            f"coordinates ({lon}, {lat}) are out of range; longitude comes first",
        )
        return None
    return points


def ring_of(values: Any, item: Item, field: str) -> Ring | None:
    """A closed ring with continuous longitudes, of at least three different points."""
    points = points_of(values, item, field)
    if points is None:
        return None
    if len(np.unique(points, axis=0)) < 3:
        item.unknown(field, "輪郭の点が3つ未満です", "a ring needs three different points")
        return None
    if (points[0] != points[-1]).any():
        points = np.vstack([points, points[:1]])
    return _continuous(points, item, field)


def _continuous(points: Ring, item: Item, field: str) -> Ring:
    """A ring that jumps from one side of the antimeridian to the other runs on past 180°."""
    lon = points[:, 0]
    steps = np.diff(lon)
    far = np.abs(lon) > 90.0
    # An edge from exactly -180 to 180 runs along the whole world, as drawn.
    jumps = (np.abs(steps) > 180.0) & (np.abs(steps) < 360.0) & far[:-1] & far[1:]
    if not jumps.any():
        return points
    steps = np.where(jumps, steps - 360.0 * np.sign(steps), steps)
    unwrapped = np.concatenate([lon[:1], lon[0] + np.cumsum(steps)])
    ring = np.column_stack([unwrapped, points[:, 1]])
    if abs(unwrapped[-1] - unwrapped[0]) > 1e-9:
        item.unknown(field, "輪郭が極を囲んでいます", "the ring runs around a pole")
        return points
    ring[-1] = ring[0]
    item.noted(
        field,
        "180度経線をまたぐため、そこで分けました",
        "it crosses the antimeridian and was cut there",
    )
    return ring


def signed_area(ring: Ring) -> float:
    """Square degrees that a closed ring turns around: positive counter-clockwise."""
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2.0)
