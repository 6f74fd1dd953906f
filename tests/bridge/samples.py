"""Samples for the bridge: a tenth of a second apart over Ise Bay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

BEGIN = datetime(2021, 1, 13, 1, 30, tzinfo=UTC)


def members(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "time": (BEGIN + timedelta(seconds=number / 10)).isoformat().replace("+00:00", "Z"),
        "latitude_deg": 34.3521,
        "longitude_deg": 136.8712,
        "altitude_m": 312.4,
        "altitude_datum": "AMSL",
    } | changes


def stretch(first: int, end: int, **changes: Any) -> list[tuple[str, dict[str, Any]]]:
    """Samples first..end-1 of the aircraft `JA01`."""
    return [("JA01", members(number, **changes)) for number in range(first, end)]
