"""A stored flight as GeoParquet 1.1: columns that GIS tools and data frames read at once."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import shapely
from pyproj import CRS

from soramichi.commands.flight_heights import heights_m
from soramichi.domain.altitude import Datum
from soramichi.errors import DatumMismatch
from soramichi.store.records import Record
from soramichi.store.rows import SAMPLE_COLUMNS

_WORDS = ("altitude_datum", "status")


def as_parquet(record: Record) -> bytes:
    """One sample a row under the names of the wire, and its place as `geometry`.

    `altitude_m` is as sent, its datum beside it in `altitude_datum`. Where all heights are known
    above the ellipsoid the places are points in CRS84h, else flat in CRS84; the file's metadata
    says which under `soramichi`.
    """
    # A quarter of a second, for this one format.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    places, described = _places(record)
    types = {"time": pa.timestamp("us", tz="UTC"), "seq": pa.int64()}
    types |= {name: pa.dictionary(pa.int8(), pa.string()) for name in _WORDS}
    columns = {
        name: pa.array(
            [getattr(one, name) for one in record.samples], types.get(name, pa.float64())
        )
        for name in SAMPLE_COLUMNS
    }
    columns["geometry"] = pa.array(
        shapely.to_wkb(shapely.points(places), flavor="iso"), pa.binary()
    )
    table = pa.table(columns).replace_schema_metadata(
        {name: json.dumps(value, ensure_ascii=False) for name, value in described.items()}
    )
    out = io.BytesIO()
    parquet.write_table(table, out, compression="zstd")
    return out.getvalue()


def _places(record: Record) -> tuple[Any, dict[str, Any]]:
    """Longitude, latitude and, if known, height of each sample; the metadata that says so."""
    samples = record.samples
    places = np.array([one.position.lonlat for one in samples])
    try:
        heights = heights_m(samples, Datum.ELLIPSOID, kind="GeoParquet")
    except DatumMismatch:  # they stand in a column of their own, with their datum
        crs, kind, height_datum = "OGC:CRS84", "Point", None
    else:
        places = np.column_stack([places, heights])
        crs, kind, height_datum = "OGC:CRS84h", "Point Z", Datum.ELLIPSOID.value
    geometry = {
        "encoding": "WKB",
        "geometry_types": [kind],
        "crs": CRS(crs).to_json_dict(),
        "bbox": [*places.min(axis=0).tolist(), *places.max(axis=0).tolist()],
    }
    return places, {
        "geo": {
            "version": "1.1.0",
            "primary_column": "geometry",
            "columns": {"geometry": geometry},
        },
        "soramichi": {
            "flight": record.flight.flight_id,
            "aircraft": record.flight.aircraft_id,
            "altitude_m": "above the altitude_datum of the same row",
            "geometry_height_datum": height_datum,
        },
    }
