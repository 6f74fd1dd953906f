"""A cheap path over rasters: coarse cells first, fine ones beside that, then pulled straight."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from routes_planner import raster
from routes_planner.compiled.any_angle import any_angle, connected
from routes_planner.compiled.lines import Field
from routes_planner.compiled.straightening import pulled, relaxed
from routes_planner.compiled.tables import Flags, Floats, Integers

# How many coarse cells beside a coarse path are looked at, narrowly first.
_HALOS = (2, 6)


def cheapest_path(field: Field, start: Floats, goal: Floats) -> Floats:
    """Places (column, row) of a cheap path between two cells; no rows when there is none."""
    ends = [np.array([c[1], c[0]]).astype(np.int64) for c in (start, goal)]
    for allowed in _where_to_look(field, *ends):
        cells = any_angle(field, allowed, *ends)
        if len(cells):
            path = pulled(field, cells[:, ::-1].astype(np.float64), 80)
            path = pulled(field, path, len(path))
            return np.asarray(relaxed(field, path, 4.0, 40), np.float64)
    return np.empty((0, 2))


def _where_to_look(field: Field, start: Integers, goal: Integers) -> Iterator[Flags]:
    """Cells beside a coarse path, then further beside it, then all of them.

    Nothing more where what is connected says at a glance that there is no path.
    """
    coarse = _coarse_path(field, start, goal)
    if len(coarse):
        for reach in _HALOS:
            yield _beside(coarse, reach, field.weight.shape)
    if connected(field, start, goal):
        yield np.ones(field.weight.shape, np.uint8)


def _coarse_path(field: Field, start: Integers, goal: Integers) -> Integers:
    """The coarse cells of a cheap path; none where there is none."""
    rough = raster.coarse(field)
    for end in (start, goal):
        row, column = end // raster.COARSE
        rough.closed_from[row, column], rough.closed_until[row, column] = np.inf, -np.inf
    whole = np.ones(rough.weight.shape, np.uint8)
    path: Integers = any_angle(rough, whole, start // raster.COARSE, goal // raster.COARSE)
    return path


def _beside(coarse: Integers, reach: int, shape: tuple[int, ...]) -> Flags:
    """The cells within `reach` coarse ones of a coarse path."""
    rows, columns = shape
    near = np.zeros((-(-rows // raster.COARSE), -(-columns // raster.COARSE)), np.uint8)
    for a, b in itertools.pairwise(coarse):
        count = int(np.abs(b - a).max()) + 1
        for row, column in np.rint(np.linspace(a, b, count + 1)).astype(int):
            near[
                max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1
            ] = 1
    fine = near.repeat(raster.COARSE, axis=0).repeat(raster.COARSE, axis=1)
    return np.ascontiguousarray(fine[:rows, :columns])
