"""Many plausible samples, made inside the database, for measuring the store."""

from __future__ import annotations

from datetime import datetime, timedelta

from soramichi.store import telemetry
from soramichi.store.pool import Connection

# Each aircraft flies its own figure within 40 km of Ise Bay at its own pace, one flight an hour;
# positions have seven decimals and heights one, as receivers give them, with a metre of noise.
_INSERT = """
    INSERT INTO telemetry (
        aircraft_id, time, flight_id, seq, latitude_deg, longitude_deg, altitude_m,
        altitude_datum, ground_speed_mps, track_deg, vertical_speed_mps, battery_pct, status,
        received_at, stored_at)
    SELECT 'GEN' || a, t.at, 'GEN' || a || '.' || t.n / 3600, t.n,
           round((34.6 + 0.3 * sin(phase) * sin(a) + 1e-5 * random())::numeric, 7),
           round((136.8 + 0.4 * cos(phase * (1 + mod(a, 3))) + 1e-5 * random())::numeric, 7),
           round((300 + 200 * sin(phase * 5) + random())::numeric, 1), 'AMSL',
           round((50 + 5 * sin(phase * 7))::numeric, 1),
           round((180 + 179 * sin(phase))::numeric, 1),
           round((2 * cos(phase * 5))::numeric, 1),
           round((100 - 80 * mod(t.n, 3600) / 3600.0)::numeric, 1), 'Airborne',
           t.at + interval '0.2 s', t.at + interval '0.25 s'
      FROM (SELECT n, %(start)s::timestamptz + n * interval '1 s' AS at
              FROM generate_series(%(first)s::int, %(last)s::int) n) t,
           generate_series(1, %(aircraft)s) a, LATERAL (SELECT t.n / (300.0 + a) AS phase) p
     ORDER BY t.n
"""
_SLICE_S = 3_600


def fill(connection: Connection, *, aircraft: int, seconds: int, start: datetime) -> int:
    """Store one sample a second of so many aircraft, in order of time; how many rows.

    Bypasses ingest: no flights, no books, and no marks for the rollups.
    """
    for first in range(0, seconds, _SLICE_S):
        last = min(first + _SLICE_S, seconds) - 1
        ends = [start + timedelta(seconds=second) for second in (first, last)]
        telemetry.ensure_partitions(connection, ends)
        connection.execute(
            _INSERT, {"start": start, "first": first, "last": last, "aircraft": aircraft}
        )
    return aircraft * seconds
